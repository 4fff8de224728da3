export * from './calibration';
export * from './outlook';
export * from './size-hold';
