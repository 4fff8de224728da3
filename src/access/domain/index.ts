export * from './api-key';
export * from './errors';
export * from './tenant';
