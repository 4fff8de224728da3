export * from './clock';
export * from './errors';
export * from './ids';
export * from './money';
export * from './period';
export * from './rfc3339';
export * from './scaled';
