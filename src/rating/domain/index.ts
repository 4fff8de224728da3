export * from './negative-quantity-error';
export * from './rate-charge';
export * from './rated-charge';
export * from './round-line';
