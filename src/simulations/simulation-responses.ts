import { csvLine, type Decimal, decimalText, toPublicId } from '../kernel';
import { barsOf, type IncludedUse, percentOf, type Summary } from './domain';
import type { StoredOutcome } from './persistence/simulated-customers';
import type { Simulation } from './simulations.service';
import type { SimulatedCustomerResponse, SimulationResponse } from './simulations.schema';

export function toSimulationResponse(simulation: Simulation): SimulationResponse {
  const { definition, customers, total } = simulation;
  const { baseline, lossAbovePercent } = definition;
  return {
    id: toPublicId('simulation', simulation.id),
    name: simulation.name,
    status: simulation.status,
    from: simulation.from.toISOString(),
    to: simulation.to.toISOString(),
    timeZone: simulation.timeZone,
    baseline: baseline === null || baseline === 'current' ? baseline : baseline.key,
    progress: { customers, total, percent: total === 0 ? 100 : Math.floor((customers * 1_000) / total) / 10 },
    work: { events: simulation.events, ratings: simulation.ratings },
    failedReason: simulation.failedReason,
    results: definition.candidates.map(({ name, plan }, index) => {
      const summary = simulation.summaries[index]!;
      return {
        candidate: name,
        plan: { key: plan.key, version: plan.version },
        currency: plan.currency,
        totals: toTotals(summary, lossAbovePercent),
        histogram: barsOf(summary.bars),
        allowances: summary.included.map(toUse),
      };
    }),
    madeBy: simulation.madeBy,
    createdAt: simulation.createdAt.toISOString(),
    finishedAt: simulation.finishedAt?.toISOString() ?? null,
  };
}

function toTotals(summary: Summary, abovePercent: string): SimulationResponse['results'][number]['totals'] {
  const { compared, revenueNow, revenueThen, revenueThenCompared, costNow, costThen } = summary;
  const isCompared = compared > 0;
  const hasCost = summary.withoutCost === 0;
  const change = revenueThenCompared.minus(revenueNow);
  const marginThen = hasCost ? revenueThen.minus(costThen) : null;
  return {
    revenueNow: isCompared ? decimalText(revenueNow) : null,
    revenueThen: decimalText(revenueThen),
    change: isCompared ? decimalText(change) : null,
    changePercent: isCompared ? percentText(change, revenueNow) : null,
    cost: hasCost ? decimalText(costThen) : null,
    costNow: isCompared && hasCost ? decimalText(costNow) : null,
    marginNow: isCompared && hasCost ? decimalText(revenueNow.minus(costNow)) : null,
    marginThen: textOf(marginThen),
    marginPercentThen: marginThen === null ? null : percentText(marginThen, revenueThen),
    pendingEvents: summary.pendingEvents,
    compared,
    gainers: summary.gainers,
    losers: summary.losers,
    unchanged: summary.unchanged,
    notRated: summary.notRated,
    shareAbove: {
      abovePercent,
      customers: summary.above,
      percent: compared === 0 ? null : (Math.round((summary.above * 1_000_000) / compared) / 10_000).toString(),
    },
  };
}

export function toCustomerResponse(outcome: StoredOutcome): SimulatedCustomerResponse {
  const { revenueNow, revenueThen, change, costNow, costThen, marginThen } = outcome;
  return {
    customer: {
      id: toPublicId('customer', outcome.customerId),
      key: outcome.customerKey,
      name: outcome.customerName,
    },
    revenueNow: textOf(revenueNow),
    revenueThen: textOf(revenueThen),
    change: textOf(change),
    changePercent: change === null ? null : percentText(change, revenueNow!),
    costNow: textOf(costNow),
    cost: textOf(costThen),
    marginThen: textOf(marginThen),
    marginPercentThen: marginThen === null ? null : percentText(marginThen, revenueThen!),
    pendingEvents: outcome.pendingEvents,
    events: outcome.events,
    lines: outcome.lines.map((line) => ({
      ...line,
      quantity: decimalText(line.quantity),
      amount: decimalText(line.amount),
    })),
    pools: outcome.included.map(toUse),
    problem: outcome.problem,
  };
}

/** The head of the file, and the order of a customer's values. */
const CSV_COLUMNS = [
  'candidate',
  'customer',
  'customer_id',
  'currency',
  'revenue_now',
  'revenue_then',
  'change',
  'change_percent',
  'cost_now',
  'cost',
  'margin_then',
  'margin_percent_then',
  'pending_events',
  'events',
  'problem',
] as const;

export const CSV_HEAD = csvLine(CSV_COLUMNS);

/** A customer's line, as RFC 4180 has it; what is not known is empty. */
export function toCsvLine(outcome: StoredOutcome, candidate: string, currency: string): string {
  const customer = toCustomerResponse(outcome);
  return outcomeLine({
    candidate,
    customer: customer.customer.key,
    customer_id: customer.customer.id,
    currency,
    revenue_now: customer.revenueNow,
    revenue_then: customer.revenueThen,
    change: customer.change,
    change_percent: customer.changePercent,
    cost_now: customer.costNow,
    cost: customer.cost,
    margin_then: customer.marginThen,
    margin_percent_then: customer.marginPercentThen,
    pending_events: customer.pendingEvents.toString(),
    events: customer.events.toString(),
    problem: customer.problem,
  });
}

/** The last line: the candidate's totals as its result has them. It is the only one without a customer's id. */
export function toCsvTotal(
  { candidate, currency, totals }: SimulationResponse['results'][number],
  events: number,
): string {
  return outcomeLine({
    candidate,
    customer: 'total',
    customer_id: null,
    currency,
    revenue_now: totals.revenueNow,
    revenue_then: totals.revenueThen,
    change: totals.change,
    change_percent: totals.changePercent,
    cost_now: totals.costNow,
    cost: totals.cost,
    margin_then: totals.marginThen,
    margin_percent_then: totals.marginPercentThen,
    pending_events: totals.pendingEvents.toString(),
    events: events.toString(),
    problem: totals.notRated === 0 ? null : `${totals.notRated} customers could not be rated and are not in the total`,
  });
}

function outcomeLine(values: Readonly<Record<(typeof CSV_COLUMNS)[number], string | null>>): string {
  return csvLine(CSV_COLUMNS.map((column) => values[column] ?? ''));
}

function toUse({ kind, key, granted, used }: IncludedUse): SimulatedCustomerResponse['pools'][number] {
  return {
    kind,
    key,
    granted: decimalText(granted),
    used: decimalText(used),
    percent: percentText(used, granted),
  };
}

function textOf(amount: Decimal | null): string | null {
  return amount === null ? null : decimalText(amount);
}

function percentText(part: Decimal, whole: Decimal): string | null {
  return textOf(percentOf(part, whole));
}
