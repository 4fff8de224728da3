import { Decimal, invariant, ONE, ZERO } from '../../../kernel';

/**
 * What holds like this one came to in the end, in one measure: amounts of one currency, or units of one meter. Each list
 * holds the latest settled ones of its circle, in any order, none below zero. A wider circle includes the narrower one.
 */
export interface SizingHistory {
  /** Of this customer and this task class. */
  readonly customer: readonly Decimal[];
  /** Of this task class, all customers. */
  readonly taskClass: readonly Decimal[];
  /** Of the organisation, all task classes. */
  readonly organisation: readonly Decimal[];
}
export type Circle = keyof SizingHistory;

/** What history says of the next hold. */
export interface Outlook {
  /** The chance that was asked for: that the work comes to more than is held. Above 0, below 1. */
  readonly risk: Decimal;
  /** The smallest amount seen that keeps the chance of more within `risk`; null: too little was seen to promise it. */
  readonly amount: Decimal | null;
  /** The largest amount of the circles that count; null: nothing was seen. */
  readonly largest: Decimal | null;
  /** The chance that the work comes to more than `largest`; 1 where nothing was seen. */
  readonly beyondLargest: Decimal;
  /** How many amounts of each circle were looked at, and which share of the answer is theirs. Shares add up to 1, or 0. */
  readonly from: Readonly<Record<Circle, { readonly seen: number; readonly share: Decimal }>>;
}

/** A circle stands alone once this many of its amounts are expected above what is held: 100 amounts at a risk of 0.05. */
const ENOUGH_ABOVE = new Decimal(5);
/** At greater risks five amounts come together soon, but a handful says little of anybody: 50 it takes in any case. */
const LARGEST_RISK_FOR_ENOUGH = new Decimal('0.1');
/**
 * Sizing aims at nine tenths of the risk it states. The rest is for what changes between what was seen and what comes, and
 * for what settles last: long work is missing from history for as long as it runs, and that is the dear work.
 */
const AIM = new Decimal('0.9');
/** Twice what it takes to stand alone: enough to be steady, and recent enough to follow a change. */
const WINDOW = 2;
/** More is not read, however small the risk: then history may be too thin to promise it. */
const MOST_WANTED = 2_000;

/** The order in which circles are asked. */
const CIRCLES: readonly Circle[] = ['customer', 'taskClass', 'organisation'];

/** How many of the latest settled holds of each circle are worth reading: 200 at a risk of 0.05, 1,000 at 0.01. */
export function historyWanted(risk: Decimal): number {
  refuseNoRisk(risk);
  const enough = ENOUGH_ABOVE.dividedBy(Decimal.min(risk, LARGEST_RISK_FOR_ENOUGH));
  // eslint-disable-next-line no-restricted-syntax -- a count of rows
  return Decimal.min(enough.times(WINDOW).ceil(), MOST_WANTED).toNumber();
}

/**
 * Says what to hold so that the work comes to more with a chance of `risk` at most.
 *
 * Of n amounts seen and one to come, each is as likely to be the largest: the next lies above the k-th largest with a
 * chance of k in n + 1. This needs no assumption about how amounts are spread, and it is modest where few were seen: nine
 * amounts say nothing about a chance of one in twenty. The circles are mixed: the customer's own amounts have a share of
 * n ÷ 100 (at a risk of 0.05), the class has the like share of what is left, the organisation the rest.
 *
 * ```
 * chance of more   1 |__
 *                    |  \___            own amounts (share 0.4)  +  the class's (share 0.6)
 *                    |      \_______
 *        0.9 × risk  |- - - - - - - \_____________ - -
 *                    +---------------|----------------> amount
 *                                  held
 * ```
 *
 * @param risk above 0, below 1: 1 less the quantile, 0.05 for p95
 */
export function outlookOf(history: SizingHistory, risk: Decimal): Outlook {
  refuseNoRisk(risk);
  const shares = sharesOf(history, risk);
  const counting = CIRCLES.filter((circle) => shares[circle].greaterThan(0));

  // An amount of a circle weighs share ÷ (n + 1). Weights are kept as whole multiples of 1 ÷ `whole`, so that nothing rounds.
  const places = new Map(counting.map((circle) => [circle, new Decimal(history[circle].length + 1)]));
  const whole = [...places.values()].reduce((product, count) => product.times(count), ONE);
  const weighed = counting.flatMap((circle) => {
    const weight = shares[circle].times(whole.dividedToIntegerBy(places.get(circle)!));
    return history[circle].map((amount) => ({ amount, weight }));
  });
  weighed.sort((one, other) => other.amount.comparedTo(one.amount));

  const seen = weighed.reduce((total, { weight }) => total.plus(weight), ZERO);
  const beyondLargest = counting.length === 0 ? ONE : whole.minus(seen).dividedBy(whole);
  return {
    risk,
    amount: smallestWithin(weighed, whole.minus(seen), whole.times(risk).times(AIM)),
    largest: weighed[0]?.amount ?? null,
    beyondLargest,
    from: {
      customer: { seen: history.customer.length, share: shares.customer },
      taskClass: { seen: history.taskClass.length, share: shares.taskClass },
      organisation: { seen: history.organisation.length, share: shares.organisation },
    },
  };
}

/** @throws InvariantError for a risk that nobody may ask for: no risk at all can't be promised from what was seen */
function refuseNoRisk(risk: Decimal): void {
  invariant(risk.greaterThan(0) && risk.lessThan(1), 'a risk lies between 0 and 1');
}

/** What each circle has to say; what none has amounts for goes to the widest that has some. */
function sharesOf(history: SizingHistory, risk: Decimal): Record<Circle, Decimal> {
  const shares = { customer: ZERO, taskClass: ZERO, organisation: ZERO };
  const known = CIRCLES.filter((circle) => history[circle].length > 0);
  const perAmount = Decimal.min(risk, LARGEST_RISK_FOR_ENOUGH).dividedBy(ENOUGH_ABOVE);
  let left = ONE;
  known.forEach((circle, index) => {
    const own = Decimal.min(perAmount.times(history[circle].length), ONE);
    shares[circle] = index === known.length - 1 ? left : left.times(own);
    left = left.minus(shares[circle]);
  });
  return shares;
}

/**
 * The smallest amount with no more than `allowed` above it.
 * @param weighed descending by amount
 * @param unseen  the weight of what is larger than anything seen
 */
function smallestWithin(
  weighed: readonly { readonly amount: Decimal; readonly weight: Decimal }[],
  unseen: Decimal,
  allowed: Decimal,
): Decimal | null {
  let above = unseen;
  let smallest: Decimal | null = null;
  let larger: Decimal | null = null;
  for (const { amount, weight } of weighed) {
    if (larger === null || amount.lessThan(larger)) {
      if (above.greaterThan(allowed)) break;
      smallest = amount;
      larger = amount;
    }
    above = above.plus(weight);
  }
  return smallest;
}
