import { hasAdvance, type StoredPlan } from '../catalog';
import { ConflictError, InvalidRequestError, newUuid } from '../kernel';
import type { SubscriptionWithPlan } from './assemble-subscription';
import type { CancelChange, ChangeTime, PauseChange, ReactivateChange, ResumeChange } from './change-request';
import { refuseClosed, refuseEnded } from './change-refusals';
import type { CycleRow, PauseRow, TimeRows } from './change-rows';
import { numbered } from './changes-of-terms';
import type { Decided, Situation } from './decided';
import { instantOfNow, overlaps, pauseAt, periodEndAt, planAt } from './domain';

/** The instant a request means. */
export function instantOf(about: SubscriptionWithPlan, at: ChangeTime, now: Date): Date {
  if (at === 'now') return instantOfNow(about, now);
  return at === 'period_end' ? periodEndAt(about, now) : at;
}

/** @throws ConflictError `already_paused`, `period_closed`, `subscription_ended`, InvalidRequestError `invalid_period` */
export function decidePause(situation: Situation, { bills, at, until, reason }: PauseChange): Decided | null {
  const { about, rows, now, changeId } = situation;
  const fromAt = instantOf(about, at, now);
  refuseEnded(about, fromAt, now, 'at');
  if (until !== null && until.getTime() <= fromAt.getTime()) {
    const detail = `must be after the pause begins, which is at ${fromAt.toISOString()}`;
    throw new InvalidRequestError('invalid_period', `until: ${detail}.`, [{ field: 'until', detail }]);
  }
  const other = rows.pauses.find((pause) => overlaps(pause, { fromAt, toAt: until }));
  if (other !== undefined) {
    if (isSamePause(other, { fromAt, bills, until }, at === 'now')) return null;
    throw alreadyPaused(other);
  }
  refuseClosed(about, fromAt, 'at');

  const pause: PauseRow = {
    id: newUuid(),
    fromAt,
    toAt: until,
    bills,
    reason,
    changeId,
    createdAt: situation.createdAt,
  };
  return { kind: 'pause', rows: { ...rows, pauses: [...rows.pauses, pause] }, at: fromAt, invoice: 'next', reason };
}

/** @throws ConflictError `not_paused`, `period_closed`, `subscription_ended` */
export function decideResume({ about, rows, now }: Situation, { at, invoice, reason }: ResumeChange): Decided {
  const toAt = instantOf(about, at, now);
  refuseEnded(about, toAt, now, 'at');
  refuseClosed(about, toAt, 'at');
  const pause = pauseAt(rows.pauses, toAt);
  if (pause === null) {
    const planned = rows.pauses.find(({ fromAt }) => toAt.getTime() < fromAt.getTime());
    const hint =
      planned === undefined
        ? ''
        : ` The one planned for ${planned.fromAt.toISOString()} is called off with DELETE …/changes/:change.`;
    throw new ConflictError('not_paused', `The subscription is not paused at ${toAt.toISOString()}.${hint}`, [
      { field: 'at', detail: 'is in no pause' },
    ]);
  }

  const others = rows.pauses.filter((each) => each !== pause);
  const resumed = pause.fromAt.getTime() === toAt.getTime() ? [] : [{ ...pause, toAt }];
  return { kind: 'resume', rows: { ...rows, pauses: [...others, ...resumed] }, at: toAt, invoice, reason };
}

/** @throws ConflictError `already_cancelled`, `subscription_ended`, `period_closed` */
export function decideCancel({ about, rows, now }: Situation, { at, settle, reason }: CancelChange): Decided | null {
  const { ending } = about;
  if (ending !== null) {
    const sameTime =
      at === 'now' ? false : instantOf({ ...about, ending: null }, at, now).getTime() === ending.endAt.getTime();
    if (sameTime && ending.settle === settle) return null;
    refuseEnded(about, now, now, 'at');
    throw new ConflictError(
      'already_cancelled',
      `The subscription is to end at ${ending.endAt.toISOString()} already, with settle '${ending.settle}'. To end it otherwise, take that back with POST …/undo-cancel first.`,
      [{ field: 'at', detail: `the end is set to ${ending.endAt.toISOString()}` }],
    );
  }
  const endAt = instantOf(about, at, now);
  refuseClosed(about, endAt, 'at');
  const cancelled = { endAt, cancelledAt: now, cancelSettle: settle, cancelReason: reason };
  return { kind: 'cancel', rows: { ...rows, ending: [cancelled] }, at: endAt, invoice: 'next', reason };
}

/** @throws ConflictError `not_cancelled`, `subscription_ended` */
export function decideUndoCancel({ about, rows, now }: Situation, reason: string | null): Decided {
  const { ending, subscription } = about;
  if (ending === null) {
    throw new ConflictError('not_cancelled', 'The subscription is not to end, so there is nothing to take back.');
  }
  if (ending.endAt.getTime() <= now.getTime() || subscription.dueAt === null) {
    throw new ConflictError(
      'subscription_ended',
      `The subscription ended at ${ending.endAt.toISOString()}: take it up again with POST …/reactivate.`,
    );
  }
  return { kind: 'undo_cancel', rows: { ...rows, ending: [] }, at: now, invoice: 'next', reason };
}

/**
 * Takes up an ended subscription again from now on, with billing periods counted anew. What was planned for behind the
 * end, or holds no longer then, is gone.
 *
 * @throws ConflictError `subscription_not_ended`
 */
export function decideReactivate(
  { about, rows, now, changeId }: Situation,
  { reason }: ReactivateChange,
  plan: StoredPlan,
): Decided {
  const { ending, subscription } = about;
  refuseNotEnded(about, now);
  const { endAt, cancelledAt, settle } = ending!;
  const behind = ({ fromAt }: { readonly fromAt: Date }): boolean => endAt.getTime() <= fromAt.getTime();
  const cycle: CycleRow = {
    fromAt: now,
    firstIndex: 0,
    interval: plan.interval,
    intervalCount: plan.intervalCount ?? 1,
    anchor: subscription.anchor,
    previousEndAt: endAt,
    previousCancelledAt: cancelledAt,
    previousSettle: settle,
    changeId,
  };
  const cycles = numbered(about, [...rows.cycles.filter((row) => !behind(row)), cycle]);
  const phases = rows.phases.filter((row) => !behind(row) || row.fromAt.getTime() === subscription.startAt.getTime());
  const phase = { fromAt: now, planId: plan.id, moveId: null, changeId };
  return {
    kind: 'reactivate',
    rows: {
      ...rows,
      cycles,
      phases: lastPlanId(about, phases) === plan.id ? phases : [...phases, phase],
      pauses: rows.pauses.filter((row) => !behind(row)).map((row) => endedBy(row, endAt)),
      ending: [],
    },
    at: now,
    invoice: 'next',
    reason,
    next: { openPeriod: cycles.at(-1)!.firstIndex, startDue: hasAdvance(plan) },
  };
}

/** @throws ConflictError `subscription_not_ended` */
export function refuseNotEnded({ ending, subscription }: SubscriptionWithPlan, now: Date): void {
  if (ending !== null && ending.endAt.getTime() <= now.getTime() && subscription.dueAt === null) return;
  const [is, todo] =
    ending === null
      ? ['goes on', 'there is nothing to take up again']
      : now.getTime() < ending.endAt.getTime()
        ? [`ends at ${ending.endAt.toISOString()}`, 'take the end back with POST …/undo-cancel']
        : ['has ended, and its last period is still to be billed', 'ask again once its invoice is there'];
  throw new ConflictError('subscription_not_ended', `The subscription ${is}: ${todo}.`);
}

/** The plan it had when it ended. */
export function lastPlan(about: SubscriptionWithPlan): StoredPlan {
  const { endAt } = about.ending!;
  const before = new Date(Math.max(endAt.getTime() - 1, about.subscription.startAt.getTime()));
  const { id } = planAt(about, before);
  return about.phases.find(({ plan }) => plan.id === id)!.plan;
}

function lastPlanId(about: SubscriptionWithPlan, phases: TimeRows['phases']): string {
  return phases.at(-1)?.planId ?? about.subscription.planId;
}

function endedBy(pause: PauseRow, endAt: Date): PauseRow {
  return pause.toAt !== null && pause.toAt.getTime() <= endAt.getTime() ? pause : { ...pause, toAt: endAt };
}

/** Whether a pause is what is asked for; one for now may have begun earlier. */
function isSamePause(
  there: PauseRow,
  { fromAt, bills, until }: { fromAt: Date; bills: PauseRow['bills']; until: Date | null },
  now: boolean,
): boolean {
  const begins = now ? there.fromAt.getTime() <= fromAt.getTime() : there.fromAt.getTime() === fromAt.getTime();
  return begins && there.bills === bills && there.toAt?.getTime() === until?.getTime();
}

function alreadyPaused({ fromAt, toAt }: PauseRow): ConflictError {
  const end = toAt === null ? 'until it is resumed' : `until ${toAt.toISOString()}`;
  return new ConflictError(
    'already_paused',
    `There is a pause from ${fromAt.toISOString()} on, ${end}. Resume it first with POST …/resume, or choose a time outside of it.`,
    [{ field: 'at', detail: 'lies in another pause, or reaches into one' }],
  );
}
