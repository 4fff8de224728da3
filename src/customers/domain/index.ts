export * from './anchor';
export * from './make-room';
export * from './moves';
export * from './segments';
