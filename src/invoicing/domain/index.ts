export * from './adjust-period';
export * from './draft-invoice';
export * from './invoice-number';
export * from './invoice-state';
export * from './rate-segments';
export * from './usage-ledger';
