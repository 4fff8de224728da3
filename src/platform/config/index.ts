export * from './durations';
export * from './settings';
export * from './settings-table';
