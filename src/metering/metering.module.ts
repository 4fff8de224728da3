import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog';
import { CustomersModule } from '../customers';
import { UsageController } from './usage.controller';
import { UsageService } from './usage.service';

@Module({
  imports: [CatalogModule, CustomersModule],
  controllers: [UsageController],
  providers: [UsageService],
  exports: [UsageService],
})
export class MeteringModule {}
