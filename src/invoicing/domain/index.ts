export * from './draft-invoice';
export * from './invoice-number';
export * from './invoice-state';
export * from './rate-segments';
