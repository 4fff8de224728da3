export * from './binary-cloud-event';
export * from './cloud-event';
export * from './line-results';
export * from './line-splitter';
export * from './receipt';
export * from './refused-whole';
