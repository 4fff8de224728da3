import { createHash } from 'node:crypto';
import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
  SetMetadata,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { firstValueFrom, from, type Observable } from 'rxjs';
import type { EntityManager } from 'typeorm';
import { Clock, ConflictError, InvalidRequestError } from '../../kernel';
import { Database } from '../database';

interface StoredAnswer {
  readonly request_hash: Buffer;
  readonly status: number | null;
  readonly body: string | null;
}

const SHOWN_ONCE = 'weir:shown-once';

/** The route's answer holds a secret, so it is not stored: a repeat with the same `Idempotency-Key` is refused instead. */
export function ShownOnce(): MethodDecorator {
  return SetMetadata(SHOWN_ONCE, true);
}

/**
 * `Idempotency-Key` on a POST: the first answer is stored in the transaction that makes its effect true, and a repeat
 * with the same body gets that answer again. Another body under the same key is refused. A failed request stores
 * nothing, so it can be tried again. Two at once: the second waits for the first.
 */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(Reflector) private readonly reflector: Reflector,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<FastifyRequest & { tenant?: { organisationId: string } }>();
    const key = request.headers['idempotency-key'];
    if (request.method !== 'POST' || key === undefined || request.tenant === undefined) return next.handle();

    const organisationId = request.tenant.organisationId;
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    const shownOnce = this.reflector.get<boolean | undefined>(SHOWN_ONCE, context.getHandler()) === true;
    return from(
      this.database.tenant(organisationId, async (manager) => {
        const answered = await this.claim(manager, organisationId, this.checkedKey(key), this.hashOf(request));
        if (answered !== null) return shownOnce ? refuseToRepeat() : this.replay(answered, reply);

        const body: unknown = await firstValueFrom(next.handle());
        await this.remember(
          manager,
          organisationId,
          this.checkedKey(key),
          reply.statusCode,
          shownOnce ? undefined : body,
        );
        return body;
      }),
    );
  }

  private checkedKey(key: string | string[]): string {
    if (typeof key === 'string' && /^[\x21-\x7e]{1,255}$/.test(key)) return key;
    throw new InvalidRequestError(
      'invalid_idempotency_key',
      'Idempotency-Key must be 1 to 255 visible ASCII characters.',
      [{ field: 'Idempotency-Key', detail: 'must be 1 to 255 visible ASCII characters' }],
    );
  }

  private hashOf(request: FastifyRequest): Buffer {
    return createHash('sha256').update(`${request.method} ${request.url}\n`).update(textOf(request.body)).digest();
  }

  /** Takes the key for this transaction, or gives the answer that was stored under it. */
  private async claim(
    manager: EntityManager,
    organisationId: string,
    key: string,
    hash: Buffer,
  ): Promise<StoredAnswer | null> {
    const claimed = await manager.query<unknown[]>(
      `INSERT INTO idempotency_key (organisation_id, key, request_hash, created_at) VALUES ($1, $2, $3, $4)
       ON CONFLICT DO NOTHING RETURNING key`,
      [organisationId, key, hash, this.clock.now()],
    );
    if (claimed.length > 0) return null;

    const [stored] = await manager.query<StoredAnswer[]>(
      'SELECT request_hash, status, body FROM idempotency_key WHERE key = $1',
      [key],
    );
    if (stored?.request_hash.equals(hash) !== true) {
      throw new ConflictError(
        'idempotency_key_reused',
        'This Idempotency-Key was used for another request. Use a new key for a new request.',
        [{ field: 'Idempotency-Key', detail: 'was used with another body or address' }],
      );
    }
    return stored;
  }

  private replay(stored: StoredAnswer, reply: FastifyReply): unknown {
    reply.status(stored.status ?? 200).header('idempotent-replay', 'true');
    return stored.body === null ? undefined : JSON.parse(stored.body);
  }

  private async remember(
    manager: EntityManager,
    organisationId: string,
    key: string,
    status: number,
    body: unknown,
  ): Promise<void> {
    await manager.query('UPDATE idempotency_key SET status = $3, body = $4 WHERE organisation_id = $1 AND key = $2', [
      organisationId,
      key,
      status,
      body === undefined ? null : JSON.stringify(body),
    ]);
  }
}

/** The body as text again. @throws InvalidRequestError when it nests deeper than that can be done */
function textOf(body: unknown): string {
  try {
    return JSON.stringify(body ?? null);
  } catch {
    throw new InvalidRequestError('invalid_request', 'body: nests too deeply', [
      { field: 'body', detail: 'nests too deeply' },
    ]);
  }
}

function refuseToRepeat(): never {
  throw new ConflictError(
    'answer_shown_once',
    'This was done before under the same Idempotency-Key, and its answer held a secret that we do not keep. If it got lost, take back what was made and ask again under a new key.',
    [{ field: 'Idempotency-Key', detail: 'was used for an answer that is shown once' }],
  );
}
