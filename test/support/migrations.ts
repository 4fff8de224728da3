import { DataSource } from 'typeorm';
import { MIGRATIONS } from '../../migrations';
import { createTestDatabase, type TestDatabase } from './postgres';

/** Runs the first so many migrations that haven't run yet, and then the work, which may undo some. */
export type Migrated = <T>(count: number, work: (source: DataSource) => Promise<T>) => Promise<T>;

/** Gives each test of a file an empty database of its own, to be brought from one migration to another. */
export function useMigrations(): Migrated {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createTestDatabase({ migrated: false });
  });
  afterEach(() => database.drop());

  return async (count, work) => {
    const source = new DataSource({
      type: 'postgres',
      url: database.url,
      migrations: MIGRATIONS.slice(0, count),
      migrationsTableName: 'migration',
      migrationsTransactionMode: 'each',
    });
    await source.initialize();
    try {
      await source.runMigrations();
      return await work(source);
    } finally {
      await source.destroy();
    }
  };
}
