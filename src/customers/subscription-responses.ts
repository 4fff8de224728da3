import { z } from 'zod';
import { type StoredPlan, toPlain } from '../catalog';
import { BILLING_INTERVALS, PERIOD_ANCHORS, toPublicId } from '../kernel';
import type { SubscriptionWithPlan } from './assemble-subscription';
import { standingAt, STANDINGS } from './change-refusals';
import { currencyOf, cycleAt, PAUSE_BILLS, periodOf, type Phase, phaseAt, SETTLES, trialOf } from './domain';
import { INVOICINGS } from './persistence/subscription.entity';
import { PriceOverrideResponseFields } from './price-override.schema';

const PlanOfSubscription = z.object({ id: z.string(), key: z.string(), version: z.number().int() });

export const SubscriptionResponse = z.object({
  id: z.string(),
  key: z.string(),
  customer: z.string(),
  plan: PlanOfSubscription.describe('The version it has now, by the customer’s clock.'),
  currency: z.string().describe('What it is charged in.'),
  startAt: z.string(),
  anchor: z
    .enum(PERIOD_ANCHORS)
    .describe('Whether its billing periods begin on the day of the first, or with the calendar.'),
  trialEndAt: z.string().nullable().describe('When its trial ends, or ended; null without one.'),
  status: z
    .enum(STANDINGS)
    .describe(
      'By the customer’s clock. `upcoming`: it begins later. `cancelled`: it goes on until `endAt`. `ended`: it is over.',
    ),
  interval: z
    .object({ interval: z.enum(BILLING_INTERVALS), count: z.number().int() })
    .describe('How long its billing periods are now.'),
  currentPeriod: z
    .object({ start: z.string(), end: z.string() })
    .describe('The first period that has no invoice yet; of one that has ended, nothing behind its end.'),
  endAt: z.string().nullable().describe('When it ends, or ended; null: it goes on.'),
  cancellation: z
    .object({ at: z.string(), settle: z.enum(SETTLES), reason: z.string().nullable() })
    .nullable()
    .describe('When the end was asked for, and what becomes of the period it is in.'),
  pauses: z
    .array(
      z.object({
        from: z.string(),
        to: z.string().nullable().describe('Null: until it is resumed.'),
        bills: z.enum(PAUSE_BILLS),
      }),
    )
    .describe('Also those that are over or are planned.'),
  invoicing: z.enum(INVOICINGS),
  thresholds: z.object({ amount: z.string() }).nullable(),
  phases: z
    .array(
      z.object({
        from: z.string(),
        plan: PlanOfSubscription,
        move: z.string().nullable().describe('The move of many that made it.'),
        change: z.string().nullable().describe('The change of this one that made it.'),
      }),
    )
    .describe('Which plan version it has from when on, also in the future.'),
  overrides: z
    .array(
      z.object({
        price: z.string().describe('Key of the price.'),
        ...PriceOverrideResponseFields,
        from: z.string(),
        to: z.string().nullable(),
        reason: z.string(),
        createdAt: z.string(),
      }),
    )
    .describe('Its own terms for single prices, whichever version of the plan it has; also ended ones.'),
  parkedReason: z.string().nullable().describe('Why no invoices are made for it, when that is so.'),
  createdAt: z.string(),
});

function toPlanOfSubscription(plan: StoredPlan): z.infer<typeof PlanOfSubscription> {
  return { id: toPublicId('plan', plan.id), key: plan.key, version: plan.version };
}

export function toSubscriptionResponse(about: SubscriptionWithPlan, now: Date): z.infer<typeof SubscriptionResponse> {
  const { subscription, customer, phases, overrides, pauses, ending } = about;
  const period = periodOf(about, subscription.openPeriod);
  const cycle = cycleAt(about, now);
  return {
    id: toPublicId('subscription', subscription.id),
    key: subscription.key,
    customer: toPublicId('customer', customer.id),
    plan: toPlanOfSubscription(phaseAt(about, now).plan),
    currency: currencyOf(about),
    startAt: subscription.startAt.toISOString(),
    anchor: subscription.anchor,
    trialEndAt: trialOf(about)?.endAt.toISOString() ?? null,
    status: standingAt(about, now),
    interval: { interval: cycle.interval, count: cycle.intervalCount },
    currentPeriod: { start: period.start.toISOString(), end: period.end.toISOString() },
    endAt: ending?.endAt.toISOString() ?? null,
    cancellation:
      ending === null
        ? null
        : { at: ending.cancelledAt.toISOString(), settle: ending.settle, reason: subscription.cancelReason },
    pauses: pauses.map(({ fromAt, toAt, bills }) => ({
      from: fromAt.toISOString(),
      to: toAt?.toISOString() ?? null,
      bills,
    })),
    invoicing: subscription.invoicing,
    thresholds: subscription.thresholds,
    phases: phases.filter(lasts).map(({ fromAt, plan, moveId, changeId }) => ({
      from: fromAt.toISOString(),
      plan: toPlanOfSubscription(plan),
      move: moveId === null ? null : toPublicId('planMove', moveId),
      change: changeId === null || changeId === undefined ? null : toPublicId('subscriptionChange', changeId),
    })),
    overrides: overrides.map(({ priceKey, definition, fromAt, toAt, reason, createdAt }) => ({
      price: priceKey,
      ...(toPlain(definition) as object),
      from: fromAt.toISOString(),
      to: toAt?.toISOString() ?? null,
      reason,
      createdAt: createdAt.toISOString(),
    })),
    parkedReason: subscription.parkedReason,
    createdAt: subscription.createdAt.toISOString(),
  };
}

/** The plan it was made with holds nowhere when it was moved before it began. */
function lasts({ fromAt }: Phase, position: number, phases: readonly Phase[]): boolean {
  const next = phases[position + 1];
  return next === undefined || fromAt.getTime() < next.fromAt.getTime();
}
