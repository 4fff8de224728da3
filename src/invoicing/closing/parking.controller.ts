import { Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../../access';
import { toPublicId } from '../../kernel';
import { decodeCursor, type Page, pageOf, PageQuery, toPage, UUID_TEXT } from '../../platform/http';
import { type ParkedSubscription as Parked, Parking } from './parking';

const ParkedQuery = PageQuery.extend({
  parked: z.literal('true').describe('Only subscriptions that billing leaves alone: there is no other list of them.'),
});

const ParkedSubscription = z.object({
  id: z.string(),
  key: z.string(),
  customer: z.object({ id: z.string(), key: z.string() }),
  plan: z.object({ id: z.string(), key: z.string(), version: z.number().int() }).describe('The one it was made with.'),
  dueAt: z.string().nullable().describe('Since when something of it is to be billed.'),
  parkedReason: z.string().nullable().describe('Why no invoices are made for it; null when billing goes on.'),
});
const ParkedSubscriptionPage = pageOf(ParkedSubscription);

function toParkedSubscription(parked: Parked): z.infer<typeof ParkedSubscription> {
  return {
    id: toPublicId('subscription', parked.id),
    key: parked.key,
    customer: { id: toPublicId('customer', parked.customerId), key: parked.customerKey },
    plan: { id: toPublicId('plan', parked.planId), key: parked.planKey, version: parked.planVersion },
    dueAt: parked.dueAt?.toISOString() ?? null,
    parkedReason: parked.parkedReason,
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
    return toPage(found, query.limit, ({ id }) => [id], toParkedSubscription);
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
