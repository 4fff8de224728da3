import 'reflect-metadata';
import { rename, writeFile } from 'node:fs/promises';
import { SystemClock } from './kernel';
import { createLogger, type Logger, StartupError } from './platform';
import { readSettings, type Settings } from './platform/config';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './platform/database';
import { type Server, startServer } from './server';

/** Starts Weir, says where it is, and stops it cleanly when told to. */
async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const logger = createLogger(settings.WEIR_LOG_LEVEL);
  const stopAsked = whenStopAsked();

  const postgres = settings.DATABASE_URL === undefined ? await startPostgres(settings, logger) : null;
  try {
    const databaseUrl = settings.DATABASE_URL ?? postgres!.url;
    const server = await startServer({ settings, databaseUrl, clock: new SystemClock(), logger });
    await announce(server, settings);

    const reason = await Promise.race([
      stopAsked,
      ...(postgres === null ? [] : [postgres.exited.then(() => 'postgres ended' as const)]),
    ]);
    await server.stop();
    if (reason === 'postgres ended')
      throw new StartupError('The embedded PostgreSQL ended by itself: see postgres.log in the data folder.');
  } finally {
    await postgres?.stop();
  }
}

function startPostgres(settings: Settings, logger: Logger): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({ directory: settings.WEIR_DATA_DIR, onLog: (line) => logger.info(line) });
}

/** Resolves at the first SIGTERM or SIGINT. A second one, from someone who won't wait, ends the process at once. */
function whenStopAsked(): Promise<'asked'> {
  return new Promise((resolve) => {
    let asked = false;
    const onSignal = (): void => {
      if (asked) process.exit(130);
      asked = true;
      resolve('asked');
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}

async function announce({ url, firstOrganisation }: Server, settings: Settings): Promise<void> {
  const lines = [`Weir is ready at ${url}`, `API reference: ${url}/reference`];
  if (firstOrganisation !== null) {
    lines.push(`API key of "${firstOrganisation.name}", shown this once: ${firstOrganisation.apiKey}`);
  }
  process.stdout.write(`${lines.join('\n')}\n`);

  if (settings.WEIR_READY_FILE !== undefined) {
    const ready = { url, ...(firstOrganisation === null ? {} : { apiKey: firstOrganisation.apiKey }) };
    // Written aside and renamed, so that whoever waits for the file never reads half of it. The key is for its owner only.
    await writeFile(`${settings.WEIR_READY_FILE}.tmp`, `${JSON.stringify(ready)}\n`, { mode: 0o600 });
    await rename(`${settings.WEIR_READY_FILE}.tmp`, settings.WEIR_READY_FILE);
  }
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(
      `${error instanceof StartupError ? `weir: ${error.message}` : `weir: ${String((error as Error).stack ?? error)}`}\n`,
    );
    process.exit(1);
  },
);
