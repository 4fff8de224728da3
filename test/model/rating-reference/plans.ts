import type { ReferenceEvent, ReferencePlan, ReferenceSegment } from './definitions';
import { isGiven, lessMoney, lessPercent, referencePrice, shareOf, unitsShareOf, type ReferencePool } from './prices';
import * as r from './rational';
import type { Rational } from './rational';

type ReferencePoolTerms = NonNullable<ReferencePlan['terms']['pools']>[number];

export interface ReferenceLines {
  /** Exact amounts by the lines' keys. */
  readonly lines: ReadonlyMap<string, Rational>;
  readonly total: Rational;
  /** What is left in each pool when the segment ends. */
  readonly left: ReadonlyMap<string, Rational>;
}

/**
 * A customer's whole time on one plan, segment by segment: pools are granted, used and rolled over, and what was
 * promised for a term is asked for at its end, once the segments are all of it.
 *
 * @param usage events by price key, of all segments
 */
export function referencePlan(
  plan: ReferencePlan,
  usage: ReadonlyMap<string, readonly ReferenceEvent[]>,
  segments: readonly ReferenceSegment[],
): ReferenceLines[] {
  const pools = new Map((plan.terms.pools ?? []).map(({ key }): [string, ReferencePool] => [key, { lots: [] }]));
  let chargedInTerm = r.NOTHING;
  let promisedInTerm = r.NOTHING;

  return segments.map((segment) => {
    for (const { key, amount } of plan.terms.pools ?? []) {
      pools.get(key)!.lots.push({ left: unitsShareOf(r.of(amount), segment), grantedIn: segment.periodIndex });
    }

    const lines = new Map<string, Rational>();
    const moved = new Map<string, Rational>();
    for (const price of plan.prices) {
      const added = moved.get(price.key) ?? r.NOTHING;
      const priced = referencePrice(plan, price, usage.get(price.key) ?? [], segment, pools, added);
      lines.set(price.key, priced.amount);
      if (priced.moved !== null) {
        const { to, units } = priced.moved;
        moved.set(to, r.plus(moved.get(to) ?? r.NOTHING, units));
      }
    }

    giveDiscounts(plan, lines, segment);
    bound(plan, lines, segment);

    const { commitment } = plan.terms;
    if (commitment !== undefined) {
      const place = segment.periodIndex % commitment.periods;
      if (place === 0 && segment.first) chargedInTerm = promisedInTerm = r.NOTHING;
      const aPeriod = r.through(r.of(commitment.amount), r.of(commitment.periods));
      if (segment.trial === null) promisedInTerm = r.plus(promisedInTerm, shareOf(aPeriod, segment));
      const charged = r.plus(chargedInTerm, r.total([...lines.values()]));
      if (place === commitment.periods - 1 && segment.last) {
        const missing = r.minus(promisedInTerm, charged);
        if (r.isLess(r.NOTHING, missing)) lines.set('plan:true_up', missing);
      }
      chargedInTerm = charged;
    }

    const left = new Map([...pools].map(([key, { lots }]) => [key, r.total(lots.map((lot) => lot.left))]));
    if (segment.last)
      for (const pool of plan.terms.pools ?? []) rollOver(pool, pools.get(pool.key)!, segment.periodIndex);
    return { lines, total: r.total([...lines.values()]), left };
  });
}

/** Each discount lowers what the ones before it left of its prices; their sum is a line of its own. */
function giveDiscounts(plan: ReferencePlan, lines: Map<string, Rational>, segment: ReferenceSegment): void {
  const left = new Map(plan.prices.map(({ key }) => [key, lines.get(key)!]));
  for (const discount of plan.terms.discounts ?? []) {
    if (!isGiven(discount, segment)) continue;
    const scope = [...left.keys()].filter((key) => discount.prices === undefined || discount.prices.includes(key));
    let given = r.NOTHING;
    let money = 'amount' in discount && segment.first ? r.of(discount.amount) : r.NOTHING;
    for (const key of scope) {
      const before = left.get(key)!;
      const after = 'percent' in discount ? lessPercent(before, discount.percent) : lessMoney(before, money);
      const lowered = r.minus(before, after);
      money = r.minus(money, lowered);
      given = r.plus(given, lowered);
      left.set(key, after);
    }
    if (!r.isNothing(given)) lines.set(`plan:discount:${discount.key}`, r.minus(r.NOTHING, given));
  }
}

/** The least and the most that the prices together are, behind their discounts. */
function bound(plan: ReferencePlan, lines: Map<string, Rational>, segment: ReferenceSegment): void {
  const { minimum, maximum } = plan.terms;
  const sum = (): Rational => r.total([...lines.values()]);
  if (minimum !== undefined && segment.trial === null) {
    const missing = r.minus(shareOf(r.of(minimum), segment), sum());
    if (r.isLess(r.NOTHING, missing)) lines.set('plan:minimum', missing);
  }
  if (maximum !== undefined) {
    const above = r.minus(sum(), shareOf(r.of(maximum), segment));
    if (r.isLess(r.NOTHING, above)) lines.set('plan:maximum', r.minus(r.NOTHING, above));
  }
}

/** What is left goes into the next periods for as long as its pool says; over the limit, what ends first is lost first. */
function rollOver({ rollover }: ReferencePoolTerms, pool: ReferencePool, periodIndex: number): void {
  const lasts = rollover?.expiresAfterPeriods ?? 0;
  const kept = pool.lots.filter(({ grantedIn }) => grantedIn + lasts > periodIndex);
  if (rollover?.limit !== undefined) {
    let over = r.minus(r.total(kept.map(({ left }) => left)), r.of(rollover.limit));
    for (const lot of kept) {
      if (!r.isLess(r.NOTHING, over)) break;
      const lost = r.least(over, lot.left);
      lot.left = r.minus(lot.left, lost);
      over = r.minus(over, lost);
    }
  }
  pool.lots.splice(0, pool.lots.length, ...kept);
}
