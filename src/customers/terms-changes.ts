import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import type { Tenant } from '../access';
import { PlansService, type PriceOverride, type StoredPlan, toPlain } from '../catalog';
import { InvalidRequestError } from '../kernel';
import { AgreedTerms, plansWith } from './agreed-terms';
import { assemble, type SubscriptionWithPlan } from './assemble-subscription';
import { refuseClosed, refuseEnded } from './change-refusals';
import type { ScheduleChange, TermsChange } from './change-request';
import type { TimeRows } from './change-rows';
import { instantOf } from './changes-of-standing';
import { numbered, patchesOf, refuseEmpty, withPlan, withTerms } from './changes-of-terms';
import type { Decided, Situation } from './decided';
import { currencyOf, isWithin } from './domain';
import { offersCurrency, refuseUnlessPublished } from './plan-offered';

/** Decides what changes of plan, quantities and prices make of a subscription. */
@Injectable()
export class TermsChanges {
  constructor(
    @Inject(PlansService) private readonly plans: PlansService,
    @Inject(AgreedTerms) private readonly agreed: AgreedTerms,
  ) {}

  /**
   * @throws ConflictError `period_closed`, `subscription_ended`, `plan_archived`, `plan_change_planned`,
   *         InvalidRequestError `invalid_change`, `plan_lacks_currency`, `not_on_plan`, `invalid_override`
   */
  async decideChange(tenant: Tenant, situation: Situation, request: TermsChange): Promise<Decided | null> {
    const { about, now, changeId, createdAt } = situation;
    refuseEmpty(request);
    const at = instantOf(about, request.at, now);
    refuseEnded(about, at, now, 'at');

    const { plan: wanted, invoice, reason } = request;
    const plan = wanted === undefined ? null : await this.offeredPlan(tenant, about, wanted);
    const planned = plan === null ? situation.rows : withPlan(situation.rows, about, { fromAt: at, plan }, changeId);
    let rows = planned;
    const patches = patchesOf(request);
    for (const [priceKey, patch] of patches) {
      if (agreesOn(rows, priceKey, patch, at)) continue;
      rows = withTerms(rows, priceKey, patch, {
        at,
        reason: reason ?? 'a change of the subscription',
        createdAt,
        changeId,
      });
    }
    if (patches.size > 0) await this.refuseWrongTerms(tenant, about, rows, plan, { ...request, at });
    if (rows === situation.rows) return null;

    refuseClosed(about, at, 'at');
    const kind = planned !== situation.rows ? 'plan' : request.prices === undefined ? 'quantities' : 'prices';
    return { kind, rows, at, invoice, reason };
  }

  /**
   * Says all that is planned after now.
   *
   * @throws ConflictError and InvalidRequestError as `decideChange`, with the phase they are about
   */
  async decideSchedule(tenant: Tenant, situation: Situation, { phases, reason }: ScheduleChange): Promise<Decided> {
    const { about, now, changeId } = situation;
    const isPlanned = ({ fromAt }: { readonly fromAt: Date }): boolean => fromAt.getTime() > now.getTime();
    const cycles = numbered(
      about,
      situation.rows.cycles.filter((row) => !isPlanned(row)),
    );
    let rows: TimeRows = { ...situation.rows, phases: situation.rows.phases.filter((row) => !isPlanned(row)), cycles };
    const plans = new Map(about.phases.map(({ plan }) => [plan.id, plan]));
    let before = now.getTime();
    for (const [position, { fromAt, plan: wanted }] of phases.entries()) {
      const field = `phases[${position}].from`;
      if (fromAt.getTime() <= before) {
        const detail = position === 0 ? 'must be after now' : 'must be after the phase before it';
        throw new InvalidRequestError('invalid_change', `${field}: ${detail}.`, [{ field, detail }]);
      }
      before = fromAt.getTime();
      refuseEnded(about, fromAt, now, field);
      refuseClosed(about, fromAt, field);
      const plan = await this.offeredPlan(tenant, about, wanted, undefined, `phases[${position}].plan`);
      plans.set(plan.id, plan);
      const soFar = assemble(about.subscription, about.customer, plans, rows);
      rows = withPlan(rows, soFar, { fromAt, plan }, changeId);
    }
    return {
      kind: 'schedule',
      rows: unchangedKept(situation.rows, rows),
      at: phases[0]?.fromAt ?? now,
      invoice: 'next',
      reason,
    };
  }

  /**
   * A plan the subscription may have: published, and with prices in its currency.
   *
   * @param wanted null: `otherwise`
   * @throws ConflictError `plan_archived`, InvalidRequestError `plan_is_draft` or `plan_lacks_currency`
   */
  async offeredPlan(
    tenant: Tenant,
    about: SubscriptionWithPlan,
    wanted: string | null,
    otherwise?: StoredPlan,
    field = 'plan',
  ): Promise<StoredPlan> {
    const plan = wanted === null ? otherwise! : await this.plans.find(tenant, wanted);
    refuseUnlessPublished(plan, field);
    const currency = currencyOf(about);
    if (offersCurrency(plan, currency)) return plan;
    const detail = `'${plan.key}' has no prices in ${currency}, which the subscription is charged in`;
    throw new InvalidRequestError('plan_lacks_currency', `${field}: ${detail}.`, [{ field, detail }]);
  }

  private async refuseWrongTerms(
    tenant: Tenant,
    about: SubscriptionWithPlan,
    rows: TimeRows,
    plan: StoredPlan | null,
    { at, quantities = {}, prices = {} }: Omit<TermsChange, 'at'> & { at: Date },
  ): Promise<void> {
    const plans = new Map(
      [...about.phases.map((phase) => phase.plan), ...(plan === null ? [] : [plan])].map((each) => [each.id, each]),
    );
    const agreed = assemble(about.subscription, about.customer, plans, rows);
    for (const key of new Set([...Object.keys(quantities), ...Object.keys(prices)])) {
      const field = key in quantities ? `quantities.${key}` : `prices.${key}`;
      const begins = agreed.overrides.filter(
        (each) => each.priceKey === key && (each.fromAt.getTime() >= at.getTime() || isWithin(at, each)),
      );
      if (!begins.some((each) => plansWith(agreed, each).length > 0)) throw notOnPlan(agreed, key, field, at);
      for (const each of begins) {
        if (plansWith(agreed, each).length === 0) continue;
        await this.agreed.refuseWrong(tenant, about, agreed, each, (own) =>
          own === 'quantity' && key in quantities ? field : `prices.${key}.${own}`,
        );
      }
    }
  }
}

/** Whether terms are agreed on already, from an instant on and for good. */
function agreesOn({ overrides }: TimeRows, priceKey: string, patch: PriceOverride, at: Date): boolean {
  const wanted = Object.entries(toPlain(patch) as Record<string, unknown>);
  return overrides.some(
    (row) =>
      row.priceKey === priceKey &&
      row.toAt === null &&
      isWithin(at, row) &&
      wanted.every(([term, value]) => isDeepStrictEqual((row.definition as Record<string, unknown>)[term], value)),
  );
}

/** Phases and cycles that are planned as they were keep the move or change that planned them. */
function unchangedKept(before: TimeRows, after: TimeRows): TimeRows {
  const phases = after.phases.map(
    (row) =>
      before.phases.find((old) => old.fromAt.getTime() === row.fromAt.getTime() && old.planId === row.planId) ?? row,
  );
  const cycles = after.cycles.map(
    (row) =>
      before.cycles.find(
        (old) =>
          old.fromAt.getTime() === row.fromAt.getTime() &&
          old.firstIndex === row.firstIndex &&
          old.interval === row.interval &&
          old.intervalCount === row.intervalCount,
      ) ?? row,
  );
  return { ...after, phases, cycles };
}

function notOnPlan(agreed: SubscriptionWithPlan, key: string, field: string, at: Date): InvalidRequestError {
  const plan = agreed.phases.findLast(({ fromAt }) => fromAt.getTime() <= at.getTime())?.plan ?? agreed.phases[0]!.plan;
  const has = plan.prices.map((price) => `'${price.key}'`).join(', ');
  const detail = `the plan '${plan.key}' has no price '${key}' from ${at.toISOString()} on; it has ${has}`;
  return new InvalidRequestError('not_on_plan', `${field}: ${detail}.`, [{ field, detail }]);
}
