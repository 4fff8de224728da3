import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { In } from 'typeorm';
import type { Tenant } from '../../access';
import {
  currencyOf,
  CustomersService,
  nextPeriod,
  type NumberedPeriod,
  periodAt,
  periodOf,
  planAt,
  type Segment,
  segmentsOf,
  SubscriptionEntity,
  SubscriptionsService,
  type SubscriptionWithPlan,
} from '../../customers';
import {
  type AllowancesLeft,
  ChargedSoFar,
  type ChargesLookup,
  type ChargeSoFar,
  type PeriodSoFar,
  type RatedCustomers,
  type VirtualUsage,
} from '../../entitlements';
import { Clock, type Currency, type Decimal, DomainError, type Micros, type Period, ZERO } from '../../kernel';
import { ChargeUsageService, type SegmentUsage } from '../../metering';
import { LOGGER, type Logger } from '../../platform';
import { type Settings, SETTINGS } from '../../platform/config';
import { Database } from '../../platform/database';
import type { PoolBalance } from '../../rating/domain';
import { type Before, chargesUsage, poolsAfter, usageCharges, usagePlan, withMore } from '../domain';
import { poolsRolledIn, segmentsBefore } from '../drafts/billing-history';
import { segmentsToRate } from '../drafts/rated-period';
import { passes } from '../closing/parking';
import { billedThrough } from '../persistence/billed-through';
import { draftPeriods } from '../persistence/draft-periods';
import { allowancesLeft } from './allowances-left';
import { RecentPositions } from './recent-positions';
import type { OpenPeriod, Position, Standing } from './standing';

const NO_SUBSCRIPTION = 'The customer has no subscription whose usage is still to be billed.';
const NO_PRICE = 'No price of the customer’s subscriptions charges for usage.';
const COST_PENDING = 'What is charged depends on costs that are not known yet.';

/** Rates what customers are charged for usage in periods that aren't finalized, for caps in money and prepaid credit. */
@Injectable()
export class OpenCharges implements ChargesLookup, OnModuleInit {
  private readonly recent: RecentPositions;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(ChargedSoFar) private readonly asked: ChargedSoFar,
    @Inject(SubscriptionsService) private readonly subscriptions: SubscriptionsService,
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(ChargeUsageService) private readonly usage: ChargeUsageService,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {
    this.recent = new RecentPositions(clock);
  }

  onModuleInit(): void {
    this.asked.offer(this);
  }

  async soFar(tenant: Tenant, customerIds: readonly string[]): Promise<RatedCustomers> {
    const charges: ChargeSoFar[] = [];
    const periods: PeriodSoFar[] = [];
    const unknown = new Map<string, string>();
    const readAt = this.clock.now().getTime();
    for (const [customerId, standing] of await this.standings(tenant, customerIds)) {
      this.recent.put(tenant.organisationId, customerId, standing, readAt);
      if (standing.unknown !== null) unknown.set(customerId, standing.unknown);
      for (const { open, charged } of standing.positions) {
        const { about, period, periodIndex } = open;
        const place = { customerId, subscriptionId: about.subscription.id, periodIndex };
        periods.push({ ...place, start: period.start.getTime() * 1_000, end: period.end.getTime() * 1_000 });
        const currency = currencyOf(about);
        for (const [charge, { meterId, otherMeterIds, amount, quantity, byCost }] of charged.charges)
          charges.push({ ...place, charge, meterId, otherMeterIds, currency, amount, quantity, byCost });
      }
    }
    return { charges, periods, unknown };
  }

  async marginal(tenant: Tenant, usage: VirtualUsage): Promise<ReadonlyMap<Currency, Decimal> | null> {
    const { customerId, at } = usage;
    const read = async (): Promise<Standing> => (await this.standings(tenant, [customerId])).get(customerId)!;
    let standing = await this.recent.get(tenant.organisationId, customerId, read);
    // Another period may have begun since.
    if (!standing.positions.some(({ open }) => isIn(open.period, at)))
      standing = await this.recent.again(tenant.organisationId, customerId, read);
    const more = new Map<Currency, Decimal>();
    let priced = false;
    for (const position of standing.positions) {
      const { about, period } = position.open;
      if (!isIn(period, at)) continue;
      priced ||= position.open.isPriced;
      const added = this.added(position, usage);
      if (added === null) return null;
      const currency = currencyOf(about);
      more.set(currency, (more.get(currency) ?? ZERO).plus(added));
    }
    return priced ? more : null;
  }

  async allowances(tenant: Tenant, customerId: string, at: Date): Promise<AllowancesLeft> {
    const { positions, unknown } = (await this.standings(tenant, [customerId])).get(customerId)!;
    const isUntold =
      unknown !== null && unknown !== NO_SUBSCRIPTION && unknown !== NO_PRICE && unknown !== COST_PENDING;
    return {
      allowances: positions.flatMap((position) => allowancesLeft(position, at)),
      unknown: isUntold ? unknown : null,
    };
  }

  billedThrough = billedThrough;

  private added(position: Position, usage: VirtualUsage): Decimal | null {
    try {
      return addedBy(position, usage);
    } catch (error) {
      // Such as a value that no cell of a matrix has: the event itself would make the spend unknown.
      this.reasonOf(error, position.open);
      return null;
    }
  }

  /** Where each customer stands, read in one snapshot with as few statements as there are different periods and plans. */
  private async standings(tenant: Tenant, customerIds: readonly string[]): Promise<ReadonlyMap<string, Standing>> {
    return this.database.snapshot(tenant.organisationId, async (db) => {
      const open = await this.openPeriods(db, tenant, customerIds);
      const { usages, failed } = await this.usagesOf(tenant, open);
      const byCustomer = new Map<string, OpenPeriod[]>(customerIds.map((id) => [id, []]));
      for (const each of open) byCustomer.get(each.about.customer.id)!.push(each);

      const standings = new Map<string, Standing>();
      for (const [customerId, ofCustomer] of byCustomer)
        standings.set(customerId, await this.standing(db, ofCustomer, usages, failed));
      return standings;
    });
  }

  private async standing(
    db: EntityManager,
    open: readonly OpenPeriod[],
    usages: ReadonlyMap<Segment, SegmentUsage>,
    failed: ReadonlyMap<Segment, string>,
  ): Promise<Standing> {
    const positions: Position[] = [];
    let unknown: string | null = open.length === 0 ? NO_SUBSCRIPTION : null;
    const poolsLeft = new Map<string, { periodIndex: number; pools: readonly PoolBalance[] }[]>();
    for (const each of open) {
      const { about, periodIndex, segments } = each;
      const failure = segments.map((segment) => failed.get(segment)).find((reason) => reason !== undefined);
      if (failure !== undefined) {
        unknown = failure;
        continue;
      }
      const again = poolsLeft.get(about.subscription.id) ?? [];
      const before: Before = {
        periodIndex,
        pools: await poolsRolledIn(db, about, periodIndex, segments, again),
        term: null,
        earlier: segmentsBefore(about, periodIndex, segments),
      };
      const ofSegments = segments.map((segment) => usages.get(segment)!);
      try {
        const charged = usageCharges(segmentsToRate({ periodIndex, segments, before, usages: ofSegments }), before);
        positions.push({ open: each, before, usages: ofSegments, charged });
        poolsLeft.set(about.subscription.id, [...again, { periodIndex, pools: poolsAfter(charged.segments) }]);
        if ([...charged.charges.values()].some(({ pendingEvents }) => pendingEvents > 0)) unknown = COST_PENDING;
      } catch (error) {
        unknown = this.reasonOf(error, each);
      }
    }
    if (unknown === null && !open.some(({ isPriced }) => isPriced)) unknown = NO_PRICE;
    return { positions, unknown };
  }

  /** Periods of customers that are not finalized and have begun, by subscription in the order of time. */
  private async openPeriods(db: EntityManager, tenant: Tenant, customerIds: readonly string[]): Promise<OpenPeriod[]> {
    const found = await db.find(SubscriptionEntity, { where: { customerId: In(customerIds) }, order: { id: 'ASC' } });
    if (found.length === 0) return [];
    const drafts = new Map<string, Date[]>();
    const ids = found.map(({ id }) => id);
    for (const { subscriptionId, periodStart } of await draftPeriods(db, tenant.organisationId, ids))
      drafts.set(subscriptionId, [...(drafts.get(subscriptionId) ?? []), periodStart]);

    const living = found.filter(({ id, dueAt }) => dueAt !== null || drafts.has(id));
    const nows = await this.customers.nowsOnTestClocks(tenant, customerIds);
    return (await this.subscriptions.withPlans(tenant, living)).flatMap((about) => {
      const now = nows.get(about.customer.id) ?? this.clock.now();
      // An event may be that far ahead; whatever it is charged for has begun by then.
      const until = new Date(Math.max(now.getTime(), this.clock.now().getTime()) + this.settings.WEIR_EVENT_MAX_FUTURE);
      const starts = drafts.get(about.subscription.id) ?? [];
      const drafted = starts.map((start) => periodAt(about, start)).filter((each) => each !== null);
      return [...drafted, ...periodsUntil(about, until)].map(({ index, period }) => {
        const segments = segmentsOf(about, period);
        return {
          about,
          periodIndex: index,
          period,
          segments: segments.map((segment) => ({ ...segment, plan: usagePlan(segment.plan) })),
          // In a pause usage is free by rule, which is known.
          isPriced: segments.some((segment) => planAt(about, segment.period.start).prices.some(chargesUsage)),
        };
      });
    });
  }

  /** Segments that want the same of the same time are read together. */
  private async usagesOf(
    tenant: Tenant,
    open: readonly OpenPeriod[],
  ): Promise<{ usages: ReadonlyMap<Segment, SegmentUsage>; failed: ReadonlyMap<Segment, string> }> {
    const groups = new Map<string, { open: OpenPeriod; segment: Segment }[]>();
    for (const each of open) {
      for (const segment of each.segments) {
        const key = likenessOf(each, segment);
        const group = groups.get(key);
        if (group === undefined) groups.set(key, [{ open: each, segment }]);
        else group.push({ open: each, segment });
      }
    }
    const usages = new Map<Segment, SegmentUsage>();
    const failed = new Map<Segment, string>();
    for (const group of groups.values()) {
      try {
        await this.readGroup(tenant, group, usages);
      } catch (error) {
        this.reasonOf(error, group[0]!.open);
        // Somebody's usage can't be read: whose, the next step tells.
        for (const alone of group) {
          try {
            await this.readGroup(tenant, [alone], usages);
          } catch (own) {
            failed.set(alone.segment, this.reasonOf(own, alone.open));
          }
        }
      }
    }
    return { usages, failed };
  }

  private async readGroup(
    tenant: Tenant,
    group: readonly { open: OpenPeriod; segment: Segment }[],
    usages: Map<Segment, SegmentUsage>,
  ): Promise<void> {
    const { open, segment } = group[0]!;
    const wanted = segment.plan.prices.map(({ meterId, charge }) => ({ meterId: meterId!, charge }));
    const ids = [...new Set(group.map((each) => each.open.about.customer.id))];
    const { timeZone } = open.about.customer;
    const found = await this.usage.ofCustomers(tenant, ids, [segment.period], wanted, timeZone);
    for (const each of group) usages.set(each.segment, found.get(each.open.about.customer.id)![0]!);
  }

  /** Why a customer's charges can't be told, for people. @throws what is no fault of the customer's usage or plan */
  private reasonOf(error: unknown, { about }: OpenPeriod): string {
    if (passes(error) || (error as { driverError?: unknown }).driverError !== undefined) throw error;
    if (error instanceof DomainError) return error.message;
    this.logger.error({ err: error, subscription: about.subscription.id }, 'usage could not be rated');
    return 'Rating the usage failed.';
  }
}

function isIn({ start, end }: Period, at: Micros): boolean {
  return start.getTime() * 1_000 <= at && at < end.getTime() * 1_000;
}

/** From the open period to the one that an instant is in. */
function periodsUntil(about: SubscriptionWithPlan, until: Date): NumberedPeriod[] {
  const { dueAt, openPeriod } = about.subscription;
  if (dueAt === null) return [];
  const periods: NumberedPeriod[] = [];
  let next: NumberedPeriod | null = { index: openPeriod, period: periodOf(about, openPeriod) };
  while (next !== null && next.period.start < until) {
    if (next.period.start < next.period.end) periods.push(next);
    next = nextPeriod(about, next.index);
  }
  return periods;
}

function likenessOf({ about }: OpenPeriod, { plan, period }: Segment): string {
  // A subscription with terms of its own may want its usage in another detail.
  const prices = about.overrides.length > 0 ? about.subscription.id : plan.id;
  return [about.customer.timeZone, period.start.getTime(), period.end.getTime(), prices].join(' ');
}

/** What usage adds to a period's charges; null where that depends on a cost that isn't known. */
function addedBy({ open, before, usages, charged }: Position, { at, units, cost }: VirtualUsage): Decimal | null {
  const { about, periodIndex, segments } = open;
  const { timeZone } = about.customer;
  const more = segmentsToRate({ periodIndex, segments, before, usages }).map((segment) => {
    const { period } = segment;
    if (!isIn(period, at)) return segment;
    return {
      ...segment,
      usage: {
        of: (price: Parameters<typeof segment.usage.of>[0]) => {
          const used = segment.usage.of(price);
          const added = units.get(price.meterId ?? '');
          if (added === undefined) return used;
          const { meter, quantity, values } = added;
          return withMore(
            used,
            { meter, charge: price.charge, period, timeZone },
            { time: at, quantity, cost, values },
          );
        },
      },
    };
  });
  const { charges } = usageCharges(more, before);
  let total = ZERO;
  for (const [key, { amount, pendingEvents }] of charges) {
    const now = charged.charges.get(key);
    if (pendingEvents > (now?.pendingEvents ?? 0)) return null;
    total = total.plus(amount).minus(now?.amount ?? ZERO);
  }
  return total;
}
