import { Inject, Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { OrganisationEntity, type Tenant } from '../access';
import {
  type Charge,
  MeterEntity,
  type MeterDefinition,
  type NewPlan,
  type Plan,
  planInCurrency,
  planProblems,
  type PlanRequest,
  PlansService,
  type Price,
  toDefinition,
  toNewPlan,
  usageNeeds,
  withOverrides,
} from '../catalog';
import {
  Clock,
  type Decimal,
  type FieldProblem,
  fromPublicId,
  InvalidRequestError,
  newUuid,
  type Period,
  sum,
  ZERO,
} from '../kernel';
import { Database } from '../platform/database';
import { invalidRequest } from '../platform/http';
import {
  NO_USAGE,
  type PoolBalance,
  poolsForNextPeriod,
  type RatedPlan,
  ratePlan,
  type RatingContext,
  type UsageToRate,
  WHOLE,
} from './domain';
import { periodOfEvents } from './preview-period';
import {
  listedEvents,
  nothingUsed,
  previewedUsage,
  refuse,
  timesOf,
  usageOfListed,
  type UsageWorld,
} from './preview-usage';
import { type PreviewRequest, usageSchemaFor, type UsageToPreview } from './preview.schema';

/** A plan that is previewed, in the currency that is asked for, with what its prices count. */
interface PlanToPreview {
  readonly plan: Plan;
  /** By the key of the price; null for one without a meter. */
  readonly meters: ReadonlyMap<string, MeterDefinition | null>;
  readonly costCurrency: string;
}

/** What a preview says. */
export interface Preview {
  readonly rated: RatedPlan;
  /** The period's pools as they leave it, each with what the next period begins with. */
  readonly pools: readonly { readonly balance: PoolBalance; readonly rollsOver: Decimal }[];
  readonly period: Period;
  /** What is charged beyond what the usage before charged; null when there was none to compare with. */
  readonly increment: Decimal | null;
  /** Prices whose usage was given as a quantity of no told number of events. */
  readonly uncounted: ReadonlySet<string>;
}

type UsageGiven = ReadonlyMap<string, UsageToPreview>;

/** Name of the key, and of the meter, of a price that is previewed by itself. */
const ONLY = 'price';

/**
 * Rates a plan or a single price on usage that somebody makes up, by what an invoice is made by. It reads meters and
 * plans where they are named, and stores nothing.
 */
@Injectable()
export class PreviewService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(PlansService) private readonly plans: PlansService,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /**
   * @throws InvalidRequestError `invalid_plan` with the fields of a definition that can't be published,
   *         `invalid_request` for usage that isn't what its charge needs
   */
  async preview(tenant: Tenant, request: PreviewRequest): Promise<Preview> {
    const { plan, meters, costCurrency } = await this.planOf(tenant, request);
    const alone = request.price !== undefined;
    const given = usageGiven(request.usage, alone, 'usage');
    const before = request.previous === undefined ? null : usageGiven(request.previous, alone, 'previous');
    if (alone && given.size === 0 && meters.get(plan.prices[0]!.key) !== null) refuse('usage', 'is needed');

    const timeZone = request.timeZone ?? 'UTC';
    const times = timesOf([...given.values(), ...(before?.values() ?? [])], request.events ?? []);
    const period = periodOf(plan, request, times, timeZone, this.clock.now());
    const world = { organisationId: tenant.organisationId, period, timeZone, costCurrency };
    const context = contextOf(plan, request, period);

    const rate = (usage: UsageGiven, at: string, events: PreviewRequest['events']): RatedPlan => {
      const held = withHeld(plan, usage, { at, alone });
      const used = usageByPrice(held, meters, usage, { at, alone, events }, world);
      return ratePlan(held, { of: ({ key }) => used.get(key)! }, context);
    };
    const rated = rate(given, 'usage', request.events);
    const previous = before === null ? null : rate(before, 'previous', undefined);
    const next = poolsForNextPeriod(plan, rated.pools, context.periodIndex);
    return {
      rated,
      pools: rated.pools.map((balance) => ({
        balance,
        rollsOver: sum((next.find(({ pool }) => pool === balance.pool)?.lots ?? []).map(({ amount }) => amount)),
      })),
      period,
      increment: previous === null ? null : rated.exactTotal.minus(previous.exactTotal),
      uncounted: new Set(plan.prices.map(({ key }) => key).filter((key) => isUncounted(given.get(alone ? ONLY : key)))),
    };
  }

  private async planOf(tenant: Tenant, request: PreviewRequest): Promise<PlanToPreview> {
    const named = (['price', 'plan', 'planReference'] as const).filter((name) => request[name] !== undefined);
    if (named.length !== 1) refuse(named[1] ?? 'price', 'one of price, plan and planReference is needed, and only one');

    if (request.planReference !== undefined) {
      const plan = await this.plans.find(tenant, request.planReference);
      const world = await this.worldOf(tenant, plan.prices.map(({ meterId }) => meterId), 'ids'); // prettier-ignore
      const meters = new Map(
        plan.prices.map(({ key, meterId }) => [key, meterId === null ? null : world.meters.get(meterId)!]),
      );
      return { plan: inCurrency(plan, request.currency), meters, costCurrency: world.costCurrency };
    }

    const wanted = request.price === undefined ? toNewPlan(request.plan!) : alonePlan(request);
    const inline = request.price === undefined ? inlineMeters(request) : meterOfPrice(request);
    const names = wanted.prices.flatMap(({ meter, charge }) => [meter, floorMeterOf(charge)]);
    const world = await this.worldOf(tenant, names.filter((name) => name === null || !inline.has(name)), 'names'); // prettier-ignore
    const known = new Map([...world.meters, ...inline]);
    const problems = planProblems(wanted, {
      meters: known,
      features: featuresNamed(wanted),
      costCurrency: world.costCurrency,
    });
    refuseProblems(problems, request.price !== undefined);
    const plan: Plan = {
      ...wanted,
      id: newUuid(),
      version: 1,
      status: 'draft',
      prices: wanted.prices.map(({ meter, ...price }): Price => ({ ...price, id: newUuid(), meterId: meter })),
    };
    return {
      plan: inCurrency(plan, request.price === undefined ? request.currency : undefined),
      meters: new Map(wanted.prices.map(({ key, meter }) => [key, meter === null ? null : known.get(meter)!])),
      costCurrency: world.costCurrency,
    };
  }

  /** Meters that are named, by the name that was used, and the currency that costs are kept in. */
  private async worldOf(
    tenant: Tenant,
    named: readonly (string | null)[],
    by: 'names' | 'ids',
  ): Promise<{ readonly meters: ReadonlyMap<string, MeterDefinition>; readonly costCurrency: string }> {
    const names = [...new Set(named.filter((name) => name !== null))];
    return this.database.tenant(tenant.organisationId, async (db) => {
      const idOf = (name: string): string | null => (by === 'ids' ? name : fromPublicId('meter', name));
      const ids = names.map(idOf).filter((id) => id !== null);
      const found = await db.find(MeterEntity, { where: [{ id: In(ids) }, ...(by === 'ids' ? [] : [{ key: In(names) }])] }); // prettier-ignore
      const meters = new Map<string, MeterDefinition>();
      for (const name of names) {
        const id = idOf(name);
        const meter = found.find((each) => (id === null ? each.key === name : each.id === id));
        if (meter !== undefined) meters.set(name, meter);
      }
      const { currency } = await db.findOneByOrFail(OrganisationEntity, { id: tenant.organisationId });
      return { meters, costCurrency: currency };
    });
  }
}

function isUncounted(usage: UsageToPreview | undefined): boolean {
  return usage?.quantity !== undefined && usage.events === undefined;
}

/** A plan of the one price. */
function alonePlan({ price, currency, meter }: PreviewRequest): NewPlan {
  if (currency === undefined) return refuse('currency', 'is needed for a price by itself');
  const charge = price!.charge;
  const needs = usageNeeds(charge).meter !== 'none';
  const named = typeof meter === 'string' ? meter : needs || meter !== undefined ? ONLY : undefined;
  const prices: PlanRequest['prices'] = [{ ...price!, key: price!.key ?? ONLY, name: price!.name ?? 'Price', meter: named }]; // prettier-ignore
  return toNewPlan({ key: 'preview', name: 'Preview', currency, interval: 'month', prices });
}

/** What a meter given in the place of one says, or what the charge needs of one: by default a sum of `data.quantity`. */
function meterOfPrice({ meter, price }: PreviewRequest): Map<string, MeterDefinition> {
  if (typeof meter === 'string') return new Map();
  const charge = price!.charge;
  const aggregation = meter?.aggregation ?? (charge.model === 'outcome' ? 'count' : 'sum');
  const wanted = toDefinition({
    name: ONLY,
    eventType: meter?.eventType ?? 'usage',
    aggregation,
    value: meter?.value ?? (aggregation === 'count' ? undefined : 'data.quantity'),
    timeUnit: meter?.timeUnit ?? (aggregation === 'time_weighted' ? 'hour' : undefined),
    filters: meter?.filters ?? [],
    groupBy: meter?.groupBy ?? [...usageNeeds(charge).dimensions],
  });
  const floor = floorMeterOf(charge);
  return new Map([[ONLY, wanted], ...(floor === null ? [] : [[floor, wanted] as const])]);
}

function inlineMeters({ meters = [] }: PreviewRequest): Map<string, MeterDefinition> {
  return new Map(meters.map((meter) => [meter.key, toDefinition(meter)]));
}

function floorMeterOf(charge: Charge): string | null {
  return (charge.model === 'outcome' ? charge.costFloor?.meter : null) ?? null;
}

/** Features change no amount, so those that a previewed plan names need not be there yet. */
function featuresNamed({ prices, terms }: NewPlan): Set<string> {
  const named = [...prices.map((price) => price.terms?.feature), ...(terms?.features ?? []).map(({ feature }) => feature)]; // prettier-ignore
  return new Set(named.filter((feature) => feature !== undefined));
}

/** A plan's fields stand under `plan`; those of a price by itself under `price`, and its meter beside it. */
function refuseProblems(problems: readonly FieldProblem[], alone: boolean): void {
  if (problems.length === 0) return;
  const fields = problems.map(({ field, detail }) => ({
    field: alone ? field.replace(/^prices\[0\]\.(meter$)?/, (_, meter?: string) => meter ?? 'price.') : `plan.${field}`,
    detail,
  }));
  throw new InvalidRequestError('invalid_plan', `${fields[0]!.field}: ${fields[0]!.detail}`, fields);
}

function inCurrency(plan: Plan, currency: string | undefined): Plan {
  if (currency === undefined || currency === plan.currency) return plan;
  if (!Object.hasOwn(plan.currencies ?? {}, currency)) refuse('currency', `the plan has no prices in ${currency}`);
  return planInCurrency(plan, currency);
}

/** Usage by the price's key. That of a price by itself stands there as it is. */
function usageGiven(given: Record<string, unknown> | undefined, alone: boolean, at: string): UsageGiven {
  if (given === undefined) return new Map();
  if (alone) return new Map([[ONLY, parsedUsage(given, [at])]]);
  return new Map(Object.entries(given).map(([key, usage]) => [key, parsedUsage(usage, [at, key])]));
}

/** What it is wasn't known when the rest of the request was checked; what is wrong with it is told in the same words. */
function parsedUsage(value: unknown, at: readonly string[]): UsageToPreview {
  const parsed = usageSchemaFor(value).safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalidRequest(parsed.error.issues.map((issue) => ({ ...issue, path: [...at, ...issue.path] })));
}

function periodOf(plan: Plan, request: PreviewRequest, times: readonly string[], timeZone: string, now: Date): Period {
  const { period } = request;
  if (period === undefined) return periodOfEvents(plan, times, timeZone, now);
  if (period.start >= period.end) refuse('period.end', 'must be after the start');
  const { share } = period;
  if (share !== undefined && share.part > share.whole) refuse('period.share.part', 'must not be more than the whole');
  return { start: period.start, end: period.end };
}

function contextOf(plan: Plan, request: PreviewRequest, servicePeriod: Period): RatingContext {
  const periodIndex = request.period?.index ?? 0;
  const commitment = plan.terms?.commitment;
  const known = new Set((plan.terms?.pools ?? []).map(({ key }) => key));
  const pools = (request.pools ?? []).map(({ pool, rolledIn }, index): PoolBalance => {
    if (!known.has(pool)) refuse(`pools[${index}].pool`, 'there is no such pool in the plan');
    for (const [lot, { expiresAfterPeriod }] of rolledIn.entries()) {
      if (expiresAfterPeriod < periodIndex) refuse(`pools[${index}].rolledIn[${lot}].expiresAfterPeriod`, 'is over when the period begins'); // prettier-ignore
    }
    const lots = rolledIn.toSorted((a, b) => a.expiresAfterPeriod - b.expiresAfterPeriod);
    return { pool, lots, granted: ZERO, rolledIn: sum(rolledIn.map(({ amount }) => amount)), used: ZERO };
  });
  return {
    servicePeriod,
    share: request.period?.share ?? WHOLE,
    periodIndex,
    trial: request.trial ?? null,
    pools,
    chargedInTerm: request.chargedInTerm ?? ZERO,
    lastOfTerm: commitment !== undefined && (periodIndex + 1) % commitment.periods === 0,
    firstSegment: true,
    lastSegment: true,
  };
}

/** Seats and the like, as many as the charge says: another number is what a subscription would have agreed on. */
function hasQuantity(charge: Charge): boolean {
  return charge.model === 'recurring' && charge.quantity !== undefined;
}

function withHeld(plan: Plan, given: UsageGiven, { at, alone }: Pick<UsageSource, 'at' | 'alone'>): Plan {
  const held = plan.prices.flatMap(({ key, charge }) => {
    const usage = given.get(alone ? ONLY : key);
    if (!hasQuantity(charge) || usage === undefined) return [];
    const { quantity } = usage;
    if (quantity === undefined) refuse(alone ? at : `${at}.${key}`, 'must be a quantity: the price needs nothing else');
    return [[key, { quantity }] as const];
  });
  return withOverrides(plan, Object.fromEntries(held));
}

interface UsageSource {
  readonly at: string;
  readonly alone: boolean;
  readonly events: PreviewRequest['events'];
}

function usageByPrice(
  plan: Plan,
  meters: PlanToPreview['meters'],
  given: UsageGiven,
  { at, alone, events }: UsageSource,
  world: UsageWorld,
): ReadonlyMap<string, UsageToRate> {
  const unknown = alone ? undefined : [...given.keys()].find((key) => !meters.has(key));
  if (unknown !== undefined) refuse(`${at}.${unknown}`, 'there is no such price in the plan');
  const all = events === undefined ? null : listedEvents(events, null, 'events', world);
  return new Map(
    plan.prices.map(({ key, charge }): [string, UsageToRate] => {
      if (hasQuantity(charge)) return [key, NO_USAGE];
      const meter = meters.get(key) ?? null;
      const usage = given.get(alone ? ONLY : key);
      if (usage !== undefined) return [key, previewedUsage(usage, { charge, meter, at: alone ? at : `${at}.${key}` }, world)]; // prettier-ignore
      if (meter === null) return [key, NO_USAGE];
      if (all === null) return [key, nothingUsed(charge, meter, world)];
      return [key, usageOfListed(all, { charge, meter, at: 'events' }, world)];
    }),
  );
}
