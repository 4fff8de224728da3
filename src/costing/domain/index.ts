export * from './event-cost';
export * from './model-price';
export * from './name-match';
export * from './price-book';
export { type Quantity, quantityText, quantityToDecimal } from './quantity';
export * from './usage-units';
