import { Module } from '@nestjs/common';
import { AccessModule } from '../access';
import { CostingModule } from '../costing';
import { CustomersModule } from '../customers';
import { EntitlementsModule } from '../entitlements';
import { ProblemFilter } from '../platform/http';
import { TouchedInvoices } from './changes/touched-invoices';
import { ClosedPeriods } from './closed-periods';
import { EventsRoute } from './events.route';
import { EventLines, PATIENCE, STREAM_PATIENCE } from './http/event-lines';
import { IngestionService } from './ingestion.service';
import { OpenMeterRoute } from './openmeter.route';
import { TracesRoute } from './otlp/traces.route';

@Module({
  imports: [AccessModule, CostingModule, CustomersModule, EntitlementsModule],
  providers: [
    ClosedPeriods,
    EventLines,
    EventsRoute,
    IngestionService,
    OpenMeterRoute,
    ProblemFilter,
    { provide: STREAM_PATIENCE, useValue: PATIENCE },
    TouchedInvoices,
    TracesRoute,
  ],
  exports: [EventsRoute, IngestionService, OpenMeterRoute, TouchedInvoices, TracesRoute],
})
export class IngestionModule {}
