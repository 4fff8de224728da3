export * from './domain-events';
export * from './logging';
export * from './startup-error';
export * from './platform.module';
