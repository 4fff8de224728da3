import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog';
import { CustomersModule } from '../customers';
import { MeterFiller } from './meter-filler';
import { UsageController } from './usage.controller';
import { UsageService } from './usage.service';

@Module({
  imports: [CatalogModule, CustomersModule],
  controllers: [UsageController],
  providers: [MeterFiller, UsageService],
  exports: [MeterFiller, UsageService],
})
export class MeteringModule {}
