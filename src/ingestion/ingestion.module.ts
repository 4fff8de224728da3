import { Module } from '@nestjs/common';
import { AccessModule } from '../access';
import { CostingModule } from '../costing';
import { CustomersModule } from '../customers';
import { ProblemFilter } from '../platform/http';
import { EventsRoute } from './events.route';
import { IngestionService } from './ingestion.service';

@Module({
  imports: [AccessModule, CostingModule, CustomersModule],
  providers: [EventsRoute, IngestionService, ProblemFilter],
  exports: [EventsRoute],
})
export class IngestionModule {}
