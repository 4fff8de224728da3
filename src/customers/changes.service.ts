import { Inject, Injectable } from '@nestjs/common';
import { type EntityManager, LessThan, MoreThan } from 'typeorm';
import { actorOf, type AuditAction, recordAudit, type Tenant } from '../access';
import { hasAdvance, PlansService, toPlain } from '../catalog';
import { ConflictError, fromPublicId, newUuid, NotFoundError, toPublicId } from '../kernel';
import { Database } from '../platform/database';
import { assemble, type SubscriptionWithPlan } from './assemble-subscription';
import { refuseClosed } from './change-refusals';
import type { ChangeRequest, TakeBackChange } from './change-request';
import {
  differences,
  fromStoredChanges,
  isNothing,
  reversed,
  type RowChanges,
  subjectsOf,
  type TimeRows,
  toStoredChanges,
  withChanges,
} from './change-rows';
import {
  decideCancel,
  decidePause,
  decideReactivate,
  decideResume,
  decideUndoCancel,
  lastPlan,
  refuseNotEnded,
} from './changes-of-standing';
import type { Decided, Situation } from './decided';
import { cycleOfIndex, openFrom, planAt, scheduleNext } from './domain';
import { loadTimeRows, saveRowChanges } from './persistence/time-row-store';
import { type ChangeKind, SubscriptionChangeEntity } from './persistence/subscription-change.entity';
import { SubscriptionEntity } from './persistence/subscription.entity';
import { TermsChanges } from './terms-changes';

/** What came of a change. */
export interface ChangeOutcome {
  /** As it is now. */
  readonly about: SubscriptionWithPlan;
  /** What was done, or was there already when a request was repeated. */
  readonly changes: readonly SubscriptionChangeEntity[];
  /** What it adds or takes off is to be billed at once. */
  readonly billNow: boolean;
  /** The subscription has ended, and its last period is to be closed at once. */
  readonly closeNow: boolean;
}

const AUDITED: Readonly<Record<ChangeKind, AuditAction>> = {
  plan: 'subscription.changed',
  quantities: 'subscription.changed',
  prices: 'subscription.changed',
  schedule: 'subscription.scheduled',
  pause: 'subscription.paused',
  resume: 'subscription.resumed',
  cancel: 'subscription.cancelled',
  undo_cancel: 'subscription.cancel_undone',
  reactivate: 'subscription.reactivated',
};

/** Changes what a subscription has from an instant on, and takes changes back. */
@Injectable()
export class ChangesService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(PlansService) private readonly plans: PlansService,
    @Inject(TermsChanges) private readonly terms: TermsChanges,
  ) {}

  /**
   * Makes a change in the caller's transaction. A repeat of what holds already changes nothing and answers the change
   * that made it so.
   *
   * @param about locked by the caller
   * @param now   by the customer's clock
   * @throws      ConflictError `period_closed` when it would reach into a period that has its invoice, `subscription_ended`,
   *              and what each kind of change is refused with
   */
  async apply(
    db: EntityManager,
    tenant: Tenant,
    about: SubscriptionWithPlan,
    request: ChangeRequest,
    now: Date,
  ): Promise<ChangeOutcome> {
    const rows = await loadTimeRows(db, about.subscription);
    if (request.kind === 'take_back') return this.takeBack(db, tenant, about, rows, request, now);

    const situation = { about, rows, now, changeId: newUuid(), createdAt: now };
    const decided = await this.decide(tenant, situation, request);
    const changes = decided === null ? null : differences(rows, decided.rows);
    if (decided === null || changes === null || isNothing(changes)) {
      return { about, changes: await this.lastLike(db, about, request), billNow: false, closeNow: false };
    }
    const change = await this.record(db, tenant, situation, request, decided, changes);
    const changed = await this.save(db, tenant, about, changes, decided, now);
    const closeNow = decided.kind === 'cancel' && decided.at.getTime() <= now.getTime();
    return { about: changed, changes: [change], billNow: decided.invoice === 'now', closeNow };
  }

  /** Newest first. */
  async list(
    tenant: Tenant,
    { subscription }: SubscriptionWithPlan,
    before: string | null,
    limit: number,
  ): Promise<SubscriptionChangeEntity[]> {
    return this.database.tenant(tenant.organisationId, (db) =>
      db.find(SubscriptionChangeEntity, {
        where: { subscriptionId: subscription.id, ...(before === null ? {} : { id: LessThan(before) }) },
        order: { id: 'DESC' },
        take: limit,
      }),
    );
  }

  private async decide(
    tenant: Tenant,
    situation: Situation,
    request: Exclude<ChangeRequest, TakeBackChange>,
  ): Promise<Decided | null> {
    switch (request.kind) {
      case 'change':
        return this.terms.decideChange(tenant, situation, request);
      case 'schedule':
        return this.terms.decideSchedule(tenant, situation, request);
      case 'pause':
        return decidePause(situation, request);
      case 'resume':
        return decideResume(situation, request);
      case 'cancel':
        return decideCancel(situation, request);
      case 'undo_cancel':
        return decideUndoCancel(situation, request.reason);
      case 'reactivate': {
        refuseNotEnded(situation.about, situation.now);
        const plan = await this.terms.offeredPlan(tenant, situation.about, request.plan, lastPlan(situation.about));
        return decideReactivate(situation, request, plan);
      }
    }
  }

  /** As if it had never been asked for, from when it began on. */
  private async takeBack(
    db: EntityManager,
    tenant: Tenant,
    about: SubscriptionWithPlan,
    rows: TimeRows,
    { change: reference }: TakeBackChange,
    now: Date,
  ): Promise<ChangeOutcome> {
    const { id: subscriptionId } = about.subscription;
    const id = fromPublicId('subscriptionChange', reference);
    const change = id === null ? null : await db.findOneBy(SubscriptionChangeEntity, { id, subscriptionId });
    if (change === null) throw new NotFoundError('subscription change', reference);
    if (change.takenBackAt !== null) return { about, changes: [change], billNow: false, closeNow: false };
    refuseUnlessReversible(change, about, now);

    const made = fromStoredChanges(change.before);
    const later = await db.findBy(SubscriptionChangeEntity, { subscriptionId, id: MoreThan(change.id) });
    const back = reversed(made);
    const newer = later.find((each) => each.takenBackAt === null && haveSubjectInCommon(each, made));
    if (newer !== undefined) throw superseded(change, newer);
    const restored = withChanges(rows, back);
    if (restored === null) throw superseded(change, null);

    const open = openFrom(about);
    const changed = await this.save(db, tenant, about, back, {}, now);
    if (openFrom(changed).getTime() !== open.getTime()) refuseClosed(about, new Date(open.getTime() - 1), 'change');
    await db.update(
      SubscriptionChangeEntity,
      { organisationId: tenant.organisationId, id: change.id },
      { takenBackAt: now },
    );
    change.takenBackAt = now;
    await recordAudit(db, tenant, {
      action: 'subscription.change_taken_back',
      subject: { kind: 'subscription', id: toPublicId('subscription', subscriptionId) },
      before: { change: toPublicId('subscriptionChange', change.id), kind: change.kind, at: change.at },
    });
    return { about: changed, changes: [change], billNow: false, closeNow: false };
  }

  /** Writes what has changed, and what is due next because of it. */
  private async save(
    db: EntityManager,
    tenant: Tenant,
    about: SubscriptionWithPlan,
    changes: RowChanges,
    { next }: Pick<Decided, 'next'>,
    now: Date,
  ): Promise<SubscriptionWithPlan> {
    const { subscription, customer } = about;
    await saveRowChanges(db, subscription, changes);
    const rows = await loadTimeRows(db, subscription);
    const plans = await this.plans.byIds(tenant, [subscription.planId, ...rows.phases.map(({ planId }) => planId)]);
    if (next !== undefined) Object.assign(subscription, next);
    const changed = assemble(subscription, customer, plans, rows);
    const { fromAt } = cycleOfIndex(changed, subscription.openPeriod);
    // What begins yet begins with what is agreed on by now.
    if (now.getTime() < fromAt.getTime()) subscription.startDue = hasAdvance(planAt(changed, fromAt));
    const due = scheduleNext(changed);
    await db.update(SubscriptionEntity, { organisationId: tenant.organisationId, id: subscription.id }, due);
    Object.assign(subscription, due);
    return changed;
  }

  private async record(
    db: EntityManager,
    tenant: Tenant,
    { about, changeId, createdAt }: Situation,
    { kind: _, ...request }: ChangeRequest,
    { kind, at, invoice, reason }: Decided,
    changes: RowChanges,
  ): Promise<SubscriptionChangeEntity> {
    const { id: subscriptionId } = about.subscription;
    const change = Object.assign(new SubscriptionChangeEntity(), {
      organisationId: tenant.organisationId,
      id: changeId,
      subscriptionId,
      kind,
      request: JSON.parse(JSON.stringify(toPlain(request))) as object,
      before: toStoredChanges(changes),
      at,
      invoice,
      reason,
      madeBy: (await actorOf(db, tenant)).name,
      createdAt,
      takenBackAt: null,
    });
    await db.insert(SubscriptionChangeEntity, change);
    await recordAudit(db, tenant, {
      action: AUDITED[kind],
      subject: { kind: 'subscription', id: toPublicId('subscription', subscriptionId) },
      ...(reason === null ? {} : { reason }),
      after: { change: toPublicId('subscriptionChange', changeId), at, ...change.request },
    });
    return change;
  }

  /** The change that a repeated request stands for. */
  private async lastLike(
    db: EntityManager,
    { subscription }: SubscriptionWithPlan,
    request: ChangeRequest,
  ): Promise<SubscriptionChangeEntity[]> {
    const kinds = request.kind === 'change' ? ['plan', 'quantities', 'prices'] : [request.kind];
    const found = await db.find(SubscriptionChangeEntity, {
      where: { subscriptionId: subscription.id },
      order: { id: 'DESC' },
    });
    const last = found.find(({ kind, takenBackAt }) => takenBackAt === null && kinds.includes(kind));
    return last === undefined ? [] : [last];
  }
}

/** @throws ConflictError `change_not_reversible`, `period_closed` or `subscription_ended` */
function refuseUnlessReversible(change: SubscriptionChangeEntity, about: SubscriptionWithPlan, now: Date): void {
  const { ending } = about;
  if (change.kind === 'reactivate' || change.kind === 'undo_cancel') {
    const message = 'That the subscription goes on is not taken back: end it with POST …/cancel.';
    throw new ConflictError('change_not_reversible', message, [{ field: 'change', detail: `is a ${change.kind}` }]);
  }
  if (ending !== null && ending.endAt.getTime() <= now.getTime()) {
    throw new ConflictError(
      'subscription_ended',
      `The subscription ended at ${ending.endAt.toISOString()}: what it was charged by stays. Take it up again with POST …/reactivate.`,
    );
  }
  refuseClosed(about, change.at, 'change');
}

function haveSubjectInCommon(change: SubscriptionChangeEntity, made: RowChanges): boolean {
  const subjects = subjectsOf(made);
  return [...subjectsOf(fromStoredChanges(change.before))].some((subject) => subjects.has(subject));
}

function superseded(change: SubscriptionChangeEntity, newer: SubscriptionChangeEntity | null): ConflictError {
  const by =
    newer === null
      ? 'a plan move or an agreed price has changed the same since'
      : `${toPublicId('subscriptionChange', newer.id)} has changed the same since; take that back first`;
  return new ConflictError(
    'change_superseded',
    `${toPublicId('subscriptionChange', change.id)} can’t be taken back: ${by}.`,
    [{ field: 'change', detail: by }],
  );
}
