import { randomUUID } from 'node:crypto';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type NewOrganisation, OrganisationsService } from './access';
import { AppModule, ENTITIES } from './app.module';
import { PriceBooksService } from './costing';
import { EventsRoute, OpenMeterRoute, PendingCostsService, RecostingsService, TracesRoute } from './ingestion';
import { CapFiller, CountingService, DriftCheck, HoldsRoute, HoldsService } from './entitlements';
import { PeriodCloser, TopUpsService } from './invoicing';
import type { Clock } from './kernel';
import { forgetLoopStatesJob } from './loops';
import { foldUsageJob, MeterFiller } from './metering';
import { type Logger, NestLogger, StartupError } from './platform';
import type { Settings } from './platform/config';
import { Database, migrate } from './platform/database';
import {
  answerClientError,
  forgetAnswersJob,
  parseJsonBytes,
  ProblemFilter,
  refuseUnreadable,
  takeCsv,
  trackConnections,
} from './platform/http';
import { SimulationsService } from './simulations';
import { CreditExpiry } from './wallet';
import { serveReference } from './reference';
import { InProcessJobs, type Jobs, QueuedJobs } from './platform/jobs';

export interface ServerOptions {
  readonly settings: Settings;
  readonly databaseUrl: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A running server. */
export interface Server {
  /** Address of the API, such as `http://127.0.0.1:8787`. */
  readonly url: string;
  /** Made by this start, because the database had none; its key is not to be had again. */
  readonly firstOrganisation: NewOrganisation | null;
  /** Takes no more requests, answers those under way, finishes running jobs, and lets go of the database. */
  stop(): Promise<void>;
}

/**
 * Brings the database to the current schema and serves the API. Any number of processes may do so on one database.
 *
 * @throws StartupError with one line that says what is wrong and what to do
 */
export async function startServer({ settings, databaseUrl, clock, logger }: ServerOptions): Promise<Server> {
  await migrate(databaseUrl, (line) => logger.info(line));
  const database = await Database.connect({
    url: databaseUrl,
    entities: ENTITIES,
    poolSize: settings.WEIR_DATABASE_POOL,
  });
  try {
    return await serve({ settings, databaseUrl, clock, logger }, database);
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function serve({ settings, clock, logger }: ServerOptions, database: Database): Promise<Server> {
  const adapter = new FastifyAdapter({
    bodyLimit: settings.WEIR_BODY_LIMIT,
    genReqId: () => randomUUID(),
    // Connections that keep quiet must not keep a stop waiting.
    forceCloseConnections: 'idle',
    // As Node has it without Fastify: whoever sends slower than this would keep a stop waiting, too.
    requestTimeout: 300_000,
    clientErrorHandler: answerClientError,
    // The longest id of an event, 255 characters of up to twelve in percent-encoding.
    routerOptions: { maxParamLength: 3_060 },
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) =>
      new ProblemFilter(logger).answer(error, request, reply),
  });
  adapter.getInstance().removeContentTypeParser('text/plain');
  refuseUnreadable(adapter.getInstance());
  takeCsv(adapter.getInstance());
  const app = await NestFactory.create<NestFastifyApplication>(
    AppModule.with({ settings, database, clock, logger }),
    adapter,
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- Nest's options are written as a literal everywhere
    {
      logger: new NestLogger(logger),
      bodyParser: false,
      abortOnError: false,
    },
  );
  app.useBodyParser('application/json', { bodyLimit: settings.WEIR_BODY_LIMIT }, (_request, body, done) => {
    try {
      // A POST that needs no body may come with an empty one, whatever its content type says.
      done(null, body.length === 0 ? undefined : parseJsonBytes(body));
    } catch (error) {
      done(error as Error);
    }
  });

  const closeConnections = trackConnections(adapter.getInstance().server);
  await app.get(PriceBooksService).start();
  await app.get(EventsRoute).register(adapter.getInstance());
  await app.get(OpenMeterRoute).register(adapter.getInstance());
  await app.get(TracesRoute).register(adapter.getInstance());
  await app.get(HoldsRoute).register(adapter.getInstance());
  serveReference(app);

  const jobs = await jobsFor(settings, database, logger);
  await listen(app, settings, jobs);
  // Its key is told only once, so it is made when nothing can stop this start any more.
  const firstOrganisation = await app.get(OrganisationsService).createFirst(settings.WEIR_ORGANISATION);
  jobs.start(foldUsageJob(database.owner));
  jobs.start(app.get(MeterFiller).job());
  jobs.start(app.get(CountingService).job());
  jobs.start(app.get(CapFiller).job());
  jobs.start(app.get(DriftCheck).job());
  jobs.start(app.get(HoldsService).expiryJob());
  jobs.start(app.get(PendingCostsService).job());
  jobs.start(app.get(RecostingsService).job());
  jobs.start(app.get(PeriodCloser).job());
  jobs.start(app.get(PeriodCloser).askedJob());
  jobs.start(app.get(CreditExpiry).job());
  jobs.start(app.get(TopUpsService).job());
  jobs.start(app.get(SimulationsService).job());
  jobs.start(forgetLoopStatesJob(database.owner, clock));
  jobs.start(forgetAnswersJob(database.owner, clock, settings.WEIR_IDEMPOTENCY_KEPT));

  return {
    url: addressOf(app, settings),
    firstOrganisation,
    stop: async () => {
      const closed = app.close();
      closeConnections();
      await Promise.all([closed, jobs.drain()]);
      await database.close();
    },
  };
}

/** Redis where there is one, timers of this process where there is none. */
async function jobsFor(settings: Settings, database: Database, logger: Logger): Promise<Jobs> {
  if (settings.REDIS_URL === undefined) return new InProcessJobs(database.owner, logger);
  return QueuedJobs.connect(settings.REDIS_URL, database.owner, logger);
}

async function listen(app: NestFastifyApplication, settings: Settings, jobs: Jobs): Promise<void> {
  const { WEIR_HOST: host, WEIR_PORT: port } = settings;
  try {
    await app.init();
    // Not through Nest, which would log a failure that we tell in one line.
    await app.getHttpAdapter().getInstance().listen({ port, host });
  } catch (error) {
    await Promise.all([app.close(), jobs.drain()]);
    const { code } = error as { code?: string };
    if (code === 'EADDRINUSE') {
      throw new StartupError(
        `Port ${port} on ${host} is taken: stop what listens there, or set WEIR_PORT to another (0 takes a free one).`,
      );
    }
    if (code === 'EACCES')
      throw new StartupError(`This user may not listen on port ${port}: set WEIR_PORT to one above 1023.`);
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
      throw new StartupError(
        `${host} is not an address of this machine: set WEIR_HOST to one that is, such as 127.0.0.1 or 0.0.0.0.`,
      );
    }
    throw error;
  }
}

function addressOf(app: NestFastifyApplication, settings: Settings): string {
  const address = app.getHttpServer().address();
  const port = typeof address === 'object' && address !== null ? address.port : settings.WEIR_PORT;
  const host = settings.WEIR_HOST === '0.0.0.0' || settings.WEIR_HOST === '::' ? 'localhost' : settings.WEIR_HOST;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
