/** Ids as senders make them: UUIDs that begin with the time (version 7), or random ones (version 4). */
export type IdKind = 'ordered' | 'random';

export const CUSTOMERS = 1_000;
export const EVENT_TYPE = 'llm.request';

/** Models of the public price book, so that every event has a cost. */
const MODELS = [
  ['openai', 'gpt-4o'],
  ['openai', 'gpt-4o-mini'],
  ['anthropic', 'claude-sonnet-4-5'],
  ['anthropic', 'claude-haiku-4-5'],
  ['google', 'gemini-2.5-flash'],
] as const;
const FEATURES = ['chat-answer', 'summarize', 'search-web', 'write-code', 'translate'];
const AGENTS = ['support', 'research', 'reviewer', 'planner'];

/** How long before the round their times lie, at most. */
const SPREAD_MICROS = 60_000_000;

/** What makes the events; the same here and in the process that sends them. */
export interface Workload {
  /** Milliseconds since 1970: where ordered ids begin. */
  readonly startedAtMs: number;
  readonly ids: IdKind;
}

export interface BenchEvent {
  readonly id: string;
  readonly outputTokens: number;
  readonly json: string;
}

export function customerKey(number: number): string {
  return `customer-${String(number).padStart(4, '0')}`;
}

/**
 * The event of a number, about 287 bytes of JSON: one of 1,000 customers, 5 models, 20 pairs of agent and feature,
 * two token counts. Everything but its time follows from the number, so both ends of the benchmark know it.
 *
 * @param nowMs the event's time is within the minute before
 */
export function eventOf(workload: Workload, number: number, nowMs: number): BenchEvent {
  const id = eventId(workload, number);
  const choice = mixed(number, 1);
  const [provider, model] = MODELS[choice % MODELS.length]!;
  const feature = FEATURES[(choice >>> 4) % FEATURES.length]!;
  const agent = AGENTS[(choice >>> 8) % AGENTS.length]!;
  const session = mixed(number >>> 3, 2)
    .toString(36)
    .padStart(7, '0');
  const inputTokens = 100 + (mixed(number, 3) % 8_000);
  const outputTokens = 20 + (mixed(number, 4) % 1_500);
  const micros = nowMs * 1_000 - (mixed(number, 5) % SPREAD_MICROS);
  const json =
    `{"id":"${id}","type":"${EVENT_TYPE}","customer":"${customerKey(mixed(number, 6) % CUSTOMERS)}",` +
    `"time":"${timeText(micros)}","session":"session-${session}","agent":"${agent}","feature":"${feature}",` +
    `"data":{"provider":"${provider}","model":"${model}","input_tokens":${inputTokens},"output_tokens":${outputTokens}}}`;
  return { id, outputTokens, json };
}

/** A UUID whose random part is a mix of the number; the first mix alone differs for any two numbers below 2^32. */
export function eventId({ startedAtMs, ids }: Workload, number: number): string {
  const a = hex(mixed(number, 11));
  const b = hex(mixed(number, 12));
  const c = hex(mixed(number, 13));
  if (ids === 'random') {
    const d = hex(mixed(number, 14));
    return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-8${c.slice(1, 4)}-${c.slice(4)}${d}`;
  }
  // Fifty ids share a millisecond, as at 50,000 events a second.
  const time = (startedAtMs + Math.floor(number / 50)).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${b.slice(5)}-8${c.slice(1, 4)}-${a}${c.slice(4)}`;
}

/** An even mix of a number's bits, another one in each lane; a bijection of 32 bits in its first argument (splitmix32). */
function mixed(number: number, lane: number): number {
  const { imul } = Math;
  let bits = (number + imul(lane, 0x9e3779b9)) | 0;
  bits = imul(bits ^ (bits >>> 16), 0x21f0aaad);
  bits = imul(bits ^ (bits >>> 15), 0x735a2d97);
  return (bits ^ (bits >>> 15)) >>> 0;
}

function hex(word: number): string {
  return word.toString(16).padStart(8, '0');
}

function timeText(micros: number): string {
  const toTheSecond = new Date(Math.floor(micros / 1_000)).toISOString().slice(0, 19);
  return `${toTheSecond}.${String(micros % 1_000_000).padStart(6, '0')}Z`;
}
