import { Inject, Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Authenticator, MissingScopeError, type Tenant, UnauthenticatedError } from '../../access';
import { DomainError, InvalidRequestError } from '../../kernel';
import { decodedBody, parseJsonBytes, ProblemFilter, toProblem } from '../../platform/http';
import { isAway } from './away/away';
import { type HoldRequest, parseExtend, parseHold, parseRelease, parseSettle } from './hold-request';
import { HoldsService } from './holds.service';

const MOST_HOLDS = 1_000;

/**
 * Holds and their ends, straight on Fastify: work waits for them, and Nest's guards, pipes and interceptors would take
 * longer than all the rest. Who may, what is answered and how errors look is the same as everywhere.
 */
@Injectable()
export class HoldsRoute {
  constructor(
    @Inject(Authenticator) private readonly authenticator: Authenticator,
    @Inject(HoldsService) private readonly holds: HoldsService,
    @Inject(ProblemFilter) private readonly problems: ProblemFilter,
  ) {}

  /** Registers the routes. Called before the server listens. */
  async register(server: FastifyInstance): Promise<void> {
    await server.register((scope, _, done) => {
      scope.setErrorHandler((error, request, reply) => this.problems.answer(error, request, reply));
      scope.removeAllContentTypeParsers();
      // What was sent is parsed after the key was checked.
      scope.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, parsed) =>
        parsed(null, body),
      );
      const config = { takesCompressed: true };
      const post = (path: string, answer: Answer): void => {
        scope.post(path, { config }, (request, reply) => this.serve(request, reply, answer));
      };
      post('/v1/holds', (tenant, body) => this.hold(tenant, body));
      post('/v1/holds/:hold/settle', (tenant, body, hold) => this.holds.settle(tenant, hold, parseSettle(body)));
      post('/v1/holds/:hold/extend', (tenant, body, hold) => this.holds.extend(tenant, hold, parseExtend(body)));
      post('/v1/holds/:hold/release', (tenant, body, hold) => {
        parseRelease(body);
        return this.holds.release(tenant, hold);
      });
      done();
    });
  }

  private async serve(request: FastifyRequest, reply: FastifyReply, answer: Answer): Promise<FastifyReply> {
    const tenant = await this.authenticator.authenticate(request.headers.authorization).catch((error: unknown) => {
      if (error instanceof UnauthenticatedError) reply.header('www-authenticate', 'Bearer');
      // Whoever was known a moment ago may be let pass by an organisation that has opened for that.
      const known = isAway(error) ? this.authenticator.lastKnown(request.headers.authorization) : null;
      if (known === null) throw error;
      return known;
    });
    if (!tenant.scopes.has('ingest')) throw new MissingScopeError('ingest');
    const body = await bodyOf(request);
    const json = await answer(tenant, body, (request.params as { hold: string }).hold);
    return reply.header('content-type', 'application/json; charset=utf-8').send(json);
  }

  private async hold(tenant: Tenant, body: unknown): Promise<string> {
    const list = listOf(body);
    if (list === null) return this.holds.hold(tenant, parseHold(body));
    const requests = list.map((each, index) => parsedOrError(each, `holds[${index}].`));
    const answers = await this.holds.holdAll(tenant, requests);
    return `{"holds":[${answers.map((each) => (typeof each === 'string' ? each : problemJson(each))).join(',')}]}`;
  }
}

type Answer = (tenant: Tenant, body: unknown, hold: string) => Promise<string>;

async function bodyOf(request: FastifyRequest): Promise<unknown> {
  const { body } = request;
  if (!Buffer.isBuffer(body) || body.length === 0) return undefined;
  const encoding = request.headers['content-encoding'];
  if (encoding === undefined) return parseJsonBytes(body);
  return parseJsonBytes(await decodedBody(body, encoding, request.routeOptions.bodyLimit));
}

/** The holds of a body that has several; null: the body is one itself. */
function listOf(body: unknown): readonly unknown[] | null {
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, 'holds')) return null;
  const { holds, ...others } = body as { holds: unknown };
  const stray = Object.keys(others)[0];
  if (stray !== undefined) throw refused(stray.slice(0, 100), 'has no place beside holds');
  if (!Array.isArray(holds) || holds.length === 0) throw refused('holds', 'must be a list of holds');
  if (holds.length > MOST_HOLDS)
    throw refused('holds', `has ${holds.length}; at most ${MOST_HOLDS} go into one request`);
  return holds as unknown[];
}

function refused(field: string, detail: string): InvalidRequestError {
  return new InvalidRequestError('invalid_hold', `${field}: ${detail}`, [{ field, detail }]);
}

/** Each for itself: one that is refused doesn't keep the others out. */
function parsedOrError(body: unknown, path: string): HoldRequest | DomainError {
  try {
    return parseHold(body, path);
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}

function problemJson(error: DomainError): string {
  const { code, detail, errors = [] } = toProblem(error);
  return JSON.stringify({ problem: { code, detail, errors } });
}
