export * from './model';
export * from './negative-quantity-error';
export * from './rate-charge';
export * from './rate-plan';
export * from './rated-charge';
export * from './rated-plan';
export * from './round-line';
export type * from './usage';
