import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { holderOf } from '../../src/platform/database/embedded-lock';
import { startEmbeddedPostgres } from '../../src/platform/database/embedded-postgres';
import { stopLeftover } from '../../src/platform/database/embedded-leftover';
import { dropDatabasesOf, RUN_VARIABLE, SERVER_VARIABLE } from './test-server';

const FOLDER_PREFIX = 'weir-test-';
const LEFT_AFTER_MS = 60_000;

declare global {
  /** How global-teardown.ts, which jest loads apart from this file, undoes what was done here. */
  var stopTestServer: (() => Promise<void>) | undefined;
}

/**
 * Gives a test run its PostgreSQL: one embedded server for all workers, or the one that `WEIR_TEST_DATABASE_URL` names
 * (its user must be allowed to make databases and roles).
 */
export default async function globalSetup(): Promise<void> {
  const run = `weir_test_${randomBytes(4).toString('hex')}`;
  process.env[RUN_VARIABLE] = run;

  const outside = process.env.WEIR_TEST_DATABASE_URL;
  if (outside !== undefined && outside !== '') {
    process.env[SERVER_VARIABLE] = outside;
    // A Weir that a test starts would refuse it as an unknown setting.
    delete process.env.WEIR_TEST_DATABASE_URL;
    globalThis.stopTestServer = () => dropDatabasesOf(outside, run);
    return;
  }

  await removeLeftovers();
  const directory = await mkdtemp(join(tmpdir(), FOLDER_PREFIX));
  const postgres = await startEmbeddedPostgres({
    directory,
    fastButUnsafe: true,
    settings: { max_connections: '200' },
  });
  process.env[SERVER_VARIABLE] = postgres.url;
  globalThis.stopTestServer = async () => {
    await postgres.stop();
    await rm(directory, { recursive: true, force: true });
  };
}

/** A run that was killed could not clear up after itself, so the next one does. A young folder may be just about to be locked. */
async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(FOLDER_PREFIX)) continue;
    const directory = join(tmpdir(), name);
    try {
      const { mtimeMs } = await stat(directory);
      if (Date.now() - mtimeMs < LEFT_AFTER_MS || (await holderOf(directory)) !== null) continue;
      await stopLeftover(join(directory, 'postgres'), () => undefined);
      await rm(directory, { recursive: true, force: true });
    } catch {
      // Another user's, or being removed by another run: not ours to worry about.
    }
  }
}
