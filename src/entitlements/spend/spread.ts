import { scaledFromDecimal } from '../../kernel';
import type { PendingGroup } from '../domain';
import type { ChargeSoFar, PeriodSoFar } from './charged-so-far';

const MINUTE_MICROS = 60_000_000;

/** Events that may have caused a difference, with the row they were counted from; null for what happened before. */
export interface Cause {
  readonly group: PendingGroup;
  readonly pendingId: string | null;
}

/** A part of a difference; without a cause, no event that was counted explains it. */
export interface Share {
  readonly cause: Cause | null;
  /** Counts 10^-24; not zero. */
  readonly amount: bigint;
}

/**
 * Says what caused a change of a charge: it is spread over the events of its meter by their quantity, of a margin on costs by
 * their cost. A tier that is reached raises the price of all that were counted with it. The parts add up to the difference,
 * to the last digit.
 *
 * ```
 * +30 at feature a, +10 at b, difference 0.80     a 0.60 · b 0.20
 * +30 at a, −30 at b, difference 0.00             a 0.60 · b −0.60     at 0.02, what a unit comes to on average
 * ```
 *
 * @param difference counts 10^-24
 */
export function spread(
  difference: bigint,
  charge: Pick<ChargeSoFar, 'meterId' | 'otherMeterIds' | 'byCost' | 'amount' | 'quantity'>,
  period: Pick<PeriodSoFar, 'start' | 'end'>,
  causes: readonly Cause[],
): Share[] {
  const inPeriod = causes.filter(
    ({ group: { minute } }) => minute < period.end && minute + MINUTE_MICROS > period.start,
  );
  const weighed = weigh(inPeriod, [charge.meterId], charge.byCost) ?? weigh(inPeriod, charge.otherMeterIds, false);
  if (weighed === null) return difference === 0n ? [] : [{ cause: null, amount: difference }];

  const { caused, weights } = weighed;
  const isMixed = weights.some((weight) => weight > 0n) && weights.some((weight) => weight < 0n);
  // What was added here and taken off there: each counts as a unit does on average, and only the rest is spread.
  const own = isMixed ? weights.map((weight) => atAverage(weight, charge)) : weights.map(() => 0n);
  const rest = difference - own.reduce((total, amount) => total + amount, 0n);
  const parts = shares(
    rest,
    weights.map((weight) => (weight < 0n ? -weight : weight)),
  );
  return caused
    .map((cause, place) => ({ cause, amount: own[place]! + parts[place]! }))
    .filter(({ amount }) => amount !== 0n);
}

/** Those that used something of some meters, with how much; null where there are none. */
function weigh(
  causes: readonly Cause[],
  meterIds: readonly string[],
  byCost: boolean,
): { readonly caused: readonly Cause[]; readonly weights: readonly bigint[] } | null {
  const caused = causes.filter(({ group: { units } }) => meterIds.some((id) => units.has(id)));
  if (caused.length === 0) return null;
  const used = caused.map(({ group }) =>
    byCost ? group.cost : meterIds.reduce((total, id) => total + (group.units.get(id) ?? 0n), 0n),
  );
  if (used.some((weight) => weight !== 0n)) return { caused, weights: used };
  // A level or a count of different values adds up to nothing: then each event has as much of it.
  const events = caused.map(({ group: { actions } }) => BigInt(actions));
  return events.some((weight) => weight !== 0n) ? { caused, weights: events } : null;
}

function atAverage(weight: bigint, { amount, quantity }: Pick<ChargeSoFar, 'amount' | 'quantity'>): bigint {
  if (quantity.isZero()) return 0n;
  const units = scaledFromDecimal(quantity.toDecimalPlaces(24));
  return units === 0n ? 0n : (weight * scaledFromDecimal(amount)) / units;
}

/** A total in parts by weights of which one at least is above zero; the largest remainders get what is left. */
function shares(total: bigint, weights: readonly bigint[]): bigint[] {
  const all = weights.reduce((sum, weight) => sum + weight, 0n);
  const sign = total < 0n ? -1n : 1n;
  const units = total * sign;
  const parts = weights.map((weight, place) => ({
    place,
    whole: (units * weight) / all,
    remainder: (units * weight) % all,
  }));
  let left = units - parts.reduce((sum, { whole }) => sum + whole, 0n);
  const byRemainder = [...parts].sort((a, b) =>
    a.remainder === b.remainder ? a.place - b.place : a.remainder > b.remainder ? -1 : 1,
  );
  for (const part of byRemainder) {
    if (left === 0n) break;
    part.whole += 1n;
    left -= 1n;
  }
  return parts.map(({ whole }) => whole * sign);
}
