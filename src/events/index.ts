export * from './domain';
export { EventSchema } from './event.schema';
export { EventsModule } from './events.module';
export {
  eventCopy,
  EventRows,
  type CostStatus,
  type EventToStore,
  isDuplicateKey,
  type StoredCost,
} from './persistence/event-writer';
export { findByCustomer, findByKeys, findByType, type StoredEvent } from './persistence/stored-events';
