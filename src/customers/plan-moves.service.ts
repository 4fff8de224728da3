import { Inject, Injectable } from '@nestjs/common';
import { type EntityManager, LessThan } from 'typeorm';
import { actorOf, recordAudit, type Tenant } from '../access';
import { PlanEntity, PlansService, type StoredPlan } from '../catalog';
import { Clock, type Currency, fromPublicId, newUuid, NotFoundError, toPublicId } from '../kernel';
import { Database } from '../platform/database';
import { CustomerDirectory } from './customer-directory';
import { CustomersService } from './customers.service';
import { moveInstant, type MoveMode, openFrom as openFromOf, type Phase, phaseAt } from './domain';
import { MoveRefusals } from './move-refusals';
import {
  insertPhases,
  type NewPhase,
  type PlannedPhase,
  removePhases,
  subscriptionsOnPlans,
} from './persistence/phase-store';
import { PlanMoveEntity } from './persistence/plan-move.entity';
import type { SubscriptionEntity } from './persistence/subscription.entity';
import { refuseUnlessPublished } from './plan-offered';
import type { SubscriptionWithPlan } from './assemble-subscription';
import { SubscriptionsService } from './subscriptions.service';

/** Which of a plan's subscriptions; all conditions that are given must hold. */
export interface MoveRule {
  /** Of the subscription. */
  readonly startedBefore?: Date | undefined;
  /** Of the subscription; that instant itself counts. */
  readonly startedAfter?: Date | undefined;
  /** Of the customer's key. */
  readonly customerPrefix?: string | undefined;
  /** That the subscription is charged in. */
  readonly currency?: Currency | undefined;
}

/** Who is moved: the customers of a list, those a rule is for, or, with neither, everyone on the plan. */
export interface Chosen {
  readonly customers?: readonly string[] | undefined;
  readonly rule?: MoveRule | undefined;
}

export interface NewPlanMove {
  /** A plan's key for any of its versions, or the id of one. */
  readonly fromPlan: string;
  /** A plan's key for its newest version, or the id of one. */
  readonly toPlan: string;
  readonly mode: MoveMode;
  /** Null: now, by each customer's clock. */
  readonly effectiveAt: Date | null;
  readonly chosen: Chosen;
  readonly reason: string;
}

/** A subscription that a move is about. */
export interface MoveCandidate {
  readonly about: SubscriptionWithPlan;
  /** From when on it has the new plan; in a move to stay, from when on it is no longer planned. */
  readonly at: Date;
  /** When its first period without an invoice begins. */
  readonly openFrom: Date;
  /** It hasn't begun by its customer's clock. */
  readonly isToBegin: boolean;
  /** There is nothing to change: it has that plan at that instant, or in a move to stay none is planned. */
  readonly already: boolean;
  /** What a move to stay takes back. */
  readonly planned: readonly Phase<StoredPlan>[];
}

export interface MoveCandidates {
  readonly toPlan: StoredPlan;
  readonly found: readonly MoveCandidate[];
  /** There are more than were asked for. */
  readonly more: boolean;
}

/** A move with the plans it names. */
export interface StoredPlanMove {
  readonly move: PlanMoveEntity;
  readonly toPlan: StoredPlan;
  /** The version it was from; null for any of that key. */
  readonly fromPlan: StoredPlan | null;
}

/** A move as it is asked for, with the names it uses looked up. */
interface Meant {
  readonly wanted: NewPlanMove;
  readonly from: { readonly key: string; readonly id: string | null; readonly ids: ReadonlySet<string> };
  readonly to: StoredPlan;
  /** Versions a move to stay takes back: the one that is named, or all of the key. */
  readonly toIds: ReadonlySet<string>;
  /** What the request calls them, by our ids; null for a move without a list. */
  readonly listed: ReadonlyMap<string, string> | null;
}

const A_PAGE = 500;

/** Moves subscriptions from one plan version to another. */
@Injectable()
export class PlanMovesService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(CustomerDirectory) private readonly directory: CustomerDirectory,
    @Inject(SubscriptionsService) private readonly subscriptions: SubscriptionsService,
    @Inject(PlansService) private readonly plans: PlansService,
  ) {}

  /**
   * Moves all that are meant, or nobody when one of them can't be moved. A phase that is planned for the same instant is
   * replaced, later ones stay. A repeat finds everyone where they belong and changes nothing more.
   *
   * @throws ConflictError `period_closed` when it would change a period that has its invoice, InvalidRequestError
   *         `plan_lacks_currency` when the plan has no prices in one's currency, `interval_differs` when its billing
   *         periods are longer or shorter, `not_on_plan` when a listed customer hasn't the plan to move from
   */
  async move(tenant: Tenant, wanted: NewPlanMove): Promise<StoredPlanMove> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const meant = await this.lookUp(db, tenant, wanted);
      const id = newUuid();
      const refusals = new MoveRefusals(meant);
      const phases: NewPhase[] = [];
      const takenBack: PlannedPhase[] = [];
      const changed = { moved: 0, unchanged: 0 };
      const toBegin: SubscriptionEntity[] = [];

      for await (const candidate of this.candidatesOf(db, tenant, meant, true)) {
        refusals.note(candidate);
        const { about, at, already, planned } = candidate;
        const subscriptionId = about.subscription.id;
        takenBack.push(...planned.map(({ fromAt }) => ({ subscriptionId, fromAt })));
        if (wanted.mode !== 'stay' && !already) {
          phases.push({ subscriptionId, fromAt: at, planId: meant.to.id, moveId: id });
        }
        changed[already ? 'unchanged' : 'moved'] += 1;
        if (candidate.isToBegin && !already) toBegin.push(about.subscription);
      }
      refusals.raise();

      const move = await this.record(db, tenant, meant, { id, ...changed });
      await removePhases(db, tenant.organisationId, takenBack);
      await insertPhases(db, tenant.organisationId, phases);
      await this.subscriptions.rescheduleStarts(db, tenant, toBegin);
      return (await this.withPlans(tenant, [move]))[0]!;
    });
  }

  /**
   * Whom a move would be about and when, without moving anyone.
   *
   * @param most the first so many, oldest subscription first
   */
  async candidates(tenant: Tenant, wanted: NewPlanMove, most: number): Promise<MoveCandidates> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const meant = await this.lookUp(db, tenant, wanted);
      const refusals = new MoveRefusals(meant);
      const found: MoveCandidate[] = [];
      for await (const candidate of this.candidatesOf(db, tenant, meant, false)) {
        if (found.length === most) return { toPlan: meant.to, found, more: true };
        refusals.note(candidate);
        found.push(candidate);
      }
      refusals.raise();
      return { toPlan: meant.to, found, more: false };
    });
  }

  /** @throws NotFoundError */
  async find(tenant: Tenant, reference: string): Promise<StoredPlanMove> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const id = fromPublicId('planMove', reference);
      const move = id === null ? null : await db.findOneBy(PlanMoveEntity, { id });
      if (move === null) throw new NotFoundError('plan move', reference);
      return (await this.withPlans(tenant, [move]))[0]!;
    });
  }

  /** Newest first. */
  async list(tenant: Tenant, before: string | null, limit: number): Promise<StoredPlanMove[]> {
    return this.database.tenant(tenant.organisationId, async (db) =>
      this.withPlans(
        tenant,
        await db.find(PlanMoveEntity, {
          where: before === null ? {} : { id: LessThan(before) },
          order: { id: 'DESC' },
          take: limit,
        }),
      ),
    );
  }

  private async lookUp(db: EntityManager, tenant: Tenant, wanted: NewPlanMove): Promise<Meant> {
    const from = await versionsOf(db, wanted.fromPlan, 'fromPlan');
    const toIds = await versionsOf(db, wanted.toPlan, 'toPlan');
    const to = await this.plans.find(tenant, wanted.toPlan);
    if (wanted.mode !== 'stay') refuseUnlessPublished(to, 'toPlan');

    const { customers } = wanted.chosen;
    const listed = customers === undefined ? null : await this.listed(tenant, customers);
    return { wanted, from, to, toIds: toIds.ids, listed };
  }

  private async listed(tenant: Tenant, names: readonly string[]): Promise<Map<string, string>> {
    const listed = new Map<string, string>();
    const known = await this.directory.find(tenant.organisationId, new Set(names));
    for (const [position, name] of names.entries()) {
      const customer = known.get(name);
      if (customer === undefined) throw new NotFoundError('customer', name, `customers[${position}]`);
      listed.set(customer.id, name);
    }
    return listed;
  }

  /** Those a move is about, page by page, oldest subscription first. */
  private async *candidatesOf(
    db: EntityManager,
    tenant: Tenant,
    meant: Meant,
    lock: boolean,
  ): AsyncGenerator<MoveCandidate> {
    const { wanted, from, to, listed } = meant;
    const query = {
      planIds: [...new Set([...from.ids, to.id])],
      customerIds: listed === null ? null : [...listed.keys()],
      ...wanted.chosen.rule,
    };
    // One instant for all who live by the real clock.
    const realNow = this.clock.now();
    for (let after: string | null = null; ;) {
      const page: SubscriptionEntity[] = await subscriptionsOnPlans(db, query, { after, limit: A_PAGE, lock });
      if (page.length === 0) return;
      const clocks = await this.customers.nowsOnTestClocks(tenant, [...new Set(page.map((each) => each.customerId))]);
      for (const about of await this.subscriptions.withPlans(tenant, page)) {
        const candidate = candidateOf(meant, about, clocks.get(about.customer.id) ?? realNow);
        if (candidate !== null) yield candidate;
      }
      after = page.at(-1)!.id;
    }
  }

  private async record(
    db: EntityManager,
    tenant: Tenant,
    { wanted, from, to }: Meant,
    result: { readonly id: string; readonly moved: number; readonly unchanged: number },
  ): Promise<PlanMoveEntity> {
    const by = await actorOf(db, tenant);
    const move = Object.assign(new PlanMoveEntity(), {
      organisationId: tenant.organisationId,
      ...result,
      fromPlanKey: from.key,
      fromPlanId: from.id,
      toPlanId: to.id,
      mode: wanted.mode,
      effectiveAt: wanted.effectiveAt,
      chosen: toStoredChosen(wanted.chosen),
      reason: wanted.reason,
      apiKeyId: by.apiKeyId,
      madeBy: by.name,
      createdAt: this.clock.now(),
    });
    await db.insert(PlanMoveEntity, move);
    await recordAudit(db, tenant, {
      action: 'plan_move.made',
      subject: { kind: 'plan_move', id: toPublicId('planMove', move.id) },
      reason: wanted.reason,
      after: {
        fromPlan: wanted.fromPlan,
        toPlan: toPublicId('plan', to.id),
        mode: wanted.mode,
        effectiveAt: wanted.effectiveAt,
        moved: move.moved,
      },
    });
    return move;
  }

  private async withPlans(tenant: Tenant, moves: readonly PlanMoveEntity[]): Promise<StoredPlanMove[]> {
    const ids = moves.flatMap(({ toPlanId, fromPlanId }) =>
      fromPlanId === null ? [toPlanId] : [toPlanId, fromPlanId],
    );
    const plans = await this.plans.byIds(tenant, [...new Set(ids)]);
    return moves.map((move) => ({
      move,
      toPlan: plans.get(move.toPlanId)!,
      fromPlan: move.fromPlanId === null ? null : plans.get(move.fromPlanId)!,
    }));
  }
}

/** What a move is to a subscription: null where it has another plan than the one to move from, then and just before. */
function candidateOf(
  { wanted, from, to, toIds, listed }: Meant,
  about: SubscriptionWithPlan,
  now: Date,
): MoveCandidate | null {
  const openFrom = openFromOf(about);
  // What is to be now is never in a period that was closed meanwhile.
  const asked = wanted.effectiveAt ?? (now.getTime() < openFrom.getTime() ? openFrom : now);
  const mode = wanted.mode === 'stay' ? 'now' : wanted.mode;
  const at = moveInstant(mode, asked, about);
  // What has ended by then is not moved any more.
  if (about.ending !== null && about.ending.endAt.getTime() <= at.getTime()) return null;

  const then = phaseAt(about, at).plan;
  const before = phaseAt(about, new Date(at.getTime() - 1)).plan;
  // Somebody who is named and is there already is no mistake of the list: the request may be a repeat.
  const isMeant = from.ids.has(then.id) || from.ids.has(before.id) || (listed !== null && then.id === to.id);
  if (!isMeant) return null;
  const isToBegin = now.getTime() < openFrom.getTime();
  if (wanted.mode !== 'stay') return { about, at, openFrom, isToBegin, already: then.id === to.id, planned: [] };

  const planned = about.phases.filter(
    ({ fromAt, plan, moveId }) => moveId !== null && toIds.has(plan.id) && fromAt >= at && fromAt > now,
  );
  return { about, at, openFrom, isToBegin, already: planned.length === 0, planned };
}

/** The versions of a plan that a reference means: one by its id, all by the key. */
async function versionsOf(db: EntityManager, reference: string, field: string): Promise<Meant['from']> {
  const id = fromPublicId('plan', reference);
  const rows = await db.find(PlanEntity, {
    select: { id: true, key: true },
    where: id === null ? { key: reference } : { id },
  });
  if (rows.length === 0) throw new NotFoundError('plan', reference, field);
  return { key: rows[0]!.key, id, ids: new Set(rows.map((row) => row.id)) };
}

/** Who was asked for, as JSON: instants as text, nothing for what wasn't said. */
function toStoredChosen({ customers, rule }: Chosen): object {
  return JSON.parse(JSON.stringify({ customers, rule })) as object;
}
