import { Module } from '@nestjs/common';
import { CatalogModule } from '../catalog';
import { CustomersModule } from '../customers';
import { ChargeUsageService } from './charge-usage.service';
import { MeterFiller } from './meter-filler';
import { UsageController } from './usage.controller';
import { UsageQueryController } from './usage-query.controller';
import { UsageQueryService } from './usage-query.service';
import { UsageService } from './usage.service';

@Module({
  imports: [CatalogModule, CustomersModule],
  controllers: [UsageController, UsageQueryController],
  providers: [ChargeUsageService, MeterFiller, UsageQueryService, UsageService],
  exports: [ChargeUsageService, MeterFiller, UsageQueryService, UsageService],
})
export class MeteringModule {}
