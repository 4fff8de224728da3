import type { EntityManager } from 'typeorm';
import { ALL_EVENTS_METER_ID, type Charge, countedMeter, MeterEntity, usageNeeds } from '../../catalog';
import { eachInStretches, type StoredEvent } from '../../events';
import { Decimal, ONE, type Period, scaledFromDecimal, scaledToDecimal, sum, ZERO } from '../../kernel';
import { compileMeter, metersByType, UsageSums, type UsageWanted } from '../../metering';
import { type CostChange, type CostsAdded, factorFor, type MeterCostAdded, namesEvents } from '../domain';

/** How much more the events of some customers would cost, by customer and month. */
export type AddedCosts = (customerId: string, month: number) => CostsAdded;

/** Costs of events that change by one factor, in one month. */
interface ChangedSums {
  readonly month: number;
  readonly factor: Decimal;
  readonly sums: UsageSums;
}

/**
 * What changes by provider or model add to the costs of customers, to the digit. Where a price depends on cost, the events
 * are looked at once, and those that a change meets are counted by the meters just as usage counts them.
 *
 * @param db      a snapshot, the one that usage is read in
 * @param changes of which those that name no provider or model are left to whoever multiplies everything
 * @param wanted  prices that may depend on cost
 */
export async function readAddedCosts(
  db: EntityManager,
  organisationId: string,
  customerIds: readonly string[],
  months: readonly Period[],
  changes: readonly CostChange[],
  wanted: readonly UsageWanted[],
): Promise<AddedCosts | null> {
  const named = changes.filter(namesEvents);
  if (named.length === 0) return null;

  if (!wanted.some(({ charge }) => usageNeeds(charge).cost)) {
    return readAddedTotals(db, organisationId, customerIds, months, named);
  }
  const meters = (await db.find(MeterEntity)).filter((meter) => wanted.some((each) => dependsOnCost(each, meter)));
  const compiled = metersByType(meters.map((meter) => compileMeter(countedMeter(meter))));
  const changed = new Map<string, ChangedSums>();
  const add = (event: StoredEvent): void => {
    const factor = factorFor(named, event);
    if (event.amount === null || factor.equals(ONE)) return;
    const month = months.findIndex(({ end }) => event.happenedAt < end.getTime() * 1_000);
    const key = `${month} ${factor.toFixed()}`;
    let known = changed.get(key);
    if (known === undefined) changed.set(key, (known = { month, factor, sums: new UsageSums() }));
    const cost = { amount: scaledFromDecimal(event.amount), pending: false };
    known.sums.add(event.customerId, event.happenedAt, event.key, event, compiled, cost);
  };
  const range = { from: months[0]!.start.getTime() * 1_000, to: months.at(-1)!.end.getTime() * 1_000 };
  const stretches = customerIds.map((customerId) => ({ customerId, ...range }));
  await eachInStretches(db, organisationId, null, stretches, (events) => events.forEach(add));
  return addedCostsOf([...changed.values()], meters);
}

interface NamedCosts {
  customer_id: string;
  month: number;
  provider: string | null;
  model: string | null;
  cost: string;
}

/** Where no price depends on cost, what all events cost is enough: the database adds it up by provider and model. */
async function readAddedTotals(
  db: EntityManager,
  organisationId: string,
  customerIds: readonly string[],
  months: readonly Period[],
  named: readonly CostChange[],
): Promise<AddedCosts> {
  const rows = await db.query<NamedCosts[]>(
    `SELECT customer_id, width_bucket(time, $3::timestamptz[]) - 1 AS month, provider, model, sum(cost) AS cost
       FROM event_now
      WHERE organisation_id = $1 AND customer_id = ANY($2::uuid[]) AND time >= $4 AND time < $5 AND cost IS NOT NULL
      GROUP BY 1, 2, 3, 4`,
    [organisationId, customerIds, months.map(({ start }) => start), months[0]!.start, months.at(-1)!.end],
  );
  const added = new Map<string, Decimal>();
  for (const { customer_id, month, provider, model, cost } of rows) {
    const more = new Decimal(cost).times(factorFor(named, { provider, model }).minus(ONE));
    const key = `${customer_id} ${month}`;
    added.set(key, more.plus(added.get(key) ?? ZERO));
  }
  return (customerId, month) => ({ allEvents: added.get(`${customerId} ${month}`) ?? ZERO, of: () => null });
}

/** Whether a price's amount depends on what the events of this meter cost. */
function dependsOnCost({ meterId, charge }: UsageWanted, { id, key }: MeterEntity): boolean {
  if (!usageNeeds(charge).cost) return false;
  return meterId === id || (charge.model === 'outcome' && charge.costFloor?.meter === key);
}

/** Added costs of one customer, month and meter, by the meter's groups. */
type ByDimensions = Map<string, Decimal>;

function addedCostsOf(changed: readonly ChangedSums[], meters: readonly MeterEntity[]): AddedCosts {
  const added = new Map<string, ByDimensions>();
  const nameOf = (customerId: string, month: number, usageId: string): string => `${customerId} ${month} ${usageId}`;
  for (const { month, factor, sums } of changed) {
    for (const { customerId, meterId, dimensions, cost } of sums.all()) {
      const name = nameOf(customerId, month, meterId);
      const groups = added.get(name) ?? new Map<string, Decimal>();
      const more = scaledToDecimal(cost).times(factor.minus(ONE));
      groups.set(dimensions, more.plus(groups.get(dimensions) ?? ZERO));
      added.set(name, groups);
    }
  }
  const totalOf = (name: string): Decimal => sum(added.get(name)?.values() ?? []);

  return (customerId, month) => {
    const allEvents = totalOf(nameOf(customerId, month, ALL_EVENTS_METER_ID));
    return {
      allEvents,
      of: (meterId: string, charge: Charge): MeterCostAdded | null => {
        const meter = meters.find(({ id }) => id === meterId);
        if (meter === undefined || !usageNeeds(charge).cost) return null;
        const name = nameOf(customerId, month, meter.usageId);
        const floorKey = charge.model === 'outcome' ? charge.costFloor?.meter : undefined;
        const floorMeter = floorKey === undefined ? undefined : meters.find(({ key }) => key === floorKey);
        return {
          total: totalOf(name),
          byGroup: regrouped(added.get(name) ?? new Map<string, Decimal>(), meter, usageNeeds(charge).dimensions),
          floor: floorMeter === undefined ? allEvents : totalOf(nameOf(customerId, month, floorMeter.usageId)),
        };
      },
    };
  };
}

/** Sums by all of a meter's groups as sums by some of them, in the charge's order. */
function regrouped(groups: ByDimensions, { groupBy }: MeterEntity, dimensions: readonly string[]): ByDimensions {
  const regrouped: ByDimensions = new Map();
  if (dimensions.length === 0) return regrouped;
  const places = dimensions.map((dimension) => groupBy.indexOf(dimension));
  for (const [text, more] of groups) {
    const values = JSON.parse(text) as (string | null)[];
    const key = JSON.stringify(places.map((place) => values[place] ?? null));
    regrouped.set(key, more.plus(regrouped.get(key) ?? ZERO));
  }
  return regrouped;
}
