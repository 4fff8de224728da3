export * from './domain';
export { StoredEventResponse, toEventResponse } from './event-response';
export { EventSchema } from './event.schema';
export { EventsModule } from './events.module';
export { EVENT_STATES, type EventState, findListed, type ListedEvent } from './persistence/listed-events';
export {
  eventCopy,
  EventRows,
  type CostStatus,
  type EventToStore,
  isDuplicateKey,
  type StoredCost,
} from './persistence/event-writer';
export {
  type EndKind,
  type EventEnd,
  findEnds,
  findLaterCosts,
  insertCosts,
  insertEnd,
  insertRevision,
  type LaterCost,
  type RecordedChange,
} from './persistence/corrections';
export {
  type EventPosition,
  type EventRange,
  findByCustomer,
  findByKeys,
  findByType,
  findEffective,
  findInRange,
  findOncePending,
  type StoredEvent,
} from './persistence/stored-events';
export { findToFill, type PageToFill, type PositionByCustomer } from './persistence/events-to-fill';
export { type CustomerStretch, eachInStretches } from './persistence/events-in-stretches';
export { hasEvents } from './persistence/has-events';
