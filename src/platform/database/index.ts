export * from './binary-rows';
export * from './columns';
export * from './copy-and-commit';
export * from './database';
export { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres';
export * from './ingest-lock';
export * from './migrate';
export * from './pipeline';
export * from './queryable';
