export * from './compile-meter';
export * from './usage-sums';
