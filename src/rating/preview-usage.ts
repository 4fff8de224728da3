import { OTHERWISE, usageNeeds, type Charge, type Meter, type MeterDefinition } from '../catalog/domain';
import { compileCatalogue, compilePriceBook, costOfUsage, isUsageProblem, readUsage } from '../costing/domain';
import { eventKey, eventKeyToUuid, isEventProblem, parseEvent } from '../events';
import { type Decimal, InvalidRequestError, type Period, scaledFromDecimal, ZERO } from '../kernel';
import {
  addUsage,
  byValues,
  compileMeter,
  meteringProblem,
  metersByType,
  sumOfUsage,
  type UsageTotals,
} from '../metering/domain';
import { type ListedEvent, usageOfEvents } from './domain/usage-of-events';
import type { UsageGroup, UsageToRate } from './domain';
import type { EventToPreview, UsageToPreview } from './preview.schema';

/** A preview asks nobody's price book: what tokens cost isn't known here. */
const NO_PRICES = compilePriceBook(compileCatalogue([], []));

/** What usage is previewed for. */
export interface UsageWorld {
  readonly organisationId: string;
  readonly period: Period;
  readonly timeZone: string;
  /** Costs in any other aren't known. */
  readonly costCurrency: string;
}

/** A price whose usage is previewed, with the place of that usage in the request. */
export interface PriceToPreview {
  readonly charge: Charge;
  /** Null for one that is charged whatever is used. */
  readonly meter: MeterDefinition | null;
  readonly at: string;
}

/** Which forms hold what a charge needs to know; the first is the simplest. */
const FORMS = ['quantity', 'groups', 'windows', 'events'] as const;
type Form = (typeof FORMS)[number];

/**
 * Usage as it is given in a preview, as a charge is rated by it: in as much detail as the charge needs, or refused.
 *
 * @throws InvalidRequestError by field of the request
 */
export function previewedUsage(given: UsageToPreview, price: PriceToPreview, world: UsageWorld): UsageToRate {
  const { charge, meter, at } = price;
  const form = formOf(given, at);
  if (meter === null) return refuse(at, 'must be left out: the price has no meter');
  const fitting = formsFor(charge);
  if (!fitting.includes(form))
    refuse(at, `needs ${fitting.join(' or ')}: the model ${charge.model} is charged by them`);

  switch (form) {
    case 'events': {
      const events = listedEvents(given.events as EventToPreview[], meter.eventType, `${at}.events`, world);
      return usageOfListed(events, { charge, meter, at: `${at}.events` }, world);
    }
    case 'groups':
      return groupsGiven(given.groups!, charge, meter, at);
    case 'windows':
      return windowsGiven(given.windows!, charge, meter, at);
    case 'quantity':
      return { ...amountsOf(given as Amounts, charge, at), measured: measuredBy(meter) };
  }
}

/** No usage at all, in the detail that a charge needs. */
export function nothingUsed(charge: Charge, meter: MeterDefinition, world: UsageWorld): UsageToRate {
  return usageOfEvents(meter, charge, [], world.period, world.timeZone);
}

/**
 * Events as they would be sent, read. Repeats are refused.
 *
 * @param defaultType of those without one; null where they must have one
 * @param at          where they stand in the request
 */
export function listedEvents(
  given: readonly EventToPreview[],
  defaultType: string | null,
  at: string,
  world: UsageWorld,
): ListedEvent[] {
  const events = given.map((event, index) => listedEvent(event, index, defaultType, at, world));
  const seen = new Map<string, number>();
  for (const [index, { key }] of events.entries()) {
    const earlier = seen.get(key);
    if (earlier !== undefined) refuse(`${at}[${index}].id`, `is that of ${at}[${earlier}]: a repeat is counted once`);
    seen.set(key, index);
  }
  return events;
}

/** What a price's meter counts of a list of events. A value of no use to it is refused. */
export function usageOfListed(
  events: readonly ListedEvent[],
  { charge, meter, at }: PriceToPreview & { readonly meter: MeterDefinition },
  world: UsageWorld,
): UsageToRate {
  const compiled = metersByType([compileMeter({ ...meter, id: '', key: 'of this preview', name: '' } satisfies Meter)]);
  for (const [index, { event }] of events.entries()) {
    const problem = meteringProblem(event, compiled);
    if (problem !== null) refuse(`${at}[${index}].${problem.field}`, problem.detail);
  }
  return usageOfEvents(meter, charge, events, world.period, world.timeZone);
}

function listedEvent(
  { cost, ...given }: EventToPreview,
  index: number,
  defaultType: string | null,
  at: string,
  { organisationId, period, costCurrency }: UsageWorld,
): ListedEvent {
  const type = given.type ?? defaultType ?? refuse(`${at}[${index}].type`, 'is needed: each meter counts one type');
  const id = given.id ?? `event ${index + 1} of the list`;
  const parsed = parseEvent({ ...given, id, type, customer: given.customer ?? 'preview' });
  if (isEventProblem(parsed)) return refuse(`${at}[${index}].${parsed.field}`, parsed.detail);
  const usage = readUsage(parsed.data);
  if (isUsageProblem(usage)) return refuse(`${at}[${index}].${usage.field}`, usage.detail);
  const time = parsed.time ?? period.start.getTime() * 1_000;
  const reported = cost === undefined || cost === null ? null : 'amount' in cost ? cost : { amount: cost, currency: costCurrency }; // prettier-ignore
  const known = reported !== null && reported.currency === costCurrency;
  return {
    id,
    // Those without an id are in the order of the list.
    key: given.id === undefined ? `#${String(index).padStart(6, '0')}` : eventKeyToUuid(eventKey(organisationId, parsed.source, id)), // prettier-ignore
    time,
    event: parsed,
    cost: known
      ? { amount: scaledFromDecimal(reported.amount), pending: false }
      : { amount: null, pending: reported !== null || costOfUsage(usage, NO_PRICES, time).status === 'pending' },
  };
}

/** The times that are given with events, wherever they are. */
export function timesOf(usage: Iterable<UsageToPreview>, events: readonly EventToPreview[]): string[] {
  const lists = [events, ...[...usage].map((each) => (Array.isArray(each.events) ? each.events : []))];
  return lists.flatMap((list) => list.flatMap(({ time }) => (time === undefined || time === null ? [] : [time])));
}

interface Amounts {
  readonly quantity?: Decimal | undefined;
  readonly cost?: Decimal | undefined;
  readonly events?: number | undefined;
}

/** A quantity that isn't told is none; a cost that a charge depends on and that isn't told is not known, and not nothing. */
function amountsOf({ quantity = ZERO, cost, events = 0 }: Amounts, charge: Charge, at: string): UsageTotals {
  if (cost === undefined && usageNeeds(charge).cost) refuse(`${at}.cost`, 'is needed: the price depends on it');
  return { quantity, cost: cost ?? ZERO, events, pendingEvents: 0 };
}

function formOf(given: UsageToPreview, at: string): Form {
  const listed = Array.isArray(given.events);
  const forms: Form[] = [];
  if (given.quantity !== undefined || given.cost !== undefined || typeof given.events === 'number') forms.push('quantity'); // prettier-ignore
  if (given.groups !== undefined) forms.push('groups');
  if (given.windows !== undefined) forms.push('windows');
  if (listed) forms.push('events');
  if (forms.length > 1) refuse(at, `must have one of ${FORMS.join(', ')}, not ${forms.join(' and ')}`);
  return forms[0] ?? 'quantity';
}

/** A charge by group needs groups, or the events they are made of; and so on. Any charge can do with groups, added up. */
function formsFor(charge: Charge): Form[] {
  const { dimensions, schedule, transactions, outcomes } = usageNeeds(charge);
  if (transactions || outcomes !== null) return ['events'];
  if (schedule !== null) return ['windows', 'events'];
  return dimensions.length > 0 ? ['groups', 'events'] : ['quantity', 'groups', 'events'];
}

function groupsGiven(
  given: NonNullable<UsageToPreview['groups']>,
  charge: Charge,
  meter: MeterDefinition,
  at: string,
): UsageToRate {
  const { dimensions } = usageNeeds(charge);
  const merged = new Map<string, UsageGroup>();
  for (const [index, { by, ...amounts }] of given.entries()) {
    for (const field of Object.keys(by)) {
      if (dimensions.length > 0 && !dimensions.includes(field))
        refuse(`${at}.groups[${index}].by.${field.slice(0, 80)}`, `is none of ${dimensions.join(', ')}, which the price is charged by`); // prettier-ignore
    }
    const values = dimensions.map((field) => (Object.hasOwn(by, field) ? by[field]! : null));
    const name = JSON.stringify(values);
    const known = merged.get(name);
    const more = amountsOf(amounts, charge, `${at}.groups[${index}]`);
    merged.set(name, { ...(known === undefined ? more : addUsage(known, more)), values });
  }
  const groups = [...merged.values()].sort(byValues);
  return { ...sumOfUsage(groups), measured: measuredBy(meter), ...(dimensions.length === 0 ? {} : { groups }) };
}

function windowsGiven(
  given: NonNullable<UsageToPreview['windows']>,
  charge: Charge,
  meter: MeterDefinition,
  at: string,
): UsageToRate {
  const names = charge.model === 'scheduled' ? [...charge.windows.map(({ name }) => name), OTHERWISE] : [];
  const windows = names.map((name) =>
    sumOfUsage(given.filter(({ window }) => window === name).map((each) => amountsOf(each, charge, at))),
  );
  const unknown = given.findIndex(({ window }) => !names.includes(window));
  if (unknown >= 0) refuse(`${at}.windows[${unknown}].window`, `is none of ${names.join(', ')}`);
  return { ...sumOfUsage(windows), measured: measuredBy(meter), windows };
}

function measuredBy({ aggregation, timeUnit }: MeterDefinition): Pick<MeterDefinition, 'aggregation' | 'timeUnit'> {
  return { aggregation, timeUnit };
}

/** @throws InvalidRequestError that names the field */
export function refuse(field: string, detail: string): never {
  throw new InvalidRequestError('invalid_request', `${field}: ${detail}`, [{ field, detail }]);
}
