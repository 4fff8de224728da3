import type { Micros, Period } from '../../kernel';
import { OUTCOME_DEFAULTS, type OutcomeCharge } from '../../catalog/domain';
import type { OutcomeEvent } from './usage';

/** What became of the outcomes of a period, by type. Every success and every reversal is in one of the lists, once. */
export interface CountedOutcomes {
  /** Billed in this period. */
  readonly counted: readonly OutcomeType[];
  /** Successes that would have counted in this period, but their task was billed in the same window already. */
  readonly repeated: number;
  /** Successes that would have counted in this period, but their task was billed as often as it may be. */
  readonly capped: number;
  /** Successes of the period that were taken back before they counted. */
  readonly dropped: number;
  /** Successes that count later, unless they are taken back. */
  readonly waiting: number;
  /** Taken back in this period, soon enough to be credited. */
  readonly credited: readonly OutcomeType[];
  /** Reversals of this period that came too late, or whose task had nothing to take back. */
  readonly ignored: number;
}

/** The type that an event gave; null when it gave none. */
export type OutcomeType = string | null;

const HOUR_MICROS = 3_600_000_000;
/** A success of this long ago may still be taken back, so that many months before a period are told apart. */
const EARLIER_MONTHS = 14;
/** The number of all periods to come, of which nothing was billed yet. */
const LATER = -1;

/**
 * Says which outcomes are billed in a period, which are credited, and what became of the others.
 *
 * ```
 * attempt ─► success? ─► waits for its confirmation ─► counts, if it is the first of its task in the window
 *                           └─► dropped by a reversal      └─► credited by a reversal, until the dispute ends
 * ```
 *
 * A success counts `confirmationHours` after it happened, and belongs to the period that holds that moment. So every
 * success is judged in one period, whichever period it happened in, and the same is said of it however often it is
 * asked.
 *
 * - **Windows.** Of a task's outcomes that count in one window the first is billed. The window is the period; or it
 *   begins with an outcome that counts outside of every window, and lasts so many hours. Each period begins without
 *   one: what is billed in it doesn't hang on windows that may reach back for ever.
 * - **Reversals.** A reversal takes back one result of its task: what waits for its confirmation and would be billed, or
 *   else the newest outcome that was billed and not taken back yet. A window whose outcome was taken back stays used.
 * - **Cap.** In one period a task is billed `maxPerTask` times at most.
 *
 * @param events        attempts and reversals up to the period's end, from as long before it as `usageNeeds` says; in
 *                      any order
 * @param earlierStarts where the periods before this one began in which the customer had this price, newest first; what
 *                      happened before the oldest of them was never billed, and isn't now. Calendar months back, unless
 *                      told
 */
export function countOutcomes(
  charge: OutcomeCharge,
  events: readonly OutcomeEvent[],
  period: Period,
  earlierStarts?: readonly Date[],
): CountedOutcomes {
  const rules = compileRules(charge, period, earlierStarts);
  const tally = { counted: [] as OutcomeType[], repeated: 0, capped: 0, dropped: 0, waiting: 0, credited: [] as OutcomeType[], ignored: 0 }; // prettier-ignore

  for (const ofTask of byTask(events, rules)) followTask(ofTask, rules, tally);
  return tally;
}

interface Rules {
  readonly isBillable: (type: OutcomeType) => boolean;
  readonly confirmation: Micros;
  readonly dispute: Micros;
  /** Null where the window is the period. */
  readonly window: Micros | null;
  readonly maxPerTask: number;
  /** What happened before is no part of this price. */
  readonly since: Micros;
  readonly start: Micros;
  readonly end: Micros;
  /** The number of the period that holds an instant: the same for two instants of one period. */
  readonly periodOf: (at: Micros) => number;
}

function compileRules(charge: OutcomeCharge, period: Period, earlierStarts: readonly Date[] | undefined): Rules {
  const { prices, otherwise, window, confirmationHours = 0, disputeHours = OUTCOME_DEFAULTS.disputeHours } = charge;
  const priced = new Set(prices.map(({ type }) => type));
  const start = microsOf(period.start);
  const end = microsOf(period.end);
  const starts = [start, ...(earlierStarts ?? monthsBefore(period.start)).map(microsOf)];
  return {
    isBillable: (type) => otherwise !== undefined || (type !== null && priced.has(type)),
    confirmation: microsOfHours(confirmationHours),
    dispute: microsOfHours(disputeHours),
    window: window === undefined || window === 'period' ? null : microsOfHours(window.hours),
    maxPerTask: charge.maxPerTask ?? Infinity,
    since: earlierStarts === undefined ? -Infinity : starts.at(-1)!,
    start,
    end,
    periodOf: (at) => {
      if (at >= end) return LATER;
      const found = starts.findIndex((begins) => begins <= at);
      return found === -1 ? starts.length : found;
    },
  };
}

/** Successes that may be billed and reversals, in the order of time, for each task; an event without a task is one. */
function byTask(events: readonly OutcomeEvent[], { isBillable, since, end }: Rules): Iterable<OutcomeEvent[]> {
  const tasks = new Map<string, OutcomeEvent[]>();
  const alone: OutcomeEvent[][] = [];
  for (const event of events) {
    if (event.time < since || event.time >= end) continue;
    if (!event.reversal && !(event.success && isBillable(event.type))) continue;
    if (event.task === null) {
      alone.push([event]);
      continue;
    }
    const ofTask = tasks.get(event.task);
    if (ofTask === undefined) tasks.set(event.task, [event]);
    else ofTask.push(event);
  }
  for (const ofTask of tasks.values()) ofTask.sort(byTime);
  return [...tasks.values(), ...alone];
}

function byTime(one: OutcomeEvent, other: OutcomeEvent): number {
  return one.time - other.time || (one.key < other.key ? -1 : one.key > other.key ? 1 : 0);
}

interface Success {
  readonly type: OutcomeType;
  readonly countsAt: Micros;
}

type Tally = { -readonly [K in keyof CountedOutcomes]: CountedOutcomes[K] extends number ? number : OutcomeType[] };

/** Walks through what happened to one task, in the order of time. */
function followTask(events: readonly OutcomeEvent[], rules: Rules, tally: Tally): void {
  const { start, end, confirmation, dispute } = rules;
  const windows = windowsOf(rules);
  /** In the order of time; those before `confirmed` wait no longer. */
  let waiting: Success[] = [];
  let confirmed = 0;
  const billed: Success[] = [];

  const confirmUpTo = (now: Micros): void => {
    for (; confirmed < waiting.length; confirmed += 1) {
      const success = waiting[confirmed]!;
      if (success.countsAt > now) return;
      const place = windows.place(success.countsAt);
      if (place === 'counts') {
        windows.take(success.countsAt);
        billed.push(success);
      }
      if (success.countsAt < start) continue;
      if (place === 'counts') tally.counted.push(success.type);
      else tally[place] += 1;
    }
  };

  for (const { time, type, reversal } of events) {
    confirmUpTo(time);
    if (!reversal) {
      waiting.push({ type, countsAt: time + confirmation });
      continue;
    }
    const isOfPeriod = time >= start;
    const pending = waiting.slice(confirmed);
    if (pending.some(({ countsAt }) => windows.place(countsAt) === 'counts')) {
      if (isOfPeriod) tally.dropped += pending.length;
      waiting = [];
      confirmed = 0;
      continue;
    }
    const newest = billed.at(-1);
    const inTime = newest !== undefined && time <= newest.countsAt + dispute;
    if (inTime) billed.pop();
    if (!isOfPeriod) continue;
    if (inTime) tally.credited.push(newest.type);
    else tally.ignored += 1;
  }
  confirmUpTo(end - 1);
  tally.waiting += waiting.length - confirmed;
}

/** Which moments of a task may still be billed. They are asked for in the order of time. */
function windowsOf({ window, maxPerTask, periodOf }: Rules): {
  place: (at: Micros) => 'counts' | 'repeated' | 'capped';
  take: (at: Micros) => void;
} {
  /** The period that the task was billed in last, how often in it, and when its last window there ends. */
  let period: number | null = null;
  let times = 0;
  let windowEnd = -Infinity;
  return {
    place: (at) => {
      if (periodOf(at) !== period) return 'counts';
      if (window === null || at < windowEnd) return 'repeated';
      return times < maxPerTask ? 'counts' : 'capped';
    },
    take: (at) => {
      const of = periodOf(at);
      times = of === period ? times + 1 : 1;
      period = of;
      windowEnd = at + (window ?? 0);
    },
  };
}

function microsOf(at: Date): Micros {
  return at.getTime() * 1_000;
}

/** Rounded, since a third of an hour has no exact number. */
function microsOfHours(hours: number): Micros {
  return Math.round(hours * HOUR_MICROS);
}

/** The same day and time in the calendar months before, UTC; in a month without that day, its last one. */
function monthsBefore(start: Date): Date[] {
  return Array.from({ length: EARLIER_MONTHS }, (_, index) => {
    const earlier = new Date(start);
    earlier.setUTCDate(1);
    earlier.setUTCMonth(start.getUTCMonth() - index - 1);
    const lastDay = new Date(Date.UTC(earlier.getUTCFullYear(), earlier.getUTCMonth() + 1, 0)).getUTCDate();
    earlier.setUTCDate(Math.min(start.getUTCDate(), lastDay));
    return earlier;
  });
}
