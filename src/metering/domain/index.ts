export * from './changed-usage';
export * from './compile-meter';
export * from './every-customer';
export * from './measure';
export * from './quantity-of';
export * from './scalar-text';
export * from './usage-sums';
