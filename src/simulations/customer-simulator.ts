import { setImmediate as letOthersRun } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { type EntityManager, In } from 'typeorm';
import { OrganisationEntity, type Tenant } from '../access';
import { type MeterEntity, MetersService, type Plan } from '../catalog';
import { ExchangeRatesService } from '../costing';
import {
  CustomersService,
  periodAt,
  planAt,
  SubscriptionEntity,
  SubscriptionsService,
  type SubscriptionWithPlan,
} from '../customers';
import { Clock, ConflictError, ONE, type Period } from '../kernel';
import { ChargeUsageService, type SegmentUsage, type UsageWanted } from '../metering';
import { Database } from '../platform/database';
import {
  atOtherCosts,
  type CostChange,
  factorFor,
  namesEvents,
  type PlanToSimulate,
  simulateCustomer,
  type SimulatedCustomer,
  type SimulatedPeriod,
} from './domain';
import { readAddedCosts } from './persistence/added-costs';

/** For so long rating may keep the process from everything else, such as taking in events. */
const LONGEST_BREATH_MS = 20;

/** What is done with each customer. */
export interface CustomerQuestion {
  /** End to end. */
  readonly periods: readonly SimulatedPeriod[];
  /** Where they begin. */
  readonly timeZone: string;
  readonly candidates: readonly Plan[];
  /** What candidates are compared with: what each customer holds, one plan for all, or nothing. */
  readonly baseline: 'current' | Plan | null;
  /** Only subscriptions to this plan are what a customer holds; null: all of them. */
  readonly planKey: string | null;
  readonly costChanges: readonly CostChange[];
}

/** Bills some customers by several plans. Stores nothing. */
@Injectable()
export class CustomerSimulator {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(MetersService) private readonly meters: MetersService,
    @Inject(ChargeUsageService) private readonly usage: ChargeUsageService,
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(SubscriptionsService) private readonly subscriptions: SubscriptionsService,
    @Inject(ExchangeRatesService) private readonly rates: ExchangeRatesService,
  ) {}

  /**
   * One outcome per customer and candidate, in the order of the ids. Everything is of one instant. The statements are as
   * many for one customer as for all of them.
   *
   * @throws ConflictError `meter_filling` while a plan's usage isn't all counted, `too_many_transactions` as reading it does
   */
  async simulate(
    tenant: Tenant,
    customerIds: readonly string[],
    question: CustomerQuestion,
  ): Promise<SimulatedCustomer[]> {
    const { organisationId } = tenant;
    const { periods, timeZone, candidates, costChanges } = question;
    return this.database.snapshot(organisationId, async (db) => {
      const held = await this.heldPlans(db, tenant, customerIds, question);
      const plans = [...candidates, ...[...(held?.values() ?? [])].flat().map(({ plan }) => plan)];
      const wanted = wantedBy(plans);
      const months = periods.map(({ period }) => period);
      const usage = await this.usageOf(tenant, customerIds, months, plans);
      const added = await readAddedCosts(db, organisationId, customerIds, months, costChanges, wanted);
      const everyEvent = factorFor(costChanges.filter((change) => !namesEvents(change)), { provider: null, model: null }); // prettier-ignore
      const convert = await this.rates.convertingAt(tenant, months[0]!.start);
      const { currency: costCurrency } = await db.findOneByOrFail(OrganisationEntity, { id: organisationId });

      const sameCosts = added === null && everyEvent.equals(ONE);
      const terms = { periods, timeZone, candidates, costCurrency, convert };
      const simulated: SimulatedCustomer[] = [];
      let breath = performance.now();
      for (const customerId of customerIds) {
        const usageNow = usage.get(customerId)!;
        const usageThen = sameCosts
          ? usageNow
          : usageNow.map((month, index) => atOtherCosts(month, added?.(customerId, index) ?? null, everyEvent));
        const now = held === null ? null : (held.get(customerId) ?? []);
        simulated.push(simulateCustomer({ customerId, usageNow, usageThen, now }, terms));
        if (performance.now() - breath < LONGEST_BREATH_MS) continue;
        await letOthersRun();
        breath = performance.now();
      }
      return simulated;
    });
  }

  /** A meter of these plans that has not counted all stored events yet, so that its usage would be told too small. */
  async fillingMeter(tenant: Tenant, plans: readonly Plan[]): Promise<MeterEntity | null> {
    const ids = new Set(wantedBy(plans).map(({ meterId }) => meterId));
    const meters = await this.meters.byIds(tenant, [...ids]);
    return [...meters.values()].find(({ status }) => status === 'filling') ?? null;
  }

  /** @throws ConflictError `meter_filling` */
  async refuseFilling(tenant: Tenant, plans: readonly Plan[]): Promise<void> {
    const filling = await this.fillingMeter(tenant, plans);
    if (filling === null) return;
    throw new ConflictError(
      'meter_filling',
      `The meter '${filling.key}' has not counted all stored events yet, so what it would be charged for isn't known. GET /v1/meters/${filling.key} says how far it is.`,
    );
  }

  /** What each customer holds; null where nothing is compared. Customers without a subscription are not in the map. */
  private async heldPlans(
    db: EntityManager,
    tenant: Tenant,
    customerIds: readonly string[],
    { baseline, planKey, periods }: CustomerQuestion,
  ): Promise<Map<string, PlanToSimulate[]> | null> {
    if (baseline === null) return null;
    const held = new Map<string, PlanToSimulate[]>();
    if (baseline !== 'current') {
      for (const id of customerIds) held.set(id, [{ plan: baseline, firstPeriod: 0 }]);
      return held;
    }
    const found = await db.find(SubscriptionEntity, {
      where: { customerId: In([...customerIds]) },
      order: { id: 'ASC' },
    });
    const clocks = await this.customers.nowsOnTestClocks(tenant, customerIds);
    for (const about of await this.subscriptions.withPlans(tenant, found)) {
      const { subscription, customer } = about;
      const now = clocks.get(customer.id) ?? this.clock.now();
      if (subscription.startAt.getTime() > now.getTime()) continue;
      if (about.ending !== null && about.ending.endAt.getTime() <= now.getTime()) continue;
      const plan = planAt(about, now);
      if (planKey !== null && plan.key !== planKey) continue;
      const firstPeriod = periodNumberAt(about, periods[0]!.period.start);
      held.set(customer.id, [...(held.get(customer.id) ?? []), { plan, firstPeriod }]);
    }
    return held;
  }

  /** Usage as these plans need it, by each customer's own clock where a price asks which hour it is for them. */
  async usageOf(
    tenant: Tenant,
    customerIds: readonly string[],
    months: readonly Period[],
    plans: readonly Plan[],
  ): Promise<Map<string, readonly SegmentUsage[]>> {
    await this.refuseFilling(tenant, plans);
    const wanted = wantedBy(plans);
    const asksForZone = plans.some(({ prices }) =>
      prices.some(({ charge }) => charge.model === 'scheduled' && charge.timeZone === 'customer'),
    );
    const byZone = new Map<string, string[]>();
    if (asksForZone) {
      const customers = await this.customers.byIds(tenant, customerIds);
      for (const id of customerIds) {
        const { timeZone } = customers.get(id)!;
        byZone.set(timeZone, [...(byZone.get(timeZone) ?? []), id]);
      }
    } else {
      byZone.set('UTC', [...customerIds]);
    }
    const usage = new Map<string, readonly SegmentUsage[]>();
    for (const [timeZone, ids] of byZone) {
      const found = await this.usage.ofCustomers(tenant, ids, months, wanted, timeZone);
      for (const [id, ofCustomer] of found) usage.set(id, ofCustomer);
    }
    return usage;
  }
}

/** Everything that has to be known of usage to rate these plans, each price of a version once. */
function wantedBy(plans: readonly Plan[]): UsageWanted[] {
  const charges = new Map<unknown, UsageWanted>();
  for (const { meterId, charge } of plans.flatMap(({ prices }) => prices)) {
    if (meterId !== null) charges.set(charge, { meterId, charge });
  }
  return [...charges.values()];
}

/** The number of the billing period that an instant is in; before the first, that; outside of any, the next to be billed. */
function periodNumberAt(about: SubscriptionWithPlan, at: Date): number {
  const { startAt, openPeriod } = about.subscription;
  return at.getTime() <= startAt.getTime() ? 0 : (periodAt(about, at)?.index ?? openPeriod);
}
