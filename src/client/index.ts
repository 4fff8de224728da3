export * from './client';
export * from './flags';
export * from './program-error';
export * from './progress';
export * from './signals';
export * from './text-table';
