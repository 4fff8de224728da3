export * from './compile-meter';
export * from './quantity-of';
export * from './usage-sums';
