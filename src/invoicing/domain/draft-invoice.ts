import type { Plan, Price } from '../../catalog/domain';
import { type Currency, type Decimal, invariant, type Period, sum } from '../../kernel';
import { type BreakdownRow, type LineKind, type RatedLine, roundingStep, type UsageTotals } from '../../rating/domain';
import type { RatedSegment } from './rate-segments';

/**
 * What a line is: a charge of a period or a fee in advance, the difference of a period that was billed before, what of a
 * fee is given back, what a threshold bills and what the period then takes off again, or an item.
 */
export type DraftLineKind = LineKind | 'adjustment' | 'credit' | 'threshold' | 'threshold_credit' | 'item';

/** One charge as the customer sees it. */
export interface DraftLine {
  readonly kind: DraftLineKind;
  /** The price's key, or what of the plan it is, such as `plan:minimum`. */
  readonly key: string;
  /** The version it was charged by; null for an item. */
  readonly plan: Plan | null;
  /** Null for a line of the plan as a whole. */
  readonly price: Price | null;
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
  /** Which fee in advance it charges or credits. */
  readonly feeId?: string;
  readonly itemId?: string;
  /** What kind of thing is sold, as tax rates see it; without it what its price says. */
  readonly taxCode?: string | null;
  /** Whether the amount includes its taxes; without it what its price says. */
  readonly taxBehaviour?: 'exclusive' | 'inclusive' | null;
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

/**
 * Composes the invoice of one subscription for one period from its rated segments, in the order of time: a line for
 * each price of each segment's plan, also for what wasn't used, so that the customer sees what is charged and that it
 * was nothing; and behind a segment's prices what is agreed for its plan as a whole.
 *
 * ```
 * period    |------------------------------|
 * segments  |--- v1 ---|------- v2 --------|    lines of v1 (with their service period), then lines of v2
 * ```
 *
 * Each line is rounded once; the total is the sum of the rounded lines, so that what the customer adds up agrees.
 *
 * @param segments  one, unless something changed within the period
 * @param allEvents of each segment: everything the customer did
 */
export function draftInvoice(
  segments: readonly RatedSegment[],
  allEvents: readonly Pick<UsageTotals, 'cost' | 'pendingEvents'>[],
): DraftInvoice {
  const first = segments[0];
  const last = segments.at(-1);
  invariant(first !== undefined && last !== undefined, 'an invoice is about a period');
  invariant(
    segments.every(({ rated }) => rated.currency === first.rated.currency),
    'an invoice has one currency',
  );
  const lines = segments.flatMap(({ plan, period, rated }) =>
    rated.lines.map((line) => draftLine(line, plan, period, rated.currency)),
  );
  refuseTwoLinesForOnePrice(lines);
  return {
    currency: first.rated.currency,
    servicePeriod: { start: first.period.start, end: last.period.end },
    lines,
    total: sum(lines.map((line) => line.amount)),
    exactTotal: sum(lines.map((line) => line.exactAmount)),
    cost: sum(allEvents.map(({ cost }) => cost)),
    pendingEvents: allEvents.reduce((count, { pendingEvents }) => count + pendingEvents, 0),
  };
}

function draftLine(line: RatedLine, plan: Plan, servicePeriod: Period, currency: Currency): DraftLine {
  return {
    kind: line.kind,
    key: line.key,
    plan,
    price: line.price,
    description: line.name,
    quantity: line.quantity,
    events: line.events,
    exactAmount: line.amount,
    amount: line.rounded,
    servicePeriod,
    breakdown: line.breakdown,
    steps: [...line.steps, roundingStep(line.amount, currency, line.rounded)],
    pendingEvents: line.pendingEvents,
  };
}

/** The bound that stops a doubled line before it reaches a customer. */
function refuseTwoLinesForOnePrice(lines: readonly DraftLine[]): void {
  const places = new Set(lines.map(({ key, servicePeriod }) => `${servicePeriod.start.getTime()} ${key}`));
  invariant(places.size === lines.length, 'an invoice has one line for a price and service period');
}
