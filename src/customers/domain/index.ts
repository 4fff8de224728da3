export * from './moves';
export * from './segments';
