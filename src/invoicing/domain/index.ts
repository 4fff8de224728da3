export * from './draft-invoice';
export * from './rate-segments';
