import { Module } from '@nestjs/common';
import { AccessModule } from '../access';
import { CostingModule } from '../costing';
import { CustomersModule } from '../customers';
import { ProblemFilter } from '../platform/http';
import { EventsRoute } from './events.route';
import { EventLines } from './http/event-lines';
import { IngestionService } from './ingestion.service';
import { TracesRoute } from './otlp/traces.route';

@Module({
  imports: [AccessModule, CostingModule, CustomersModule],
  providers: [EventLines, EventsRoute, IngestionService, ProblemFilter, TracesRoute],
  exports: [EventsRoute, IngestionService, TracesRoute],
})
export class IngestionModule {}
