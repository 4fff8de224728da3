import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog';
import { CustomersModule } from '../customers';
import { MeterFiller } from './meter-filler';
import { UsageController } from './usage.controller';
import { UsageQueryController } from './usage-query.controller';
import { UsageQueryService } from './usage-query.service';
import { UsageService } from './usage.service';

@Module({
  imports: [CatalogModule, CustomersModule],
  controllers: [UsageController, UsageQueryController],
  providers: [MeterFiller, UsageQueryService, UsageService],
  exports: [MeterFiller, UsageService],
})
export class MeteringModule {}
