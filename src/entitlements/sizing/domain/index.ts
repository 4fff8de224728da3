export * from './calibration';
export * from './outlook';
export * from './size-amounts';
export * from './size-hold';
