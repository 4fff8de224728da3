export * from './event';
export * from './identity';
export * from './parse-event';
export * from './revised-key';
export * from './same-content';
export * from './time-rule';
