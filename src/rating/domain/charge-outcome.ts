import { Decimal, invariant, ONE, sum, ZERO, type Period } from '../../kernel';
import type { OutcomeCharge } from '../../catalog/domain';
import { countOutcomes, type CountedOutcomes, type OutcomeType } from './count-outcomes';
import type { BreakdownRow } from './rated-charge';
import { shown } from './shown';
import type { UsageToRate } from './usage';

/**
 * Charges what worked, once for each task: a price for each outcome by its type, credits for outcomes that were taken
 * back, and prices for attempts and failures where the charge has them. With 0.99 for a resolved ticket and 0.10 for an
 * attempt:  ticket a resolved on its third attempt, ticket b given up after two → 0.99 + 5 × 0.10 = 1.49.
 *
 * Which outcomes are billed in the period is `countOutcomes`' to say. An outcome without a price (its type isn't in the
 * list, and there is no price for others) is not billable, and no outcome as far as this charge is concerned. An attempt
 * is an event that isn't a reversal, and belongs to the period it happened in, whatever becomes of it later.
 *
 * With a cost floor the charge is at least cost × factor. The floor looks at what was charged in the period, not at
 * credits of it: those give back what an earlier charge was.
 *
 * The amount may be below zero, when more is credited than charged.
 *
 * @param usage         with its outcomes, and with the cost for the floor where the charge has one
 * @param earlierStarts where the periods before this one began with this price, newest first, as for `countOutcomes`
 * @returns             a row for each type billed; rows of 0 for successes and reversals that change nothing; rows of
 *                      attempts, failures, the floor, and credits below zero
 * @see                 docs/pricing/outcome.md
 */
export function chargeOutcome(
  charge: OutcomeCharge,
  usage: Pick<UsageToRate, 'outcomes' | 'floorCost'>,
  period: Period,
  earlierStarts?: readonly Date[],
): BreakdownRow[] {
  const { outcomes, floorCost } = usage;
  invariant(outcomes !== undefined, 'the attempts are known where outcomes are charged');
  const found = countOutcomes(charge, outcomes, period, earlierStarts);

  const charged = [...billedRows(charge, found), ...attemptRows(charge, usage, period)];
  const floor = charge.costFloor === undefined ? [] : floorRows(charge.costFloor.factor, floorCost, charged);
  return [...charged, ...floor, ...creditRows(charge, found)];
}

function billedRows(charge: OutcomeCharge, found: CountedOutcomes): BreakdownRow[] {
  const { counted, repeated, capped, dropped, waiting } = found;
  const window = charge.window === undefined || charge.window === 'period' ? 'period' : `${charge.window.hours} hours`;
  return [
    ...byPrice(charge, counted).map(({ what, count, unitPrice }) =>
      priced('outcome', `${what}: billed once for each task`, count, unitPrice),
    ),
    ...noted('outcome', `Successes of tasks that were billed in the same ${window}`, repeated),
    ...noted('outcome', `Successes beyond the ${charge.maxPerTask} that a task is billed for in a period`, capped),
    ...noted('outcome', 'Successes taken back before they counted', dropped),
    ...noted('outcome', 'Successes that wait for their confirmation and count later', waiting),
  ];
}

function attemptRows(
  charge: OutcomeCharge,
  { outcomes }: Pick<UsageToRate, 'outcomes'>,
  period: Period,
): BreakdownRow[] {
  const { attemptPrice, failurePrice } = charge;
  if (attemptPrice === undefined && failurePrice === undefined) return [];

  const start = period.start.getTime() * 1_000;
  const end = period.end.getTime() * 1_000;
  const attempts = outcomes!.filter(({ reversal, time }) => !reversal && start <= time && time < end);
  const failures = attempts.filter(({ success }) => !success);
  return [
    ...(attemptPrice === undefined
      ? []
      : ofSome('attempt', 'Attempts, whatever came of them', attempts.length, attemptPrice)),
    ...(failurePrice === undefined ? [] : ofSome('failure', 'Attempts that failed', failures.length, failurePrice)),
  ];
}

/** What lifts the charge to the floor; none where it is there already. */
function floorRows(factor: Decimal, cost: UsageToRate['floorCost'], charged: readonly BreakdownRow[]): BreakdownRow[] {
  invariant(cost !== undefined, 'the cost is known that an outcome charge must not fall below');
  const floor = cost.cost.times(factor);
  const lift = floor.minus(sum(charged.map(({ amount }) => amount)));
  if (!lift.greaterThan(0)) return [];
  const description = `Raised to ${shown(floor)}, at least ${shown(factor)} times the cost of ${shown(cost.cost)}`;
  return [row('floor', description, ONE, lift)];
}

function creditRows(charge: OutcomeCharge, { credited, ignored }: CountedOutcomes): BreakdownRow[] {
  return [
    ...byPrice(charge, credited).map(({ what, count, unitPrice }) =>
      priced('credit', `${what}: taken back, and credited`, count, ZERO.minus(unitPrice)),
    ),
    ...noted('credit', 'Reversals that came too late, or had nothing to take back', ignored),
  ];
}

interface ByPrice {
  readonly what: string;
  readonly count: number;
  readonly unitPrice: Decimal;
}

/** How many there are for each price, in the order of the prices; types without one of their own come last, together. */
function byPrice({ prices, otherwise }: OutcomeCharge, types: readonly OutcomeType[]): ByPrice[] {
  const places = new Map<OutcomeType, number>(prices.map(({ type }, place) => [type, place]));
  const counts = new Map<number, number>();
  for (const type of types) {
    const place = places.get(type) ?? prices.length;
    counts.set(place, (counts.get(place) ?? 0) + 1);
  }
  const named = [...prices.map(({ type, unitPrice }) => ({ what: type, unitPrice })), { what: 'Other outcomes', unitPrice: otherwise }]; // prettier-ignore
  return named.flatMap(({ what, unitPrice }, place) => {
    const count = counts.get(place);
    if (count === undefined) return [];
    invariant(unitPrice !== undefined, 'an outcome that is billed has a price');
    return [{ what, count, unitPrice }];
  });
}

/** A row that only tells, where there is something to tell. */
function noted(kind: 'outcome' | 'credit', description: string, count: number): BreakdownRow[] {
  return ofSome(kind, description, count, ZERO);
}

function ofSome(kind: BreakdownRow['kind'], description: string, count: number, unitPrice: Decimal): BreakdownRow[] {
  return count === 0 ? [] : [priced(kind, description, count, unitPrice)];
}

function priced(kind: BreakdownRow['kind'], description: string, count: number, unitPrice: Decimal): BreakdownRow {
  return row(kind, description, new Decimal(count), unitPrice);
}

function row(kind: BreakdownRow['kind'], description: string, quantity: Decimal, unitPrice: Decimal): BreakdownRow {
  return { kind, description, from: null, upTo: null, quantity, unitPrice, amount: quantity.times(unitPrice) };
}
