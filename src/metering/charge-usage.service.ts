import { Inject, Injectable } from '@nestjs/common';
import { In, type EntityManager } from 'typeorm';
import type { Tenant } from '../access';
import { ALL_EVENTS_METER_ID, type Charge, compileOutcome, MeterEntity, type OutcomeCharge } from '../catalog';
import { CustomersService } from '../customers';
import { eventKeyToUuid } from '../events';
import { Clock, ConflictError, fromPublicId, invariant, type Period, scaledToDecimal } from '../kernel';
import { Database } from '../platform/database';
import {
  perPeriod,
  type PerPeriod,
  quantityOfTotals,
  readEvents,
  readGroups,
  readHeldLevels,
  type Reading,
  readQuantities,
  readScheduled,
  readTotals,
} from './charge-usage-reader';
import {
  addUsage,
  type ChargeUsage,
  compileField,
  isAddedUp,
  isLevel,
  keepsSamples,
  type MeteredEvent,
  NOTHING_USED,
  type SegmentUsage,
  sumOfUsage,
  usageDetail,
  type UsageDetail,
  type OutcomeEvent,
  type UsageTotals,
  type Transaction,
  type UsageWanted,
} from './domain';

/** Most single events of one customer, price and period. Each is in memory while it is charged. */
const MOST_TRANSACTIONS = 1_000_000;

/** A meter in the detail that some charges want. */
interface DetailedMeter extends UsageDetail {
  readonly meter: MeterEntity;
  /** One of the charges; where verdicts are taken, any of them takes the same. */
  readonly charge: Charge;
}

/** Reads the usage that prices are rated by: totals, and where a charge needs them groups, windows and single events. */
@Injectable()
export class ChargeUsageService {
  private readonly mostTransactions: number = MOST_TRANSACTIONS;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /**
   * One customer in one segment of a period, for invoices; as many statements as for many customers.
   *
   * @param timeZone by whose clock windows of the day are told where a charge says `customer`
   */
  async inPeriod(
    tenant: Tenant,
    customerId: string,
    period: Period,
    wanted: readonly UsageWanted[],
    timeZone: string,
  ): Promise<SegmentUsage> {
    const usage = await this.ofCustomers(tenant, [customerId], [period], wanted, timeZone);
    return usage.get(customerId)![0]!;
  }

  /**
   * Many customers in many periods: for each customer a list in the order of the periods. Everything is of one instant,
   * with every correction up to then. The statements are a few, and one or two more for each meter in each detail that
   * the charges want; customers, periods and events add none, but for charges that look at single events, which are
   * read a page at a time.
   *
   * Where a meter counts or adds up, the totals of a charge are those of its groups, windows or events, so that they
   * agree whatever happens meanwhile.
   *
   * @throws ConflictError `too_many_transactions` when a charge looks at more single events than can be
   */
  async ofCustomers(
    tenant: Tenant,
    customerIds: readonly string[],
    periods: readonly Period[],
    wanted: readonly UsageWanted[],
    timeZone: string,
  ): Promise<ReadonlyMap<string, readonly SegmentUsage[]>> {
    if (customerIds.length === 0) return new Map();
    const { organisationId } = tenant;
    return this.database.snapshot(organisationId, async (db) => {
      const { detailed, floors, meters } = await this.metersOf(db, wanted);
      const holds = [...meters.values()].some(({ aggregation }) => aggregation === 'time_weighted');
      const clocks = holds ? await this.customers.nowsOnTestClocks(tenant, customerIds) : new Map<string, Date>();
      const ownNow = new Map([...clocks].map(([id, now]) => [id, now.getTime() * 1_000]));
      const now = this.clock.now().getTime() * 1_000;
      const reading: Reading = { organisationId, customerIds, periods, timeZone, now, ownNow };

      const whole = wantedWhole(detailed, floors, meters);
      const sums = await readTotals(
        db,
        reading,
        whole.filter(({ aggregation }) => !keepsSamples(aggregation)),
      );
      const totals = await totalsOfMeters(db, reading, whole, sums);
      const details = new Map<string, PerPeriod<Partial<ChargeUsage>>>();
      for (const each of detailed) {
        const key = nameOf(each.meter.id, each);
        if (!details.has(key)) details.set(key, await this.readDetail(db, reading, each, totals.get(each.meter.id)));
      }

      const allEvents = sums.get(ALL_EVENTS_METER_ID)!;
      const segment = (customerId: string, period: number): SegmentUsage => ({
        allEvents: allEvents.get(customerId)![period]!,
        of: (meterId, charge) => {
          const meter = meters.get(meterId);
          const detail = details.get(nameOf(meterId, usageDetail(charge)));
          invariant(meter !== undefined && detail !== undefined, 'usage is told in the detail that was asked for');
          const found = detail.get(customerId)![period]!;
          const floor = charge.model === 'outcome' && charge.costFloor !== undefined ? charge.costFloor.meter : null;
          const floorTotals = floor === null ? null : floor === undefined ? allEvents : totals.get(floors.get(floor)!)!;
          return {
            // A meter that isn't wanted whole is one whose parts say what it adds up to.
            ...(totals.get(meterId)?.get(customerId)?.[period] ?? NOTHING_USED),
            measured: { aggregation: meter.aggregation, timeUnit: meter.timeUnit },
            ...found,
            ...(floorTotals === null ? {} : { floorCost: costOf(floorTotals.get(customerId)![period]!) }),
          };
        },
      });
      return new Map(customerIds.map((id) => [id, periods.map((_, period) => segment(id, period))]));
    });
  }

  /** What a charge wants beside its meter's totals: nothing, for most. */
  private async readDetail(
    db: EntityManager,
    reading: Reading,
    { meter, charge, needs, holds }: DetailedMeter,
    totals: PerPeriod<UsageTotals> | undefined,
  ): Promise<PerPeriod<Partial<ChargeUsage>>> {
    const { dimensions, schedule, transactions, outcomes } = needs;
    if (dimensions.length > 0) {
      const places = dimensions.map((field) => meter.groupBy.indexOf(field));
      invariant(!places.includes(-1), 'a meter keeps apart what a price charges by');
      return mapped(await readGroups(db, reading, meter, places), (groups) => ({ ...addedUp(meter, groups), groups }));
    }
    if (schedule !== null) {
      const scheduled = await readScheduled(db, reading, meter, schedule);
      return mapped(scheduled, (windows) => ({ ...addedUp(meter, windows), windows }));
    }
    if (holds && isLevel(meter.aggregation)) return readHeldLevels(db, reading, meter, totals!);
    if (transactions) return readTransactions(db, reading, meter, this.mostTransactions);
    if (outcomes !== null)
      return readOutcomes(db, reading, meter, charge as OutcomeCharge, outcomes.lookBackMs, this.mostTransactions);
    return perPeriod(reading, () => ({}));
  }

  /** The meters of the charges, in each detail once, and those that floors of outcomes compare costs with. */
  private async metersOf(db: EntityManager, wanted: readonly UsageWanted[]): Promise<WantedMeters> {
    const names = wanted.flatMap(({ charge }) =>
      charge.model === 'outcome' && charge.costFloor?.meter !== undefined ? [charge.costFloor.meter] : [],
    );
    const namedIds = names.map((name) => fromPublicId('meter', name)).filter((id) => id !== null);
    const ids = [...new Set([...wanted.map(({ meterId }) => meterId), ...namedIds])];
    const found = await db.find(MeterEntity, { where: [{ id: In(ids) }, { key: In(names) }] });
    const meters = new Map(found.map((meter) => [meter.id, meter]));
    const byKey = new Map(found.map((meter) => [meter.key, meter.id]));
    const floors = new Map(names.map((name) => [name, fromPublicId('meter', name) ?? byKey.get(name)!]));
    const detailed = wanted.map(({ meterId, charge }) => {
      const meter = meters.get(meterId);
      invariant(meter !== undefined, 'the meter of a price exists');
      return { ...usageDetail(charge), meter, charge };
    });
    for (const id of floors.values()) invariant(meters.has(id), 'the meter of a cost floor exists');
    return { meters, floors, detailed };
  }
}

interface WantedMeters {
  readonly meters: ReadonlyMap<string, MeterEntity>;
  /** By the name in the charge the meter's id. */
  readonly floors: ReadonlyMap<string, string>;
  readonly detailed: readonly DetailedMeter[];
}

/** Meters whose totals are read. Where a charge wants groups, windows or events of what is added up, those say it. */
function wantedWhole(
  detailed: readonly DetailedMeter[],
  floors: ReadonlyMap<string, string>,
  meters: ReadonlyMap<string, MeterEntity>,
): MeterEntity[] {
  const ids = new Set(floors.values());
  for (const { meter, needs } of detailed) {
    const inParts = needs.dimensions.length > 0 || needs.schedule !== null || needs.transactions;
    if (!inParts || !isAddedUp(meter.aggregation)) ids.add(meter.id);
  }
  return [...ids].map((id) => meters.get(id)!);
}

function nameOf(meterId: string, { key }: UsageDetail): string {
  return `${meterId} ${key}`;
}

function costOf({ cost, pendingEvents }: UsageTotals): { cost: UsageTotals['cost']; pendingEvents: number } {
  return { cost, pendingEvents };
}

/** By the meters' own ids: what sums tell is at hand, what samples tell is read. */
async function totalsOfMeters(
  db: EntityManager,
  reading: Reading,
  meters: readonly MeterEntity[],
  sums: ReadonlyMap<string, PerPeriod<UsageTotals>>,
): Promise<ReadonlyMap<string, PerPeriod<UsageTotals>>> {
  const totals = new Map<string, PerPeriod<UsageTotals>>();
  for (const meter of meters) {
    if (keepsSamples(meter.aggregation)) {
      totals.set(meter.id, await readQuantities(db, reading, meter));
      continue;
    }
    const added = [...sums.get(meter.usageId)!];
    totals.set(meter.id, new Map(added.map(([id, of]) => [id, of.map((each) => quantityOfTotals(meter, each))])));
  }
  return totals;
}

function addedUp(meter: MeterEntity, parts: readonly UsageTotals[]): Partial<UsageTotals> {
  return isAddedUp(meter.aggregation) ? sumOfUsage(parts) : {};
}

async function readTransactions(
  db: EntityManager,
  reading: Reading,
  meter: MeterEntity,
  most: number,
): Promise<PerPeriod<Partial<ChargeUsage>>> {
  const found = perPeriod(reading, () => ({ totals: NOTHING_USED, transactions: [] as Transaction[] }));
  await readEvents(db, reading, meter, 0, ({ customerId, happenedAt, key, measured, cost }) => {
    const value = scaledToDecimal(measured);
    const usage = {
      quantity: value,
      cost: cost.amount === null ? NOTHING_USED.cost : scaledToDecimal(cost.amount),
      events: 1,
      pendingEvents: cost.pending ? 1 : 0,
    };
    for (const period of periodsAt(reading, happenedAt, 0)) {
      const ofPeriod = found.get(customerId)![period]!;
      refuseTooMany(ofPeriod.transactions, most, meter, reading.periods[period]!);
      ofPeriod.transactions.push({ value, time: happenedAt, key: eventKeyToUuid(key) });
      ofPeriod.totals = addUsage(ofPeriod.totals, usage);
    }
  });
  return mapped(found, ({ totals, transactions }) => ({ ...totals, transactions: transactions.sort(inTime) }));
}

async function readOutcomes(
  db: EntityManager,
  reading: Reading,
  meter: MeterEntity,
  charge: OutcomeCharge,
  lookBackMs: number,
  most: number,
): Promise<PerPeriod<Partial<ChargeUsage>>> {
  const verdictOf = compileOutcome<MeteredEvent>(charge, compileField);
  const found = perPeriod<OutcomeEvent[]>(reading, () => []);
  await readEvents(db, reading, meter, lookBackMs, ({ customerId, happenedAt, key, id, event }) => {
    const outcome = { key: eventKeyToUuid(key), time: happenedAt, id, ...verdictOf(event) };
    for (const period of periodsAt(reading, happenedAt, lookBackMs)) {
      const ofPeriod = found.get(customerId)![period]!;
      refuseTooMany(ofPeriod, most, meter, reading.periods[period]!);
      ofPeriod.push(outcome);
    }
  });
  return mapped(found, (outcomes) => ({ outcomes: outcomes.sort(inTime) }));
}

/** The periods, by their places, that an instant lies in, or that it lies before by no more than this. */
function periodsAt({ periods }: Reading, at: number, lookBackMs: number): number[] {
  const ms = at / 1_000;
  return periods.flatMap(({ start, end }, place) =>
    start.getTime() - lookBackMs <= ms && ms < end.getTime() ? [place] : [],
  );
}

function inTime(a: { time: number; key: string }, b: { time: number; key: string }): number {
  return a.time - b.time || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
}

function refuseTooMany(events: readonly unknown[], most: number, meter: MeterEntity, period: Period): void {
  if (events.length < most) return;
  throw new ConflictError(
    'too_many_transactions',
    `The meter '${meter.key}' has more than ${most.toLocaleString('en')} events of one customer that a price ` +
      `charges one by one in the period from ${period.start.toISOString()}. Let several events be sent as one, or charge their sum.`,
  );
}

function mapped<T, U>(usage: PerPeriod<T>, to: (ofPeriod: T) => U): PerPeriod<U> {
  return new Map([...usage].map(([customerId, ofCustomer]) => [customerId, ofCustomer.map(to)]));
}
