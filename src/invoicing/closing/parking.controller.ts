import { Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../../access';
import { periodOf, type SubscriptionWithPlan } from '../../customers';
import { toPublicId } from '../../kernel';
import { decodeCursor, type Page, pageOf, PageQuery, toPage, UUID_TEXT } from '../../platform/http';
import { Parking } from './parking';

const ParkedQuery = PageQuery.extend({
  parked: z.literal('true').describe('Only subscriptions that billing leaves alone: there is no other list of them.'),
});

const ParkedSubscription = z.object({
  id: z.string(),
  key: z.string(),
  customer: z.object({ id: z.string(), key: z.string() }),
  plan: z.object({ id: z.string(), key: z.string(), version: z.number().int() }).describe('The one it was made with.'),
  openPeriod: z.object({ start: z.string(), end: z.string() }).describe('The period that waits for its invoice.'),
  parkedReason: z.string().nullable().describe('Why no invoices are made for it; null when billing goes on.'),
});
const ParkedSubscriptionPage = pageOf(ParkedSubscription);

function toParkedSubscription(about: SubscriptionWithPlan): z.infer<typeof ParkedSubscription> {
  const { subscription, customer, plan } = about;
  const { start, end } = periodOf(about, subscription.openPeriod);
  return {
    id: toPublicId('subscription', subscription.id),
    key: subscription.key,
    customer: { id: toPublicId('customer', customer.id), key: customer.key },
    plan: { id: toPublicId('plan', plan.id), key: plan.key, version: plan.version },
    openPeriod: { start: start.toISOString(), end: end.toISOString() },
    parkedReason: subscription.parkedReason,
  };
}

@ApiTags('billing runs')
@Controller('v1/subscriptions')
export class ParkingController {
  constructor(@Inject(Parking) private readonly parking: Parking) {}

  @Get()
  @Requires('read')
  @ApiOperation({
    summary: 'Subscriptions that billing leaves alone, each with the reason',
    description:
      'A subscription that trips a safety bound or an error is parked, so that the others go on. What it should be billed waits, and nothing of it is lost.',
  })
  @ApiResponse({ status: 200, standardSchema: ParkedSubscriptionPage })
  async list(
    @Asker() tenant: Tenant,
    @Query({ schema: ParkedQuery }) query: z.infer<typeof ParkedQuery>,
  ): Promise<Page<z.infer<typeof ParkedSubscription>>> {
    const after = decodeCursor(query.cursor, [UUID_TEXT]);
    const found = await this.parking.list(tenant, after?.[0] ?? null, query.limit + 1);
    return toPage(found, query.limit, ({ subscription }) => [subscription.id], toParkedSubscription);
  }

  @Post(':subscription/resume-billing')
  @HttpCode(200)
  @Requires('manage')
  @ApiOperation({
    summary: 'Let billing of a parked subscription go on',
    description:
      'The next run closes what waited, period by period; if the reason is still there, it is parked again. Safe to repeat.',
  })
  @ApiResponse({ status: 200, standardSchema: ParkedSubscription })
  async resume(
    @Asker() tenant: Tenant,
    @Param('subscription') subscription: string,
  ): Promise<z.infer<typeof ParkedSubscription>> {
    return toParkedSubscription(await this.parking.resume(tenant, subscription));
  }
}
