import { Inject, Injectable } from '@nestjs/common';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Authenticator, type Tenant } from '../../access';
import { MOST_EVENTS } from '../../events';
import { LOGGER, type Logger } from '../../platform';
import { ACCEPTED_ENCODINGS, decodedBody, parseJsonBytes, toProblem } from '../../platform/http';
import type { Receipt } from '../domain';
import {
  decodeJsonExport,
  decodeProtobufExport,
  type Encoding,
  exportAnswer,
  failureAnswer,
  readExport,
  refusedSpans,
} from '../domain/otlp';
import { refuseOptions } from '../http/refuse-options';
import { tenantOf } from '../http/tenant-of';
import { IngestionService } from '../ingestion.service';

const PROTOBUF = 'application/x-protobuf';
const JSON_TYPE = 'application/json';
/** Seconds after which a client should try again. Exporters give up after ten by default, so they get more than one go. */
const RETRY_AFTER = '1';

/**
 * `POST /v1/traces`, OTLP over HTTP as exporters and collectors send it. On Fastify directly, as the events route is,
 * and because every answer, refusals too, is a Protobuf message in the encoding of the request.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
@Injectable()
export class TracesRoute {
  constructor(
    @Inject(Authenticator) private readonly authenticator: Authenticator,
    @Inject(IngestionService) private readonly ingestion: IngestionService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Registers the route. Called before the server listens. */
  async register(server: FastifyInstance): Promise<void> {
    await server.register((scope, _, done) => {
      scope.setErrorHandler((error, request, reply) => this.refuse(error, request, reply));
      scope.removeAllContentTypeParsers();
      // What was sent is decoded after the key was checked.
      scope.addContentTypeParser([PROTOBUF, JSON_TYPE], { parseAs: 'buffer' }, (_request, body, parsed) =>
        parsed(null, body),
      );
      scope.post('/v1/traces', { config: { takesCompressed: true } }, (request, reply) => this.answer(request, reply));
      done();
    });
  }

  private async answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const tenant = await tenantOf(this.authenticator, request, reply);
    refuseOptions(request.query);
    const encoding = encodingOf(request);
    const sent = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const { bodyLimit } = request.routeOptions;
    const body = await decodedBody(sent, request.headers['content-encoding'], bodyLimit);
    const groups = encoding === 'json' ? decodeJsonExport(parseJsonBytes(body)) : decodeProtobufExport(body);
    const reading = readExport(groups);

    const receipts = await this.store(tenant, reading.events);

    return send(reply, 200, encoding, exportAnswer(encoding, refusedSpans(reading, receipts), reading.warnings));
  }

  /** A request has as many spans as fit into its body. When a later part fails, sending all again finds the others stored. */
  private async store(tenant: Tenant, events: readonly unknown[]): Promise<Receipt[]> {
    const receipts: Receipt[] = [];
    for (let from = 0; from < events.length; from += MOST_EVENTS) {
      receipts.push(...(await this.ingestion.ingest(tenant, events.slice(from, from + MOST_EVENTS))));
    }
    return receipts;
  }

  /** What `ProblemFilter` is elsewhere: the same statuses and codes, in the words of OTLP. */
  private refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const problem = toProblem(error);
    if (problem.status >= 500) this.logger.error({ err: error, requestId: request.id }, 'request failed');
    if (problem.status === 429 || problem.status === 503) reply.header('retry-after', RETRY_AFTER);
    const encoding = encodingOf(request);
    const detail =
      problem.status === 415
        ? `Send ${PROTOBUF} or ${JSON_TYPE}, compressed by ${ACCEPTED_ENCODINGS} or not at all.`
        : problem.detail;
    void send(reply, problem.status, encoding, failureAnswer(encoding, { ...problem, detail }));
  }
}

/** The answer's too. A request in no encoding of OTLP gets JSON, which people can read. */
function encodingOf({ headers }: FastifyRequest): Encoding {
  return headers['content-type']?.split(';')[0]!.trim().toLowerCase() === PROTOBUF ? 'protobuf' : 'json';
}

function send(reply: FastifyReply, status: number, encoding: Encoding, body: Buffer): FastifyReply {
  return reply
    .status(status)
    .header('content-type', encoding === 'protobuf' ? PROTOBUF : JSON_TYPE)
    .send(body);
}
