import { Inject, Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Authenticator, MissingScopeError, type Tenant, UnauthenticatedError } from '../access';
import { type EventProblem, MOST_EVENTS } from '../events';
import { DomainError, InvalidRequestError } from '../kernel';
import { decodedBody, parseJsonBytes, ProblemFilter } from '../platform/http';
import { receiptsJson } from './domain';
import { type IngestOptions, IngestionService } from './ingestion.service';

/** The only event of a request is refused. */
class RefusedEventError extends DomainError {
  readonly kind = 'invalid';
  readonly code: string;

  constructor(problem: EventProblem) {
    super(`${problem.field}: ${problem.detail}`, [{ field: problem.field, detail: problem.detail }]);
    this.code = problem.code;
  }
}

/**
 * `POST /v1/events`, straight on Fastify: Nest's guards, pipes and interceptors would take longer than all the rest of
 * a single event. Who may, what is answered and how errors look is the same as everywhere.
 */
@Injectable()
export class EventsRoute {
  constructor(
    @Inject(Authenticator) private readonly authenticator: Authenticator,
    @Inject(IngestionService) private readonly ingestion: IngestionService,
    @Inject(ProblemFilter) private readonly problems: ProblemFilter,
  ) {}

  /** Registers the route. Called before the server listens. */
  async register(server: FastifyInstance): Promise<void> {
    await server.register((scope, _, done) => {
      scope.setErrorHandler((error, request, reply) => this.problems.answer(error, request, reply));
      scope.removeAllContentTypeParsers();
      // What was sent is parsed after the key was checked.
      scope.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, parsed) =>
        parsed(null, body),
      );
      scope.post('/v1/events', { config: { takesCompressed: true } }, (request, reply) => this.answer(request, reply));
      done();
    });
  }

  private async answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const tenant = await this.tenantOf(request, reply);
    const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const encoding = request.headers['content-encoding'];
    const body = parseJsonBytes(
      encoding === undefined ? bytes : await decodedBody(bytes, encoding, request.routeOptions.bodyLimit),
    );
    const { values, single } = eventsOf(body);

    const receipts = await this.ingestion.ingest(tenant, values, optionsOf(request.query));

    const only = receipts[0];
    if (single && only?.status === 'rejected') throw new RefusedEventError(only.problem);
    return reply.status(200).header('content-type', 'application/json; charset=utf-8').send(receiptsJson(receipts));
  }

  private async tenantOf(request: FastifyRequest, reply: FastifyReply): Promise<Tenant> {
    const tenant = await this.authenticator.authenticate(request.headers.authorization).catch((error: unknown) => {
      if (error instanceof UnauthenticatedError) reply.header('www-authenticate', 'Bearer');
      throw error;
    });
    if (!tenant.scopes.has('ingest')) throw new MissingScopeError('ingest');
    return tenant;
  }
}

const OPTIONS: ReadonlySet<string> = new Set(['dryRun']);
const NO_OPTIONS: IngestOptions = Object.freeze({});

/** What the query asks for. A misspelt option must not store what was meant as a rehearsal. */
function optionsOf(query: unknown): IngestOptions {
  const given = Object.entries(query as Record<string, unknown>);
  if (given.length === 0) return NO_OPTIONS;
  for (const [name, value] of given) {
    if (!OPTIONS.has(name)) throw refused(name.slice(0, 100), 'is not an option of this request');
    if (value !== 'true' && value !== 'false') throw refused(name, 'must be true or false');
  }
  return Object.fromEntries(given.map(([name, value]) => [name, value === 'true']));
}

/** The events of a body: one event, a list of them, or an object with a list under `events`. */
function eventsOf(body: unknown): { values: readonly unknown[]; single: boolean } {
  if (Array.isArray(body)) return { values: checkedCount(body, 'body'), single: false };
  if (typeof body === 'object' && body !== null && Object.hasOwn(body, 'events')) {
    const { events, ...others } = body as { events: unknown };
    const stray = Object.keys(others)[0];
    if (stray !== undefined) throw refused(stray, 'has no place beside events');
    if (!Array.isArray(events)) throw refused('events', 'must be a list of events');
    return { values: checkedCount(events, 'events'), single: false };
  }
  return { values: [body], single: true };
}

function checkedCount(events: readonly unknown[], field: string): readonly unknown[] {
  if (events.length === 0) throw refused(field, 'has no events');
  if (events.length > MOST_EVENTS)
    throw refused(field, `has ${events.length} events; at most ${MOST_EVENTS} go into one request`);
  return events;
}

function refused(field: string, detail: string): InvalidRequestError {
  return new InvalidRequestError('invalid_request', `${field}: ${detail}`, [{ field, detail }]);
}
