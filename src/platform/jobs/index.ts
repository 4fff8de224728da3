export * from './in-process-jobs';
export * from './jobs';
export * from './queued-jobs';
