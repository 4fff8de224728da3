export * from './applicable-rates';
export * from './tax-category';
export * from './tax-invoice';
export * from './tax-rate';
export * from './tax-request';
export * from './tax-status';
