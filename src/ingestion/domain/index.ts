export * from './binary-cloud-event';
export * from './cloud-event';
export * from './receipt';
export * from './refused-whole';
