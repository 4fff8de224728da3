export * from './accounts';
export * from './posting';
export * from './trial-balance';
