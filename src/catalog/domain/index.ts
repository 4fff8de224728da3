export * from './charge';
export * from './charge-problems';
export * from './filter-test';
export * from './meter';
export * from './meter-definition';
export * from './meter-problems';
export * from './plan';
