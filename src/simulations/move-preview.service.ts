import { Inject, Injectable } from '@nestjs/common';
import type { Tenant } from '../access';
import type { StoredPlan } from '../catalog';
import {
  type MoveCandidate,
  type NewPlanMove,
  periodOf,
  PlanMovesService,
  shareOf,
  type SubscriptionWithPlan,
} from '../customers';
import { type Currency, Decimal, DomainError, InvalidRequestError, type Period } from '../kernel';
import { Database } from '../platform/database';
import { CustomerSimulator } from './customer-simulator';
import {
  NO_CUSTOMERS,
  plansOfMove,
  type PlansOfMove,
  simulatePlan,
  type SimulatedPeriod,
  summarise,
  type Summary,
  toUsageOfPrices,
} from './domain';

/** Whoever asks waits for the answer. */
export const MOST_MOVED = 1_000;
const A_PAGE = 200;
const RISE_OF_INTEREST = new Decimal(10);

/** What a move would mean for one subscription. */
export interface MovedSubscription {
  readonly about: SubscriptionWithPlan;
  readonly plans: PlansOfMove<StoredPlan>;
  readonly already: boolean;
  /** Whose usage was billed by both plans. */
  readonly usage: Period;
  /** Whether that is over; without a period that is, it is the first one so far. */
  readonly closed: boolean;
  /** Null where one of the plans can't charge this usage; then `problem` says why. */
  readonly now: Decimal | null;
  readonly then: Decimal | null;
  readonly problem: string | null;
}

export interface MovePreview {
  readonly toPlan: StoredPlan;
  readonly moved: readonly MovedSubscription[];
  /** Subscriptions of each currency. */
  readonly totals: ReadonlyMap<Currency, Summary>;
}

/** A subscription with the months that it is looked at with. */
interface Asked {
  readonly candidate: MoveCandidate;
  readonly plans: PlansOfMove<StoredPlan>;
  readonly periods: readonly SimulatedPeriod[];
  readonly firstPeriod: number;
  /** How many of the first ones are there for what pools keep of them. */
  readonly leadIn: number;
  readonly closed: boolean;
}

/** Tells who would pay what after a move, by what they used last. Moves nobody. */
@Injectable()
export class MovePreviewService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(PlanMovesService) private readonly moves: PlanMovesService,
    @Inject(CustomerSimulator) private readonly simulator: CustomerSimulator,
  ) {}

  /**
   * @param periods how many of each subscription's last closed periods are billed
   * @throws        InvalidRequestError `too_many_customers`, and whatever the move itself would be refused with
   */
  async preview(tenant: Tenant, wanted: NewPlanMove, periods: number): Promise<MovePreview> {
    return this.database.snapshot(tenant.organisationId, async () => {
      const { toPlan, found, more } = await this.moves.candidates(tenant, wanted, MOST_MOVED);
      if (more) throw tooMany();
      const to = wanted.mode === 'stay' ? null : toPlan;
      const asked = found.map((candidate) => this.askedOf(candidate, to, periods));

      const moved = new Map<MoveCandidate, MovedSubscription>();
      for (const group of byPeriods(asked)) {
        for (let begin = 0; begin < group.length; begin += A_PAGE) {
          const page = group.slice(begin, begin + A_PAGE);
          for (const each of await this.bill(tenant, page)) moved.set(each.candidate, each.moved);
        }
      }
      const inOrder = found.map((candidate) => moved.get(candidate)!);
      return { toPlan, moved: inOrder, totals: totalsOf(inOrder) };
    });
  }

  /** The last closed periods of a subscription; where none is, the first as far as it has come. */
  private askedOf(candidate: MoveCandidate, to: StoredPlan | null, most: number): Asked {
    const { about, at, planned } = candidate;
    const { openPeriod } = about.subscription;
    const plans = plansOfMove(about, at, to, planned);
    const firstBilled = Math.max(0, openPeriod - most);
    const firstPeriod = Math.max(0, firstBilled - Math.max(keptFor(plans.now), keptFor(plans.then)));
    const indexes =
      openPeriod === 0 ? [0] : Array.from({ length: openPeriod - firstPeriod }, (_, i) => firstPeriod + i);
    return {
      candidate,
      plans,
      periods: indexes.map((index) => {
        const period = periodOf(about, index);
        return { period, share: shareOf(about, period) };
      }),
      firstPeriod,
      leadIn: firstBilled - firstPeriod,
      closed: openPeriod > 0,
    };
  }

  /** Bills subscriptions that have the same periods. */
  private async bill(
    tenant: Tenant,
    page: readonly Asked[],
  ): Promise<{ readonly candidate: MoveCandidate; readonly moved: MovedSubscription }[]> {
    const { periods } = page[0]!;
    const ids = [...new Set(page.map(({ candidate }) => candidate.about.customer.id))];
    const plans = page.flatMap((asked) => [asked.plans.now, asked.plans.then]);
    const months = periods.map(({ period }) => period);
    const usage = await this.simulator.usageOf(tenant, ids, months, plans);
    return page.map(({ candidate, plans: between, firstPeriod, leadIn, closed }) => {
      const { about, already } = candidate;
      const used = usage.get(about.customer.id)!.map(toUsageOfPrices);
      const usagePeriod = { start: months[leadIn]!.start, end: months.at(-1)!.end };
      const stays = { about, plans: between, already, usage: usagePeriod, closed };
      try {
        const now = simulatePlan(
          { plan: between.now, firstPeriod, leadIn },
          used,
          periods,
          about.customer.timeZone,
        ).revenue;
        const then = simulatePlan(
          { plan: between.then, firstPeriod, leadIn },
          used,
          periods,
          about.customer.timeZone,
        ).revenue;
        return { candidate, moved: { ...stays, now, then, problem: null } };
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
        return { candidate, moved: { ...stays, now: null, then: null, problem: error.message } };
      }
    });
  }
}

/** Usage of more periods than these is not read for what a pool kept of them. */
const MOST_KEPT = 12;

/** In how many further periods what a pool of the plan has left can be used. */
function keptFor(plan: StoredPlan): number {
  const lasts = (plan.terms?.pools ?? []).map(({ rollover }) => rollover?.expiresAfterPeriods ?? 0);
  return Math.min(MOST_KEPT, Math.max(0, ...lasts));
}

/** Subscriptions whose usage can be read at once. */
function byPeriods(asked: readonly Asked[]): Asked[][] {
  const groups = new Map<string, Asked[]>();
  for (const each of asked) {
    const key = each.periods
      .map(({ period: { start, end }, share: { part, whole } }) =>
        [start.toISOString(), end.toISOString(), part, whole].join(' '),
      )
      .join(' ');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [each]);
    else group.push(each);
  }
  return [...groups.values()];
}

function totalsOf(moved: readonly MovedSubscription[]): Map<Currency, Summary> {
  const totals = new Map<Currency, Summary>();
  for (const { about, plans, now, then } of moved) {
    const outcome = {
      ...{ customerId: about.customer.id, revenueNow: now, revenueThen: then, costNow: null, costThen: null },
      ...{ pendingEvents: 0, events: 0, lines: [], included: [], problem: null },
    };
    const { currency } = plans.then;
    totals.set(currency, summarise(totals.get(currency) ?? NO_CUSTOMERS, outcome, RISE_OF_INTEREST));
  }
  return totals;
}

function tooMany(): InvalidRequestError {
  return new InvalidRequestError(
    'too_many_customers',
    `The move is about more than ${MOST_MOVED} subscriptions. Preview a part of them, or simulate the plan.`,
  );
}
