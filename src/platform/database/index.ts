export * from './binary-rows';
export * from './columns';
export * from './database';
export { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres';
export * from './ingest-lock';
export * from './migrate';
