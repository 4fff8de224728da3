import { Body, Controller, Delete, Get, Inject, Param, Post, Put } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../access';
import { askedDecimal, toPlain } from '../catalog';
import { PERIOD_ANCHORS } from '../kernel';
import { currency, instant, key, reference, text } from '../platform/http';
import type { SubscriptionWithPlan } from './assemble-subscription';
import { CustomersService } from './customers.service';
import { OverridesService } from './overrides.service';
import { INVOICINGS } from './persistence/subscription.entity';
import { PriceOverrideFields } from './price-override.schema';
import { SubscriptionResponse, toSubscriptionResponse } from './subscription-responses';
import { SubscriptionsService } from './subscriptions.service';

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
  invoicing: z
    .enum(INVOICINGS)
    .optional()
    .describe(
      '`together` (without it): on one invoice with the customer’s other subscriptions whose periods end on the same day. `apart`: on invoices of its own.',
    ),
  thresholds: z
    .strictObject({
      amount: askedDecimal('What usage may come to, in the subscription’s currency, before it is billed at once.'),
    })
    .refine(({ amount }) => amount.greaterThan(0), { path: ['amount'], error: 'must be above 0' })
    .optional()
    .describe('Bills usage before the period is over, each time it comes to so much.'),
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
      'Billing periods as long as the plan says, in the customer’s time zone. Give a key or an Idempotency-Key so that a repeat makes no second one.',
  })
  @ApiResponse({ status: 201, standardSchema: SubscriptionResponse })
  async create(
    @Asker() tenant: Tenant,
    @Body({ schema: CreateSubscriptionRequest }) request: z.infer<typeof CreateSubscriptionRequest>,
  ): Promise<z.infer<typeof SubscriptionResponse>> {
    const { key: name = null, startAt = null, anchor = null, currency: charged = null, ...wanted } = request;
    const thresholds = wanted.thresholds === undefined ? undefined : toPlain(wanted.thresholds);
    return this.answer(
      tenant,
      await this.subscriptions.create(tenant, { ...wanted, key: name, startAt, anchor, currency: charged, thresholds }),
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
