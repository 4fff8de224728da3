import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { MarginFloorService, type Tenant } from '../access';
import { type MarginBelowFloor, type MarginGuard, MarginGuards, type Plan } from '../catalog';
import { Clock, type Period } from '../kernel';
import { lastHourWithEvents } from '../metering';
import { Database } from '../platform/database';
import { CustomerSimulator } from './customer-simulator';
import { isBelowFloor, type MarginFigures, marginOf, notByTheMonth, type CustomerOutcome } from './domain';
import { customersOfPlan, everyCustomer, nextCustomers } from './persistence/chosen-customers';

/** Customers that are looked at at most, a page at a time: whoever publishes a plan waits for it. */
const MOST_CUSTOMERS = 2_000;
const A_PAGE = 200;

/** What a plan was looked at with. */
interface Sample {
  readonly period: Period;
  readonly customerIds: readonly string[];
  /** Whether they have the plan already. If not, they stand in for those who will, as far as they used anything. */
  readonly haveIt: boolean;
  readonly leftOut: number;
}

/**
 * Looks at plans before they are published: what would have been left of what they charge for the usage of the last full
 * month? It is asked by the catalog, which comes before usage and cost are known.
 */
@Injectable()
export class SimulatedMarginGuard implements MarginGuard, OnModuleInit {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(MarginGuards) private readonly guards: MarginGuards,
    @Inject(MarginFloorService) private readonly floors: MarginFloorService,
    @Inject(CustomerSimulator) private readonly simulator: CustomerSimulator,
  ) {}

  onModuleInit(): void {
    this.guards.offer(this);
  }

  /** A margin that can't be told is not a margin that is fine: it is answered like one below the floor. */
  async check(tenant: Tenant, plan: Plan): Promise<MarginBelowFloor | null> {
    const floorPercent = await this.floors.find(tenant);
    if (floorPercent === null) return null;
    const sample = await this.sampleFor(tenant, plan);
    if (sample === null) return null;

    const why = notByTheMonth(plan);
    if (why !== null) {
      const note = `The margin is not known: ${why}.`;
      return { marginPercent: null, floorPercent, period: sample.period, note };
    }
    const filling = await this.simulator.fillingMeter(tenant, [plan]);
    if (filling !== null) {
      const note = `The meter '${filling.key}' has not counted all stored events yet, so the margin is not known.`;
      return { marginPercent: null, floorPercent, period: sample.period, note };
    }
    const outcomes = await this.outcomesOf(tenant, plan, sample);
    const figures = marginOf(sample.haveIt ? outcomes : outcomes.filter(({ events }) => events > 0));
    if (figures.customers === 0 || !isBelowFloor(figures, floorPercent)) return null;
    const { period } = sample;
    return { marginPercent: figures.marginPercent, floorPercent, period, note: noteOf(figures, sample) };
  }

  /** The last full month of UTC in which anything was used, and the customers to look at; null without usage. */
  private async sampleFor({ organisationId }: Tenant, { key }: Plan): Promise<Sample | null> {
    const now = this.clock.now();
    const thisMonth = Date.UTC(now.getUTCFullYear(), now.getUTCMonth());
    return this.database.tenant(organisationId, async (db) => {
      const hour = await lastHourWithEvents(db, organisationId, thisMonth * 1_000);
      if (hour === null) return null;
      const used = new Date(hour / 1_000);
      const period = {
        start: new Date(Date.UTC(used.getUTCFullYear(), used.getUTCMonth())),
        end: new Date(Date.UTC(used.getUTCFullYear(), used.getUTCMonth() + 1)),
      };
      const own = await customersOfPlan(db, organisationId, key, now);
      if (own.length > 0) {
        const customerIds = own.slice(0, MOST_CUSTOMERS);
        return { period, customerIds, haveIt: true, leftOut: own.length - customerIds.length };
      }
      const { total, lastId } = await everyCustomer(db, organisationId);
      const all = await nextCustomers(db, organisationId, { customerIds: null, lastId }, null, MOST_CUSTOMERS);
      return { period, customerIds: all, haveIt: false, leftOut: total - all.length };
    });
  }

  private async outcomesOf(tenant: Tenant, plan: Plan, { period, customerIds }: Sample): Promise<CustomerOutcome[]> {
    const question = {
      periods: [{ period, share: { part: 1, whole: 1 } }],
      timeZone: 'UTC',
      candidates: [plan],
      baseline: null,
      planKey: null,
      costChanges: [],
    };
    const outcomes: CustomerOutcome[] = [];
    for (let begin = 0; begin < customerIds.length; begin += A_PAGE) {
      const page = await this.simulator.simulate(tenant, customerIds.slice(begin, begin + A_PAGE), question);
      outcomes.push(...page.flatMap((customer) => customer.outcomes));
    }
    return outcomes;
  }
}

/** What else is to know of the figures. */
function noteOf({ revenue, cost, notRated, pendingEvents }: MarginFigures, { haveIt, leftOut }: Sample): string {
  const notes = [
    cost === null
      ? 'There is no exchange rate for its costs, so the margin is not known.'
      : `It would have charged ${revenue.toFixed()} for usage that cost ${cost.toFixed()}.`,
    haveIt ? '' : 'Nobody has the plan yet, so everybody’s usage was looked at.',
    leftOut === 0 ? '' : `${leftOut} further customers were not looked at.`,
    notRated === 0 ? '' : `The usage of ${notRated} customers can’t be charged by it.`,
    pendingEvents === 0 ? '' : `The cost of ${pendingEvents} events is not known yet.`,
  ];
  return notes.filter((note) => note !== '').join(' ');
}
