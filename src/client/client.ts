import { setTimeout as sleep } from 'node:timers/promises';
import { ProgramError } from './program-error';

/** The server understood and said no: problem+json. */
export class RefusedError extends ProgramError {
  constructor(
    request: string,
    readonly status: number,
    readonly code: string,
    detail: string,
    /** What is wrong with which field, where the server says so. */
    readonly fields: readonly FieldRefusal[] = [],
  ) {
    super(`The server refused ${request} (${status} ${code}): ${detail}`);
  }
}

/** A field of a request and what is wrong with it. */
export interface FieldRefusal {
  readonly field: string;
  readonly detail: string;
}

interface Problem {
  readonly code?: string;
  readonly title?: string;
  readonly detail?: string;
  readonly errors?: readonly FieldRefusal[];
}

export interface ClientOptions {
  readonly url: string;
  readonly apiKey: string;
  /** How long a request is tried again when the server can't be reached or says 503, in milliseconds. */
  readonly patienceMs: number;
  /** Stops the waiting, such as on Ctrl-C. Its reason is what is thrown. */
  readonly signal: AbortSignal;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
const ANSWER_WITHIN_MS = 60_000;

/**
 * Speaks to Weir over HTTP. A request that met no server, a broken connection or a 503 is sent again, the very same,
 * until the patience ends. That is safe because every POST here is one that the server takes once: events by their id,
 * catalog, customers and subscriptions by their key, the others by an Idempotency-Key.
 */
export class Client {
  constructor(private readonly options: ClientOptions) {}

  get url(): string {
    return this.options.url;
  }

  get<T>(path: string): Promise<T> {
    return this.send<T>('GET', path, undefined, null);
  }

  /** The thing, or null where the server has none. */
  async find<T>(path: string): Promise<T | null> {
    try {
      return await this.get<T>(path);
    } catch (error) {
      if (error instanceof RefusedError && error.status === 404) return null;
      throw error;
    }
  }

  /** @param idempotencyKey for what the body does not name itself */
  post<T>(path: string, body: unknown, idempotencyKey: string | null = null): Promise<T> {
    return this.send<T>('POST', path, JSON.stringify(body), idempotencyKey);
  }

  /** Puts a thing under a name of the caller's choice, so that a repeat changes nothing. */
  put<T>(path: string, body: unknown): Promise<T> {
    return this.send<T>('PUT', path, JSON.stringify(body), null);
  }

  private async send<T>(
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    body: string | undefined,
    idempotencyKey: string | null,
  ): Promise<T> {
    const { url, apiKey, patienceMs, signal } = this.options;
    const request: RequestInit = {
      method,
      headers: {
        authorization: `Bearer ${apiKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(idempotencyKey === null ? {} : { 'idempotency-key': idempotencyKey }),
      },
      ...(body === undefined ? {} : { body }),
    };

    const giveUpAt = performance.now() + patienceMs;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const outcome = await this.once(`${url}${path}`, request, `${method} ${path}`);
      if ('answer' in outcome) return outcome.answer as T;
      signal.throwIfAborted();
      if (performance.now() + pause > giveUpAt) throw outcome.failure;
      await sleep(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }

  /** One try: the answer, or why it failed where another try may help. @throws what another try can't mend */
  private async once(
    address: string,
    request: RequestInit,
    name: string,
  ): Promise<{ answer: unknown } | { failure: ProgramError }> {
    const { url, signal } = this.options;
    let response: Response;
    let text: string;
    try {
      response = await fetch(address, {
        ...request,
        signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
      });
      text = await response.text();
    } catch (error) {
      signal.throwIfAborted();
      return {
        failure: new ProgramError(`The server at ${url} does not answer ${name} (${causeOf(error)}). Is it up?`),
      };
    }

    const answer = readJson(text);
    if (response.ok && answer !== undefined) return { answer };

    const refusal = refusalOf(name, response.status, answer);
    if (response.status === 503 || response.status === 429) return { failure: refusal };
    throw refusal;
  }
}

function refusalOf(name: string, status: number, answer: unknown): RefusedError {
  if (typeof answer !== 'object' || answer === null) {
    return new RefusedError(name, status, 'no_problem_json', 'The answer is no JSON. Is this a Weir server?');
  }
  const { code = 'no_code', title = '', detail = title, errors = [] } = answer as Problem;
  const fields = errors.map(({ field, detail: why }) => `${field}: ${why}`).join('; ');
  return new RefusedError(name, status, code, fields === '' ? detail : `${detail} (${fields})`, errors);
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `fetch` says only "fetch failed"; what failed is in the cause, and where two addresses were tried in the first. */
function causeOf(error: unknown): string {
  let inner = error as { name?: string; code?: string; message?: string; cause?: unknown; errors?: (typeof inner)[] };
  while (typeof inner.cause === 'object' && inner.cause !== null) inner = inner.cause;
  inner = inner.errors?.[0] ?? inner;
  if (inner.name === 'TimeoutError') return `nothing within ${ANSWER_WITHIN_MS / 1000} s`;
  return inner.code ?? inner.message ?? 'unknown cause';
}
