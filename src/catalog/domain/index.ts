export * from './charge';
export * from './charge-problems';
export * from './meter';
export * from './meter-problems';
export * from './plan';
