import { Module } from '@nestjs/common';
import { CatalogModule } from '../../catalog';
import { CostingModule } from '../../costing';
import { CustomersModule } from '../../customers';
import { EntitlementsModule } from '../../entitlements';
import { MeteringModule } from '../../metering';
import { IngestionModule } from '../ingestion.module';
import { CorrectionsController } from './corrections.controller';
import { CorrectionsService } from './corrections.service';
import { CurrentBooks } from './current-books';
import { EntitlementChanges } from './entitlement-changes';
import { EventHistoryController } from './event-history.controller';
import { EventHistoryService } from './event-history.service';
import { PendingCostsController } from './pending-costs.controller';
import { PendingCostsService } from './pending-costs.service';
import { PendingReportService } from './pending-report.service';
import { RecostingsController } from './recostings.controller';
import { RecostingsService } from './recostings.service';
import { UsageEffects } from './usage-effects';

/** What is changed about events that are stored: voids, amendments, and costs that are found out later. */
@Module({
  imports: [CatalogModule, CostingModule, CustomersModule, EntitlementsModule, IngestionModule, MeteringModule],
  controllers: [CorrectionsController, EventHistoryController, PendingCostsController, RecostingsController],
  providers: [
    CorrectionsService,
    CurrentBooks,
    EntitlementChanges,
    EventHistoryService,
    PendingCostsService,
    PendingReportService,
    RecostingsService,
    UsageEffects,
  ],
  exports: [PendingCostsService, RecostingsService],
})
export class ChangesModule {}
