import type { Plan, Price } from '../../catalog/domain';
import { type Currency, type Decimal, invariant, type Period, sum } from '../../kernel';
import {
  type BreakdownRow,
  NO_USAGE,
  rateCharge,
  roundingStep,
  roundLine,
  type UsageToRate,
} from '../../rating/domain';

/** One charge as the customer sees it. */
export interface DraftLine {
  readonly price: Price;
  readonly description: string;
  readonly quantity: Decimal;
  /** Events behind the quantity. */
  readonly events: number;
  /** Exact, before rounding. */
  readonly exactAmount: Decimal;
  /** Rounded to the currency's minor unit. */
  readonly amount: Decimal;
  readonly servicePeriod: Period;
  readonly breakdown: readonly BreakdownRow[];
  readonly steps: readonly string[];
  /** Events the charge depends on whose cost isn't known yet. */
  readonly pendingEvents: number;
}

/** What an invoice for one period says before it has a number. */
export interface DraftInvoice {
  readonly currency: Currency;
  readonly servicePeriod: Period;
  readonly lines: readonly DraftLine[];
  /** Sum of the lines' amounts. */
  readonly total: Decimal;
  /** Sum of the lines' exact amounts. */
  readonly exactTotal: Decimal;
  /** What all of the customer's events in the period cost us. */
  readonly cost: Decimal;
  /** Events among them whose cost isn't known yet. */
  readonly pendingEvents: number;
}

/** Usage of the period by meter. */
export interface UsageOfPeriod {
  readonly allEvents: UsageToRate;
  of(meterId: string): UsageToRate;
}

/**
 * Composes the invoice of one subscription for one period: a line for each price of the plan, in the plan's order,
 * also for what wasn't used, so that the customer sees what is charged and that it was nothing.
 *
 * Each line is rounded once; the total is the sum of the rounded lines, so that what the customer adds up agrees.
 * Pure: the same plan and usage give the same invoice.
 */
export function draftInvoice(plan: Plan, period: Period, usage: UsageOfPeriod): DraftInvoice {
  const lines = plan.prices.map((price) => draftLine(price, plan.currency, period, usage));
  refuseTwoLinesForOnePrice(lines);
  return {
    currency: plan.currency,
    servicePeriod: period,
    lines,
    total: sum(lines.map((line) => line.amount)),
    exactTotal: sum(lines.map((line) => line.exactAmount)),
    cost: usage.allEvents.cost,
    pendingEvents: usage.allEvents.pendingEvents,
  };
}

function draftLine(price: Price, currency: Currency, servicePeriod: Period, usage: UsageOfPeriod): DraftLine {
  const metered = price.meterId === null ? NO_USAGE : usage.of(price.meterId);
  const charge = rateCharge(price, metered);
  return {
    price,
    description: price.name,
    quantity: charge.quantity,
    events: metered.events,
    exactAmount: charge.amount,
    amount: roundLine(charge.amount, currency),
    servicePeriod,
    breakdown: charge.breakdown,
    steps: [...charge.steps, roundingStep(charge.amount, currency)],
    pendingEvents: charge.pendingEvents,
  };
}

/** The bound that stops a doubled price before it reaches a customer. */
function refuseTwoLinesForOnePrice(lines: readonly DraftLine[]): void {
  const prices = new Set(lines.map((line) => line.price.id));
  invariant(prices.size === lines.length, 'an invoice has one line for a price and service period');
}
