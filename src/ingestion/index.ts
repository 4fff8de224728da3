export { eventsOperation } from './events.openapi';
export { EventsRoute } from './events.route';
export { IngestionModule } from './ingestion.module';
