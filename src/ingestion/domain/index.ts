export * from './receipt';
export * from './refused-whole';
