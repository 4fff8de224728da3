import { setTimeout } from 'node:timers/promises';
import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Tenant } from '../../access';
import { DomainError, InvalidRequestError } from '../../kernel';
import { LOGGER, type Logger } from '../../platform';
import { allowLongRequest, decodingStream, invalidEncoding, toProblem } from '../../platform/http';
import { ClosedPeriods, type TouchedPeriods } from '../closed-periods';
import { endLine, type Receipt, type Results, RESULTS } from '../domain';
import { type IngestOptions, IngestionService } from '../ingestion.service';
import { OverloadedError } from '../persistence/group-commit';
import { AnswerStream } from './answer-stream';
import { LineStream } from './line-stream';
import { readAway, readChunks, SenderGoneError } from './read-chunks';

/** Content types of a body with an event a line, and of the answer. */
export const LINES_CONTENT_TYPES = ['application/x-ndjson', 'application/ndjson', 'application/jsonl'] as const;
const ANSWER_CONTENT_TYPE = 'application/x-ndjson; charset=utf-8';

/** How long a stream is waited for. */
export interface StreamPatience {
  /** How long a sender may send nothing, or not read its answer. */
  readonly quietMs: number;
  /** How long to listen to a sender that keeps sending after the last line of its answer. */
  readonly readAwayMs: number;
  /** How often a commit is tried while more waits than is taken in, and how long after the last time. */
  readonly overloadedTries: number;
  readonly overloadedWaitMs: number;
}

export const STREAM_PATIENCE = Symbol('StreamPatience');
export const PATIENCE: StreamPatience = {
  quietMs: 300_000,
  readAwayMs: 1_000,
  overloadedTries: 60,
  overloadedWaitMs: 500,
};

/**
 * Events that come as lines of JSON, in a stream of any length, and are answered line by line. Memory holds a commit's
 * lines and those read for the next; while commits lag, or the answer isn't read, nothing more is read.
 */
@Injectable()
export class EventLines implements OnModuleDestroy {
  private stopping = false;
  /** The streams under way, and what ends each. */
  private readonly open = new Map<Promise<void>, AbortController>();

  constructor(
    @Inject(IngestionService) private readonly ingestion: IngestionService,
    @Inject(ClosedPeriods) private readonly closedPeriods: ClosedPeriods,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(STREAM_PATIENCE) private readonly patience: StreamPatience,
  ) {}

  /** Ends the open streams after the commit they are in; each is told from which line to send on. */
  async onModuleDestroy(): Promise<void> {
    this.stopping = true;
    for (const ending of this.open.values()) ending.abort();
    await Promise.allSettled(this.open.keys());
  }

  /** @throws what stops the stream before its first result, as for any request; later it is told in the last line */
  async answer(
    tenant: Tenant,
    request: FastifyRequest,
    reply: FastifyReply,
    options: { results: unknown; ingest: IngestOptions },
  ): Promise<void> {
    const answer = new AnswerStream(reply, ANSWER_CONTENT_TYPE, this.patience.quietMs);
    const ending = new AbortController();
    const touched = this.closedPeriods.of(tenant, options.ingest);
    const ingest = (values: readonly unknown[], how: IngestOptions) => this.ingest(tenant, values, how);
    const stream = new LineStream(
      (values) =>
        touched === null
          ? ingest(values, options.ingest)
          : touched.noting(options.ingest, (noting) => ingest(values, noting)),
      checkedResults(options.results),
      answer,
      ending,
    );
    const answered = this.take(request, reply, stream, answer, { ending: ending.signal, touched });
    this.open.set(answered, ending);
    try {
      await answered;
    } finally {
      this.open.delete(answered);
    }
  }

  private async take(
    request: FastifyRequest,
    reply: FastifyReply,
    stream: LineStream,
    answer: AnswerStream,
    { ending, touched }: { ending: AbortSignal; touched: TouchedPeriods | null },
  ): Promise<void> {
    allowLongRequest(request.raw);
    // A reader that stopped early can't tell one request's bytes from the next one's.
    reply.raw.shouldKeepAlive = false;

    const failure = await this.read(request, stream, ending).catch((error: unknown) => error);
    if (failure instanceof SenderGoneError && failure.reason === 'closed') {
      answer.end(); // to nobody; what was committed stays
      return;
    }
    if (failure !== null && !answer.begun) {
      await readAway(request.raw, this.patience.readAwayMs);
      throw failure as Error;
    }
    const broken = failure === null ? null : this.told(failure, request);
    await answer.write(endLine(stream.endedBy(broken), touched?.asFields));
    if (failure !== null) await readAway(request.raw, this.patience.readAwayMs);
    answer.end();
  }

  /** @returns null once every line was read and answered, or why that was not to be */
  private async read(request: FastifyRequest, stream: LineStream, ending: AbortSignal): Promise<unknown> {
    const encoding = request.headers['content-encoding'];
    const decoder = decodingStream(encoding);
    const source = decoder ?? request.raw;
    if (decoder !== null) {
      request.raw.once('close', () => {
        if (!request.raw.readableEnded) decoder.destroy(new SenderGoneError('closed'));
      });
      request.raw.on('error', () => decoder.destroy(new SenderGoneError('closed')));
      request.raw.pipe(decoder);
    }
    try {
      const how = await readChunks(source, (chunk) => stream.take(chunk), ending, this.patience.quietMs);
      if (how === 'ended') await stream.finish();
      else await stream.settle();
      return how === 'ended' ? null : new StoppedError();
    } catch (error) {
      // What was read and is in a commit gets its results first.
      await stream.settle().catch(() => undefined);
      if (stream.failure !== null) return stream.failure.error;
      if (decoder !== null && !(error instanceof SenderGoneError)) return invalidEncoding(encoding!, error);
      return isReset(error) ? new SenderGoneError('closed') : error;
    } finally {
      decoder?.destroy();
    }
  }

  private told(failure: unknown, request: FastifyRequest): { code: string; detail: string } {
    const { status, code, detail } = toProblem(failure);
    if (status >= 500 && !(failure instanceof DomainError))
      this.logger.error({ err: failure, requestId: request.id }, 'a stream of events failed');
    return { code, detail };
  }

  /** A stream has nobody to tell to send later, so it waits by itself while too much waits to be stored. */
  private async ingest(tenant: Tenant, values: readonly unknown[], options: IngestOptions): Promise<Receipt[]> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.ingestion.ingest(tenant, values, options);
      } catch (error) {
        if (!(error instanceof OverloadedError) || tries >= this.patience.overloadedTries || this.stopping) throw error;
        await setTimeout(this.patience.overloadedWaitMs);
      }
    }
  }
}

/** The server stops while lines are still to come. */
class StoppedError extends DomainError {
  readonly code = 'unavailable';
  readonly kind = 'unavailable';

  constructor() {
    super('The server stops. Send on from this line to it once it is back.');
  }
}

function checkedResults(wanted: unknown): Results {
  const found = RESULTS.find((each) => each === (wanted ?? 'all'));
  if (found !== undefined) return found;
  const detail = `must be one of ${RESULTS.join(', ')}`;
  throw new InvalidRequestError('invalid_request', `results: ${detail}`, [{ field: 'results', detail }]);
}

/** How Node tells that the other side closed the connection in the middle of a request. */
function isReset(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE';
}
