import { scaledText } from '../../kernel';
import type { Alert } from './alert';
import type { Cap } from './cap';
import type { Counter } from './counter';
import type { ScopeField } from './scope';

/** How a counter's `settled` moved; amounts count 10^-24. */
export interface CounterMove {
  readonly before: bigint;
  readonly after: bigint;
  /** That counts now (`limitAt`). */
  readonly limit: bigint;
}

/** A forecast says nothing before so much of the limit is used, in per cent. */
const FORECAST_FROM = 25;
/** Thresholds are compared in millionths of a per cent. */
const FINE = 1_000_000;

/**
 * What somebody should know after a counter moved: each threshold it passed, and that it will pass its limit before its
 * period ends if it goes on like that. Each is told once for a counter; of a rolling window, which never begins anew, once
 * for each length of it. Sets `counter.alerted`.
 *
 * @param at by the customer's clock
 */
export function alertsOf(cap: Cap, counter: Counter, move: CounterMove, at: Date): Alert[] {
  if (!cap.active) return [];
  const alerts: Alert[] = [];
  if (cap.rollingSeconds !== null) rearm(cap, counter, move);

  for (const threshold of cap.thresholds) {
    if (threshold <= counter.alerted || !reaches(move.after, move.limit, threshold)) continue;
    counter.alerted = threshold;
    counter.changed = true;
    alerts.push(alertOf(cap, counter, move, at, 'threshold', String(threshold), { threshold: String(threshold) }));
  }

  const forecast = forecastOf(counter, move.after, at);
  if (cap.forecast && forecast !== null && !isOver(counter, move.before, move.limit, at)) {
    if (isOver(counter, move.after, move.limit, at)) {
      alerts.push(alertOf(cap, counter, move, at, 'forecast', 'forecast', { forecast: scaledText(forecast) }));
    }
  }
  return alerts;
}

/**
 * What a counter comes to at its period's end if it goes on as it did since the period's beginning; null where no end is
 * known, or nothing has passed of it yet.
 */
export function forecastOf(
  { period: { start, end } }: Pick<Counter, 'period'>,
  settled: bigint,
  at: Date,
): bigint | null {
  if (end === null) return null;
  const now = at.getTime() * 1_000;
  if (now <= start) return null;
  if (now >= end) return settled;
  return (settled * BigInt(end - start)) / BigInt(now - start);
}

/** The value that a counter has for a field, through the cap's scope or as one of "each"; null where it has none. */
export function counterValue(
  cap: Pick<Cap, 'scope' | 'each'>,
  eachValues: readonly string[],
  field: ScopeField,
): string | null {
  return cap.scope[field] ?? eachValues[cap.each.indexOf(field)] ?? null;
}

/** Only falls between two moves, so whoever looks at each move sees it begin. */
function isOver(counter: Counter, settled: bigint, limit: bigint, at: Date): boolean {
  return reaches(settled, limit, FORECAST_FROM) && (forecastOf(counter, settled, at) ?? 0n) > limit;
}

/** What has left the window may pass a threshold again. */
function rearm({ thresholds }: Cap, counter: Counter, { before, limit }: CounterMove): void {
  const passed = thresholds.findLast((threshold) => reaches(before, limit, threshold)) ?? 0;
  if (passed >= counter.alerted) return;
  counter.alerted = passed;
  counter.changed = true;
}

/** Nothing used reaches nothing, also not a limit of 0. */
function reaches(amount: bigint, limit: bigint, percent: number): boolean {
  return amount > 0n && amount * BigInt(100 * FINE) >= limit * BigInt(Math.round(percent * FINE));
}

function alertOf(
  cap: Cap,
  counter: Counter,
  { after, limit }: CounterMove,
  at: Date,
  kind: Alert['kind'],
  what: string,
  detail: Readonly<Record<string, string>>,
): Alert {
  const { eachValues, period } = counter;
  const turn = cap.rollingSeconds === null ? '' : ` ${Math.floor(at.getTime() / 1_000 / cap.rollingSeconds)}`;
  return {
    kind,
    subject: `${counter.id} ${what}${turn}`,
    customerId: counterValue(cap, eachValues, 'customer'),
    capId: cap.id,
    session: counterValue(cap, eachValues, 'session'),
    detail: {
      ...{ cap: cap.key, ...detail, settled: scaledText(after), limit: scaledText(limit) },
      ...{ each: Object.fromEntries(cap.each.map((field, position) => [field, eachValues[position]])) },
      ...(period.end === null ? {} : { resets: new Date(period.end / 1_000).toISOString() }),
    },
    at,
  };
}
