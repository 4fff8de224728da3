export * from './api-key';
export * from './billing-details';
export * from './errors';
export * from './tenant';
