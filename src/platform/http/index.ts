export * from './cursor';
export * from './idempotency.interceptor';
export * from './json';
export * from './problem';
export * from './problem.filter';
export * from './public';
export * from './schemas';
export * from './validation.pipe';
