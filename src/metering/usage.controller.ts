import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../access';
import { MetersService } from '../catalog';
import { type CustomerEntity, CustomersService, periodOf, SubscriptionsService } from '../customers';
import { decimalText, InvalidRequestError, type Period, toPublicId } from '../kernel';
import { instant } from '../platform/http';
import type { MeterUsage } from './persistence/usage-store';
import { UsageService } from './usage.service';

const UsageQuery = z.object({
  from: instant()
    .optional()
    .describe('Start of the period, inclusive. Without it: start of the open billing period, or 30 days ago.'),
  to: instant()
    .optional()
    .describe('End of the period, exclusive. Without it: end of the open billing period, or now.'),
});

const CountedResponse = z.object({
  quantity: z.string().describe('Decimal.'),
  cost: z.string().describe('What these events cost you; decimal, in the organisation’s currency.'),
  events: z.number().int(),
  pendingCostEvents: z.number().int().describe('Events whose cost is not known yet. They are in `cost` with nothing.'),
});

const UsageResponse = z.object({
  customer: z.object({ id: z.string(), key: z.string() }),
  from: z.string(),
  to: z.string(),
  meters: z.array(CountedResponse.extend({ meter: z.string(), key: z.string(), name: z.string() })),
  allEvents: CountedResponse.describe('Every event of the customer, whether or not a meter counts it.'),
});

const MOST_METERS = 500;
const THIRTY_DAYS_MS = 30 * 86_400_000;

@ApiTags('usage')
@Controller('v1/customers/:customer/usage')
export class UsageController {
  constructor(
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(SubscriptionsService) private readonly subscriptions: SubscriptionsService,
    @Inject(MetersService) private readonly meters: MetersService,
    @Inject(UsageService) private readonly usage: UsageService,
  ) {}

  @Get()
  @Requires('read')
  @ApiOperation({
    summary: 'Usage of a customer by meter',
    description: 'Sees an event as soon as it was answered as accepted.',
  })
  @ApiResponse({ status: 200, standardSchema: UsageResponse })
  async usageOf(
    @Asker() tenant: Tenant,
    @Param('customer') reference: string,
    @Query({ schema: UsageQuery }) query: z.output<typeof UsageQuery>,
  ): Promise<z.infer<typeof UsageResponse>> {
    const customer = await this.customers.find(tenant, reference);
    const period = await this.periodOf(tenant, customer, query);
    const usage = await this.usage.inPeriod(tenant, customer.id, period);
    const meters = await this.meters.list(tenant, null, MOST_METERS);
    return {
      customer: { id: toPublicId('customer', customer.id), key: customer.key },
      from: period.start.toISOString(),
      to: period.end.toISOString(),
      meters: meters.map((meter) => ({
        meter: toPublicId('meter', meter.id),
        key: meter.key,
        name: meter.name,
        ...counted(usage.of(meter.id)),
      })),
      allEvents: counted(usage.allEvents),
    };
  }

  private async periodOf(
    tenant: Tenant,
    customer: CustomerEntity,
    query: z.output<typeof UsageQuery>,
  ): Promise<Period> {
    const open = query.from === undefined || query.to === undefined ? await this.openPeriod(tenant, customer) : null;
    const start = query.from ?? open!.start;
    const end = query.to ?? open!.end;
    if (start.getTime() < end.getTime()) return { start, end };
    const detail = 'must be before the end of the period';
    throw new InvalidRequestError('invalid_period', `from: ${detail}`, [{ field: 'from', detail }]);
  }

  private async openPeriod(tenant: Tenant, customer: CustomerEntity): Promise<Period> {
    const subscriptions = await this.subscriptions.ofCustomer(tenant, customer);
    // One that has ended and is billed has no open period any more.
    const first = subscriptions.find(({ subscription }) => subscription.dueAt !== null);
    if (first !== undefined) return periodOf(first, first.subscription.openPeriod);
    const now = await this.customers.nowFor(tenant, customer);
    return { start: new Date(now.getTime() - THIRTY_DAYS_MS), end: now };
  }
}

function counted(usage: MeterUsage): z.infer<typeof CountedResponse> {
  return {
    quantity: decimalText(usage.quantity),
    cost: decimalText(usage.cost),
    events: usage.events,
    pendingCostEvents: usage.pendingEvents,
  };
}
