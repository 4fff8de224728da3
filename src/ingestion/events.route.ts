import { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Authenticator } from '../access';
import { MOST_EVENTS } from '../events';
import { InvalidRequestError } from '../kernel';
import { ProblemFilter } from '../platform/http';
import { ClosedPeriods, refuseBackfillWithoutScope } from './closed-periods';
import { isBinaryCloudEvent, parseCloudEvent, type Receipt, receiptsJson } from './domain';
import {
  binaryEvent,
  cloudEventReceipt,
  CloudEventsBody,
  type EventsOfBody,
  jsonOf,
  structuredEvents,
  takeCloudEvents,
} from './http/cloud-events-body';
import { EventLines, LINES_CONTENT_TYPES } from './http/event-lines';
import { RefusedEventError } from './http/refused-event-error';
import { tenantOf } from './http/tenant-of';
import { type IngestOptions, IngestionService } from './ingestion.service';

/**
 * `POST /v1/events`, straight on Fastify: Nest's guards, pipes and interceptors would take longer than all the rest of
 * a single event. Who may, what is answered and how errors look is the same as everywhere.
 */
@Injectable()
export class EventsRoute {
  constructor(
    @Inject(Authenticator) private readonly authenticator: Authenticator,
    @Inject(IngestionService) private readonly ingestion: IngestionService,
    @Inject(EventLines) private readonly lines: EventLines,
    @Inject(ClosedPeriods) private readonly closedPeriods: ClosedPeriods,
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
      takeCloudEvents(scope);
      // Lines are read while they are stored, so there is no limit to how many there are.
      scope.addContentTypeParser([...LINES_CONTENT_TYPES], (_request, stream, parsed) => parsed(null, stream));
      scope.post('/v1/events', { config: { takesCompressed: true } }, (request, reply) => this.answer(request, reply));
      done();
    });
  }

  private async answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const tenant = await tenantOf(this.authenticator, request, reply);
    if (request.body instanceof Readable) {
      const { results, ...options } = request.query as { results?: unknown };
      const ingest = optionsOf(options);
      refuseBackfillWithoutScope(tenant, ingest);
      await this.lines.answer(tenant, request, reply, { results, ingest });
      return reply;
    }
    const options = optionsOf(request.query);
    refuseBackfillWithoutScope(tenant, options);
    const isCloudEvent = request.body instanceof CloudEventsBody || isBinaryCloudEvent(request.headers);
    const { values, single } = await (isCloudEvent ? cloudEventsOf(request) : plainEventsOf(request));

    const touched = this.closedPeriods.of(tenant, options);
    const asked = isCloudEvent ? { ...options, parse: parseCloudEvent } : options;
    const ingest = (how: IngestOptions): Promise<Receipt[]> => this.ingestion.ingest(tenant, values, how);
    const stored = touched === null ? await ingest(asked) : await touched.noting(asked, ingest);
    const receipts = isCloudEvent ? stored.map(cloudEventReceipt) : stored;

    const only = receipts[0];
    if (single && only?.status === 'rejected') throw new RefusedEventError(only.problem);
    return reply
      .status(200)
      .header('content-type', 'application/json; charset=utf-8')
      .send(receiptsJson(receipts, touched === null ? null : JSON.stringify(touched.asFields.closedPeriods)));
  }
}

const OPTIONS: ReadonlySet<string> = new Set(['dryRun', 'backfill']);
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

function plainEventsOf(request: FastifyRequest): Promise<EventsOfBody> {
  return jsonOf(request, bytesOf(request.body)).then(eventsOf);
}

function cloudEventsOf(request: FastifyRequest): Promise<EventsOfBody> {
  const { body } = request;
  return body instanceof CloudEventsBody ? structuredEvents(request, body) : binaryEvent(request, bytesOf(body));
}

/** A request may have no body at all. */
function bytesOf(body: unknown): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}

/** The events of a body: one event, a list of them, or an object with a list under `events`. */
function eventsOf(body: unknown): EventsOfBody {
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
