export * from './dimensions';
export * from './work-tree';
