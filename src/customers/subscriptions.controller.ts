import { Body, Controller, Delete, Get, Inject, Param, Post, Put } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../access';
import { type StoredPlan, toPlain } from '../catalog';
import { PERIOD_ANCHORS, toPublicId } from '../kernel';
import { currency, instant, key, reference, text } from '../platform/http';
import { CustomersService } from './customers.service';
import { currencyOf, periodOf, type Phase, phaseAt, trialOf } from './domain';
import { OverridesService } from './overrides.service';
import { PriceOverrideFields, PriceOverrideResponseFields } from './price-override.schema';
import { SubscriptionsService, type SubscriptionWithPlan } from './subscriptions.service';

const CreateSubscriptionRequest = z.strictObject({
  key: key().optional().describe('Your own id for the subscription. A repeat with it makes no second one.'),
  customer: reference().describe('The customer, by key or id.'),
  plan: reference().describe('The plan: by key its newest version, by id that version.'),
  startAt: instant()
    .optional()
    .describe('When it begins; past and future are fine. Without it: now, by the customer’s clock.'),
  anchor: z
    .enum(PERIOD_ANCHORS)
    .optional()
    .describe(
      'When billing periods begin, in the customer’s zone. `anniversary` (without it): on the day of `startAt`. `calendar`: with the day, the week (on Monday), the month, the quarter, the half-year or the year; the first one is then a part of a whole one and has its share of what is promised for a period.',
    ),
  currency: currency().optional().describe('One of the plan’s currencies; for good. Without it: the plan’s first.'),
});

const OverrideRequest = z
  .strictObject({
    ...PriceOverrideFields,
    from: instant().optional().describe('When it begins; not in a period that has its invoice. Without it: now.'),
    to: instant().optional().describe('When it ends; without it, until further notice.'),
    reason: text(500).describe('Why, for the record.'),
  })
  .refine(({ from: _1, to: _2, reason: _3, ...terms }) => Object.values(terms).some((term) => term !== undefined), {
    error: 'must say what is agreed on: a charge, an allowance, a quantity, …',
  });

const PlanOfSubscription = z.object({ id: z.string(), key: z.string(), version: z.number().int() });

const SubscriptionResponse = z.object({
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
  currentPeriod: z.object({ start: z.string(), end: z.string() }).describe('The first period that has no invoice yet.'),
  phases: z
    .array(
      z.object({
        from: z.string(),
        plan: PlanOfSubscription,
        move: z.string().nullable().describe('The move that made it; null for the plan it was made with.'),
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

function toSubscriptionResponse(about: SubscriptionWithPlan, now: Date): z.infer<typeof SubscriptionResponse> {
  const { subscription, customer, phases, overrides } = about;
  const period = periodOf(about, subscription.openPeriod);
  return {
    id: toPublicId('subscription', subscription.id),
    key: subscription.key,
    customer: toPublicId('customer', customer.id),
    plan: toPlanOfSubscription(phaseAt(about, now).plan),
    currency: currencyOf(about),
    startAt: subscription.startAt.toISOString(),
    anchor: subscription.anchor,
    trialEndAt: trialOf(about)?.endAt.toISOString() ?? null,
    currentPeriod: { start: period.start.toISOString(), end: period.end.toISOString() },
    phases: phases.filter(lasts).map(({ fromAt, plan, moveId }) => ({
      from: fromAt.toISOString(),
      plan: toPlanOfSubscription(plan),
      move: moveId === null ? null : toPublicId('planMove', moveId),
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

@ApiTags('customers')
@Controller('v1/subscriptions')
export class SubscriptionsController {
  constructor(
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(SubscriptionsService) private readonly subscriptions: SubscriptionsService,
    @Inject(OverridesService) private readonly overrides: OverridesService,
  ) {}

  @Post()
  @Requires('manage')
  @ApiOperation({
    summary: 'Subscribe a customer to a plan',
    description:
      'Monthly periods from the day it starts, in the customer’s time zone. Give a key or an Idempotency-Key so that a repeat makes no second one.',
  })
  @ApiResponse({ status: 201, standardSchema: SubscriptionResponse })
  async create(
    @Asker() tenant: Tenant,
    @Body({ schema: CreateSubscriptionRequest }) request: z.infer<typeof CreateSubscriptionRequest>,
  ): Promise<z.infer<typeof SubscriptionResponse>> {
    const { key: name = null, startAt = null, anchor = null, currency: charged = null, ...wanted } = request;
    return this.answer(
      tenant,
      await this.subscriptions.create(tenant, { ...wanted, key: name, startAt, anchor, currency: charged }),
    );
  }

  @Get(':subscription')
  @Requires('read')
  @ApiOperation({ summary: 'One subscription, by key or id' })
  @ApiResponse({ status: 200, standardSchema: SubscriptionResponse })
  async find(
    @Asker() tenant: Tenant,
    @Param('subscription') subscription: string,
  ): Promise<z.infer<typeof SubscriptionResponse>> {
    return this.answer(tenant, await this.subscriptions.find(tenant, subscription));
  }

  @Put(':subscription/overrides/:price')
  @Requires('manage')
  @ApiOperation({
    summary: 'Agree on other terms for one price of a subscription',
    description:
      'They hold for a stretch of time, whichever version of the plan the subscription has; its other prices stay the plan’s. What was agreed on before for the price comes back behind the stretch. Usage is split at the instant. Safe to repeat.',
  })
  @ApiResponse({ status: 200, standardSchema: SubscriptionResponse })
  async agree(
    @Asker() tenant: Tenant,
    @Param('subscription') subscription: string,
    @Param('price') price: string,
    @Body({ schema: OverrideRequest }) request: z.infer<typeof OverrideRequest>,
  ): Promise<z.infer<typeof SubscriptionResponse>> {
    const { from = null, to = null, reason, ...definition } = request;
    return this.answer(
      tenant,
      await this.overrides.agree(tenant, subscription, price, { definition, from, to, reason }),
    );
  }

  @Delete(':subscription/overrides/:price')
  @Requires('manage')
  @ApiOperation({
    summary: 'End a subscription’s own terms for a price now',
    description: 'The plan’s hold from now on, by the customer’s clock. What was planned for the price is taken back.',
  })
  @ApiResponse({ status: 200, standardSchema: SubscriptionResponse })
  async end(
    @Asker() tenant: Tenant,
    @Param('subscription') subscription: string,
    @Param('price') price: string,
  ): Promise<z.infer<typeof SubscriptionResponse>> {
    return this.answer(tenant, await this.overrides.endNow(tenant, subscription, price));
  }

  private async answer(tenant: Tenant, about: SubscriptionWithPlan): Promise<z.infer<typeof SubscriptionResponse>> {
    return toSubscriptionResponse(about, await this.customers.nowFor(tenant, about.customer));
  }
}
