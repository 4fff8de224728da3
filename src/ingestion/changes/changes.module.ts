import { Module } from '@nestjs/common';
import { CatalogModule } from '../../catalog';
import { CostingModule } from '../../costing';
import { MeteringModule } from '../../metering';
import { IngestionModule } from '../ingestion.module';
import { CorrectionsController } from './corrections.controller';
import { CorrectionsService } from './corrections.service';
import { CurrentBooks } from './current-books';
import { EventHistoryController } from './event-history.controller';
import { EventHistoryService } from './event-history.service';
import { UsageEffects } from './usage-effects';

/** What is changed about events that are stored: voids, amendments, and costs that are found out later. */
@Module({
  imports: [CatalogModule, CostingModule, IngestionModule, MeteringModule],
  controllers: [CorrectionsController, EventHistoryController],
  providers: [CorrectionsService, CurrentBooks, EventHistoryService, UsageEffects],
})
export class ChangesModule {}
