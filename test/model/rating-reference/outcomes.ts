import type { ReferenceChargeOf, ReferenceEvent, ReferenceSegment } from './definitions';
import * as r from './rational';
import type { Rational } from './rational';

type Outcome = ReferenceChargeOf<'outcome'>;

const HOUR_MS = 3_600_000;
/** How long an outcome may be reversed where the charge doesn't say. */
const DISPUTE_HOURS = 90 * 24;

/** A success of a task that may be billed, and what came of it. */
interface Success {
  readonly event: ReferenceEvent;
  readonly countsAt: number;
  readonly price: Rational;
  dropped: boolean;
  creditedAt: number | null;
}

/**
 * What a segment asks: what counted in it, its attempts and failures, less what was reversed in it. Everything is worked
 * out from the first event on, again for each segment.
 */
export function amountOfOutcomes(
  charge: Outcome,
  events: readonly ReferenceEvent[],
  segment: ReferenceSegment,
): Rational {
  const stretches = [...segment.stretches, segment.end];
  const during = (at: number): boolean => segment.start <= at && at < segment.end;
  const ordered = events.filter(({ at }) => at < segment.end).sort(inTime);
  const attempts = ordered.filter((event) => !isReversal(event) && during(event.at));
  const failures = attempts.filter((event) => !isSuccess(charge, event));

  let asked = r.times(r.of(attempts.length), r.of(charge.attemptPrice ?? '0'));
  asked = r.plus(asked, r.times(r.of(failures.length), r.of(charge.failurePrice ?? '0')));
  let credited = r.NOTHING;
  for (const task of new Set(ordered.map(taskOf))) {
    for (const success of settled(
      charge,
      ordered.filter((event) => taskOf(event) === task),
      stretches,
    )) {
      if (during(success.countsAt)) asked = r.plus(asked, success.price);
      if (success.creditedAt !== null && during(success.creditedAt)) credited = r.plus(credited, success.price);
    }
  }
  if (charge.costFloor !== undefined) {
    const cost = r.total(ordered.filter(({ at }) => during(at)).map((event) => r.of(event.cost)));
    asked = r.most(asked, r.times(cost, r.of(charge.costFloor.factor)));
  }
  return r.minus(asked, credited);
}

/** The successes of one task that counted, with those that were credited later. */
function settled(charge: Outcome, events: readonly ReferenceEvent[], stretches: readonly number[]): Success[] {
  const successes = events.flatMap((event): Success[] => {
    const price = priceOf(charge, event);
    if (price === null || isReversal(event) || !isSuccess(charge, event)) return [];
    const countsAt = event.at + (charge.confirmationHours ?? 0) * HOUR_MS;
    return [{ event, countsAt, price, dropped: false, creditedAt: null }];
  });

  for (const reversal of events.filter(isReversal)) {
    const before = successes.filter(({ event }) => inTime(event, reversal) < 0);
    const counting = counted(charge, before, stretches);
    if (counting.some(({ countsAt }) => countsAt > reversal.at)) {
      // It came in time: what waits is not to count at all.
      for (const success of before) if (success.countsAt > reversal.at) success.dropped = true;
      continue;
    }
    const last = counting.findLast(({ creditedAt }) => creditedAt === null);
    const mayCome = (charge.disputeHours ?? DISPUTE_HOURS) * HOUR_MS;
    if (last !== undefined && reversal.at <= last.countsAt + mayCome) last.creditedAt = reversal.at;
  }
  return counted(charge, successes, stretches);
}

/** Of the successes that weren't dropped, those that count: one in a window, so many in a stretch; each begins anew. */
function counted(charge: Outcome, successes: readonly Success[], stretches: readonly number[]): Success[] {
  const { window = 'period', maxPerTask = Number.POSITIVE_INFINITY } = charge;
  const stretchOf = (at: number): number => Math.max(...stretches.filter((start) => start <= at));
  const found: Success[] = [];
  for (const success of successes.filter(({ dropped }) => !dropped)) {
    const sameStretch = found.filter(({ countsAt }) => stretchOf(countsAt) === stretchOf(success.countsAt));
    const last = sameStretch.at(-1);
    const isTaken =
      window === 'period'
        ? sameStretch.length > 0
        : last !== undefined && success.countsAt < last.countsAt + window.hours * HOUR_MS;
    if (!isTaken && sameStretch.length < maxPerTask) found.push(success);
  }
  return found;
}

const inTime = (a: ReferenceEvent, b: ReferenceEvent): number =>
  a.at - b.at || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
const isReversal = ({ fields }: ReferenceEvent): boolean => fields['data.reversed'] === true;
const taskOf = ({ id, fields }: ReferenceEvent): string => (typeof fields['task'] === 'string' ? `task ${fields['task']}` : `event ${id}`); // prettier-ignore

function isSuccess(charge: Outcome, { fields }: ReferenceEvent): boolean {
  return charge.success.every((rule) => {
    if ('humanAccepted' in rule) return fields[rule.field ?? 'data.accepted'] === true;
    const value = fields[rule.field] ?? null;
    if (value === null) return false;
    return 'equals' in rule ? value === rule.equals : r.compare(r.of(String(value)), r.of(rule.atLeast)) >= 0;
  });
}

/** Null for a kind of outcome that isn't billed. */
function priceOf(charge: Outcome, { fields }: ReferenceEvent): Rational | null {
  const named = charge.prices.find(({ type }) => type === fields[charge.typeField ?? 'data.outcome']);
  const price = named?.unitPrice ?? charge.otherwise;
  return price === undefined ? null : r.of(price);
}
