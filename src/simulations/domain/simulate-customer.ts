import { type Currency, type Decimal, DomainError, InvalidRequestError, sum, ZERO } from '../../kernel';
import type { Plan, Price } from '../../catalog/domain';
import type { SegmentUsage } from '../../metering/domain';
import { NO_USAGE } from '../../rating/domain';
import {
  type IncludedUse,
  type PlanToSimulate,
  type SimulatedBill,
  type SimulatedLine,
  simulatePlan,
  type UsageOfPrices,
} from './simulate-plan';
import { notByTheMonth, type SimulatedPeriod } from './simulated-periods';

/** An amount in another currency, or null where no exchange rate is in force: never one to one. */
export type ConvertAmount = (amount: Decimal, from: Currency, to: Currency) => Decimal | null;

/** Everything that is known of one customer before rating. */
export interface CustomerToSimulate {
  readonly customerId: string;
  /** Of each month, at what it really cost. */
  readonly usageNow: readonly SegmentUsage[];
  /** The same usage at the costs that are supposed; the same object where none are. */
  readonly usageThen: readonly SegmentUsage[];
  /** What they hold now: none for a customer without a subscription; null where nothing is compared. */
  readonly now: readonly PlanToSimulate[] | null;
}

/** What is the same for all customers of a simulation. */
export interface SimulationTerms {
  readonly periods: readonly SimulatedPeriod[];
  readonly candidates: readonly Plan[];
  /** Where months begin. */
  readonly timeZone: string;
  /** What costs are kept in. */
  readonly costCurrency: Currency;
  readonly convert: ConvertAmount;
}

/** One customer under one candidate. Money is in the candidate's currency. */
export interface CustomerOutcome {
  readonly customerId: string;
  /** Null where nothing is compared, or it is in a currency without a rate. */
  readonly revenueNow: Decimal | null;
  /** Null where the candidate can't rate this customer's usage; then `problem` says why. */
  readonly revenueThen: Decimal | null;
  /** What the usage cost, and would cost; null without an exchange rate. */
  readonly costNow: Decimal | null;
  readonly costThen: Decimal | null;
  /** Events whose cost isn't known: it is in neither cost. */
  readonly pendingEvents: number;
  readonly events: number;
  readonly lines: readonly SimulatedLine[];
  readonly included: readonly IncludedUse[];
  readonly problem: string | null;
}

/** One customer under every candidate, and how often a plan was rated for that. */
export interface SimulatedCustomer {
  readonly outcomes: readonly CustomerOutcome[];
  readonly ratings: number;
}

/**
 * Bills one customer's usage by what they hold and by each candidate, and sets one beside the other. A customer whose
 * usage a plan can't rate (a matrix without a cell for it) is told apart and leaves the others alone.
 *
 * A plan is rated once for each month. That is all the rating there is: the events are in the usage already.
 */
export function simulateCustomer(customer: CustomerToSimulate, terms: SimulationTerms): SimulatedCustomer {
  const { candidates, costCurrency, convert } = terms;
  const usageNow = customer.usageNow.map(toUsageOfPrices);
  const usageThen = customer.usageThen.map(toUsageOfPrices);
  const held = customer.now?.map((plan) => attempt(() => simulateMonths(plan, usageNow, terms))) ?? null;
  const costNow = sum(customer.usageNow.map(({ allEvents }) => allEvents.cost));
  const costThen = sum(customer.usageThen.map(({ allEvents }) => allEvents.cost));
  const allEvents = customer.usageNow.map((month) => month.allEvents);

  let ratings = held?.reduce((all, bill) => all + ratingsOf(bill), 0) ?? 0;
  const outcomes = candidates.map((plan): CustomerOutcome => {
    const bill = attempt(() => simulateMonths({ plan, firstPeriod: 0 }, usageThen, terms));
    ratings += ratingsOf(bill);
    const problems = [...(held ?? []), bill].filter((one): one is string => typeof one === 'string');
    return {
      customerId: customer.customerId,
      revenueNow: held === null ? null : revenueOf(held, plan.currency, convert),
      revenueThen: typeof bill === 'string' ? null : bill.revenue,
      costNow: convert(costNow, costCurrency, plan.currency),
      costThen: convert(costThen, costCurrency, plan.currency),
      pendingEvents: allEvents.reduce((all, { pendingEvents }) => all + pendingEvents, 0),
      events: allEvents.reduce((all, { events }) => all + events, 0),
      lines: typeof bill === 'string' ? [] : bill.lines,
      included: typeof bill === 'string' ? [] : bill.included,
      problem: problems[0] ?? null,
    };
  });
  return { outcomes, ratings };
}

/** @throws InvalidRequestError `invalid_plan` for what a customer holds that isn't billed by the month */
function simulateMonths(
  held: PlanToSimulate,
  usage: readonly UsageOfPrices[],
  { periods, timeZone }: SimulationTerms,
): SimulatedBill {
  const why = notByTheMonth(held.plan);
  if (why !== null) throw new InvalidRequestError('invalid_plan', `${why[0]!.toUpperCase()}${why.slice(1)}.`);
  return simulatePlan(held, usage, periods, timeZone);
}

/** A month's usage as rating asks for it. */
export function toUsageOfPrices(month: SegmentUsage): UsageOfPrices {
  return { of: ({ meterId, charge }: Price) => (meterId === null ? NO_USAGE : month.of(meterId, charge)) };
}

/** A bill, or why there is none: a refusal that is foreseen. Anything else is a bug and goes on. */
function attempt(bill: () => SimulatedBill): SimulatedBill | string {
  try {
    return bill();
  } catch (error) {
    if (error instanceof DomainError) return error.message;
    throw error;
  }
}

function ratingsOf(bill: SimulatedBill | string): number {
  return typeof bill === 'string' ? 0 : bill.ratings;
}

/** Null as soon as one part is not known. */
function revenueOf(
  bills: readonly (SimulatedBill | string)[],
  currency: Currency,
  convert: ConvertAmount,
): Decimal | null {
  let revenue = ZERO;
  for (const bill of bills) {
    const converted = typeof bill === 'string' ? null : convert(bill.revenue, bill.currency, currency);
    if (converted === null) return null;
    revenue = revenue.plus(converted);
  }
  return revenue;
}
