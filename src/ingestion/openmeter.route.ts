import { Inject, Injectable } from '@nestjs/common';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Authenticator, type Tenant } from '../access';
import { CustomersService } from '../customers';
import { ConflictError, DomainError } from '../kernel';
import { key, type Problem, ProblemFilter } from '../platform/http';
import { inCloudEventTerms, parseOpenMeterEvent, type RefusedEvent, RefusedWholeError } from './domain';
import {
  checkedMost,
  CloudEventsBody,
  type EventsOfBody,
  jsonOf,
  structuredEvents,
  takeCloudEvents,
} from './http/cloud-events-body';
import { refuseOptions } from './http/refuse-options';
import { tenantOf } from './http/tenant-of';
import { type IngestOptions, IngestionService } from './ingestion.service';

/** OpenMeter stores what it is sent, or refuses it, as a whole; and its clients fill in a time that has none. */
const AS_OPENMETER: IngestOptions = { parse: parseOpenMeterEvent, atomic: true, anyTime: true };
/** What a customer may be called. */
const KEY = key();
const FIELDS_NAMED = 20;
const TITLE_OF_400 = 'Bad Request';

/** A request has an event that is refused. Nothing of it was stored. */
class RefusedRequestError extends DomainError {
  readonly kind = 'malformed';
  readonly code: string;

  /** @param single the body is one event, and not a list */
  constructor({ refused }: RefusedWholeError, single: boolean) {
    const fields = refused.slice(0, FIELDS_NAMED).map(({ index, problem }) => {
      const { field, detail } = inCloudEventTerms(problem);
      return { field: single ? field : `[${index}].${field}`, detail };
    });
    const first = fields[0]!;
    const others = refused.length === 1 ? '' : ` (and ${refused.length - 1} other events)`;
    super(`${first.field}: ${first.detail}${others}. Nothing of this request was stored.`, fields);
    this.code = refused[0]!.problem.code;
  }
}

/**
 * `POST /api/v1/events` as OpenMeter has it, for senders that use its clients: CloudEvents in, 204 out, all or nothing.
 * docs/openmeter.md says what is the same and what is not.
 */
@Injectable()
export class OpenMeterRoute {
  constructor(
    @Inject(Authenticator) private readonly authenticator: Authenticator,
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(IngestionService) private readonly ingestion: IngestionService,
    @Inject(ProblemFilter) private readonly problems: ProblemFilter,
  ) {}

  /** Registers the route. Called before the server listens. */
  async register(server: FastifyInstance): Promise<void> {
    await server.register((scope, _, done) => {
      scope.setErrorHandler((error: FastifyError, request, reply) =>
        this.problems.answer(error, request, reply, openMeterProblem),
      );
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, parsed) =>
        parsed(null, body),
      );
      takeCloudEvents(scope);
      scope.post('/api/v1/events', { config: { takesCompressed: true } }, (request, reply) =>
        this.answer(request, reply),
      );
      done();
    });
  }

  private async answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const tenant = await tenantOf(this.authenticator, request, reply);
    refuseOptions(request.query);
    const { values, single } = await eventsOf(request);

    try {
      await this.store(tenant, values);
    } catch (error) {
      throw error instanceof RefusedWholeError ? new RefusedRequestError(error, single) : error;
    }
    return reply.status(204).send();
  }

  /** Stores the events. Customers that aren't known yet are made first, by a key that may: OpenMeter takes any subject. */
  private async store(tenant: Tenant, values: readonly unknown[]): Promise<void> {
    try {
      await this.ingestion.ingest(tenant, values, AS_OPENMETER);
    } catch (error) {
      if (!(error instanceof RefusedWholeError) || !tenant.scopes.has('manage')) throw error;
      const { toMake, others } = causesOf(error, values);
      if (others.length > 0) throw new RefusedWholeError(others);
      for (const subject of toMake) await this.makeCustomer(tenant, subject);
      await this.ingestion.ingest(tenant, values, AS_OPENMETER);
    }
  }

  private async makeCustomer(tenant: Tenant, subject: string): Promise<void> {
    try {
      await this.customers.create(tenant, { key: subject, name: subject, timeZone: 'UTC', testClock: null });
    } catch (error) {
      // Somebody made the customer meanwhile, with a name: all the better.
      if (!(error instanceof ConflictError)) throw error;
    }
  }
}

/** The events of a body: one CloudEvent or a list, which `application/json` leaves open. */
async function eventsOf(request: FastifyRequest): Promise<EventsOfBody> {
  const { body } = request;
  if (body instanceof CloudEventsBody) return structuredEvents(request, body);
  const json = await jsonOf(request, Buffer.isBuffer(body) ? body : Buffer.alloc(0));
  return Array.isArray(json) ? { values: checkedMost(json), single: false } : { values: [json], single: true };
}

/** What a request was refused for: customers that can be made, and all that can't be helped. */
function causesOf(
  { refused }: RefusedWholeError,
  values: readonly unknown[],
): { toMake: ReadonlySet<string>; others: readonly RefusedEvent[] } {
  const toMake = new Set<string>();
  const others = refused.filter(({ index, problem }) => {
    const { subject } = values[index] as { subject?: unknown };
    if (problem.code !== 'unknown_customer' || !KEY.safeParse(subject).success) return true;
    toMake.add(subject as string);
    return false;
  });
  return { toMake, others };
}

/** A refusal as OpenMeter's API describes it: what can't be taken is a Bad Request, and an instance names the request. */
function openMeterProblem(problem: Problem, requestId: string): Problem {
  const status = problem.status === 422 ? 400 : problem.status;
  const validationErrors = (problem.errors ?? []).map(({ field, detail }) => ({
    code: problem.code,
    message: `${field}: ${detail}`,
  }));
  return {
    ...problem,
    status,
    ...(status === 400 ? { title: TITLE_OF_400 } : {}),
    instance: `urn:request:${requestId}`,
    ...(validationErrors.length > 0 ? { extensions: { validationErrors } } : {}),
  };
}
