import { Decimal, sum, ZERO, type Period } from '../../src/kernel';
import {
  compileOutcome,
  scheduleSwitches,
  usageNeeds,
  type Charge,
  type Plan,
  type PlanTerms,
  type Price,
  type PriceTerms,
} from '../../src/catalog/domain';
import {
  NO_USAGE,
  poolsForNextPeriod,
  ratePlan,
  type PoolBalance,
  type PriceToRate,
  type RatedPlan,
  type UsageToRate,
} from '../../src/rating';
import type {
  ReferenceEvent,
  ReferencePlan,
  ReferencePrice,
  ReferenceSegment,
  InText,
} from './rating-reference/definitions';
import { valuesOf } from './rating-reference/matching';

/** The reference's definitions and events, as the engine takes them. */

/** Fields that hold a decimal in a definition. In a match or a success rule nothing has such a name. */
const DECIMALS = new Set(
  (
    'amount unitPrice upTo flatFee packageSize packagePrice percent fixedPerEvent freeAmount minPerEvent maxPerEvent ' +
    'fallback quantity markupPercent grossMarginPercent fixedPerUnit floorPerUnit ceilingPerUnit upToCost atLeast ' +
    'otherwise attemptPrice failurePrice factor weight minimum maximum freeUnits limit rate allowance'
  ).split(' '),
);

/** The same definition with decimals where text was. */
export function withDecimals<T>(definition: InText<T>): T {
  const converted = (value: unknown, name: string): unknown => {
    if (typeof value === 'string') return DECIMALS.has(name) ? new Decimal(value) : value;
    if (Array.isArray(value)) return value.map((one) => converted(one, ''));
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, converted(inner, key)]));
  };
  return converted(definition, '') as T;
}

export const toCharge = (charge: InText<Charge>): Charge => withDecimals<Charge>(charge);

export function toPriceToRate(price: ReferencePrice): PriceToRate & Price {
  return {
    id: price.key,
    meterId: price.key,
    key: price.key,
    name: price.key,
    charge: toCharge(price.charge),
    allowance: price.allowance === null ? null : new Decimal(price.allowance),
    terms: withDecimals<PriceTerms>(price.terms),
  };
}

export function toPlan(plan: ReferencePlan): Plan {
  return {
    id: 'plan',
    key: 'plan',
    version: 1,
    name: 'Plan',
    currency: plan.currency,
    interval: 'month',
    status: 'published',
    prices: plan.prices.map(toPriceToRate),
    terms: withDecimals<PlanTerms>(plan.terms),
  };
}

export const periodOf = ({ start, end }: Pick<ReferenceSegment, 'start' | 'end'>): Period => ({
  start: new Date(start),
  end: new Date(end),
});

const totals = (events: readonly ReferenceEvent[]) => ({
  quantity: sum(events.map(({ value }) => new Decimal(value))),
  cost: sum(events.map(({ cost }) => new Decimal(cost))),
  events: events.length,
  pendingEvents: 0,
});

/** Adds events up into what the charge needs to know of them, and no more. */
export function toUsage(
  charge: Charge,
  events: readonly ReferenceEvent[],
  segment: Pick<ReferenceSegment, 'start' | 'end' | 'timeZone'>,
): UsageToRate {
  const needs = usageNeeds(charge);
  const during = events.filter(({ at }) => segment.start <= at && at < segment.end);
  if (during.length === 0 && needs.meter === 'none') return NO_USAGE;

  return {
    ...totals(during),
    ...(needs.dimensions.length > 0 && { groups: groupsOf(during, needs.dimensions) }),
    ...(needs.schedule !== null && { windows: windowsOf(needs.schedule, during, segment) }),
    ...(needs.transactions && {
      transactions: during.map(({ value, at, id }) => ({ value: new Decimal(value), time: at * 1_000, key: id })),
    }),
    ...(needs.outcomes !== null && {
      outcomes: outcomesOf(charge, events, segment.start - needs.outcomes.lookBackMs, segment.end),
      floorCost: { cost: totals(during).cost, pendingEvents: 0 },
    }),
  };
}

function groupsOf(events: readonly ReferenceEvent[], dimensions: readonly string[]) {
  const groups = new Map<string, ReferenceEvent[]>();
  for (const event of events) {
    const name = JSON.stringify(valuesOf(event, dimensions));
    groups.set(name, [...(groups.get(name) ?? []), event]);
  }
  return [...groups]
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([name, among]) => ({ values: JSON.parse(name) as (string | null)[], ...totals(among) }));
}

function windowsOf(
  schedule: Extract<Charge, { model: 'scheduled' }>,
  events: readonly ReferenceEvent[],
  segment: Pick<ReferenceSegment, 'start' | 'end' | 'timeZone'>,
) {
  const switches = scheduleSwitches(schedule, periodOf(segment), segment.timeZone);
  const windowAt = (at: number): number => switches.findLast((one) => one.at.getTime() <= at)!.window;
  const count = schedule.windows.length + 1;
  return Array.from({ length: count }, (_, index) => totals(events.filter(({ at }) => windowAt(at) === index)));
}

function outcomesOf(charge: Charge, events: readonly ReferenceEvent[], from: number, to: number) {
  if (charge.model !== 'outcome') throw new Error('only outcomes have verdicts');
  const verdict = compileOutcome<ReferenceEvent>(charge, (field) => (event) => event.fields[field] ?? undefined);
  return events
    .filter(({ at }) => from <= at && at < to)
    .map((event) => ({ key: event.id, id: event.id, time: event.at * 1_000, ...verdict(event) }))
    .sort((a, b) => a.time - b.time || (a.key < b.key ? -1 : 1));
}

/** Starts of what was rated before, the newest first. */
const earlierStarts = ({ start, stretches }: ReferenceSegment): Date[] =>
  stretches
    .filter((earlier) => earlier < start)
    .map((earlier) => new Date(earlier))
    .reverse();

/** Rates a customer's time on a plan segment by segment, as invoicing does: what pools have left flows on, and what was charged. */
export function rateOverTime(
  definition: ReferencePlan,
  usage: ReadonlyMap<string, readonly ReferenceEvent[]>,
  time: readonly ReferenceSegment[],
): RatedPlan[] {
  const plan = toPlan(definition);
  const term = plan.terms?.commitment?.periods ?? 1;
  let pools: readonly PoolBalance[] = [];
  let chargedInTerm = ZERO;
  let promisedPeriods = ZERO;
  let trialInTerm = false;

  return time.map((segment) => {
    const place = segment.periodIndex % term;
    if (place === 0 && segment.first) {
      chargedInTerm = promisedPeriods = ZERO;
      trialInTerm = false;
    }
    trialInTerm ||= segment.trial !== null;
    const rated = ratePlan(
      plan,
      { of: ({ key, charge }) => toUsage(charge, usage.get(key) ?? [], segment) },
      {
        servicePeriod: periodOf(segment),
        share: segment.share,
        periodIndex: segment.periodIndex,
        trial: segment.trial,
        pools,
        chargedInTerm,
        lastOfTerm: place === term - 1,
        firstSegment: segment.first,
        lastSegment: segment.last,
        earlierStarts: earlierStarts(segment),
        ...(trialInTerm && { promisedPeriods }),
      },
    );
    pools = segment.last ? poolsForNextPeriod(plan, rated.pools, segment.periodIndex) : rated.pools;
    chargedInTerm = chargedInTerm.plus(sum(rated.lines.map((line) => (line.kind === 'true_up' ? ZERO : line.amount))));
    const { part, whole } = segment.share;
    if (segment.trial === null) promisedPeriods = promisedPeriods.plus(new Decimal(part).dividedBy(whole));
    return rated;
  });
}
