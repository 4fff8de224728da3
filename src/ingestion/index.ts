export {
  ChangesModule,
  type InvoiceLookup,
  PendingCostsService,
  RecostingsService,
  type TouchedInvoice,
  TouchedInvoices,
  type TouchedMoment,
} from './changes';
export { eventsOperation } from './events.openapi';
export { EventsRoute } from './events.route';
export { OpenMeterRoute } from './openmeter.route';
export { IngestionModule } from './ingestion.module';
export { tracesOperation } from './otlp/traces.openapi';
export { TracesRoute } from './otlp/traces.route';
