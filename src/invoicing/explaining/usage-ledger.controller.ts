import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../../access';
import { CustomersService, SubscriptionsService } from '../../customers';
import { decimalText, InvalidRequestError, sum, toPublicId } from '../../kernel';
import { Database } from '../../platform/database';
import { instant } from '../../platform/http';
import { Adjustments } from '../adjusting/adjustments';
import { LEDGER_CLASSES } from '../domain';
import { UsageLedgerService } from './usage-ledger.service';

const LedgerQuery = z.object({
  from: instant().describe('Start of the range, inclusive, by the time an event counts at.'),
  to: instant().describe('End of the range, exclusive.'),
});

const InvoiceReference = z.object({
  id: z.string(),
  number: z.string().nullable().describe('Null while it is a draft.'),
});
const CountsShape = {
  events: z.number().int(),
  cost: z.string().describe('What these events cost you, as far as it is known.'),
  pendingCostEvents: z.number().int().describe('Events among them whose cost is not known yet.'),
};

const UsageLedgerResponse = z.object({
  customer: z.object({ id: z.string(), key: z.string() }),
  from: z.string(),
  to: z.string(),
  classes: z
    .array(
      z.object({
        class: z
          .enum(LEDGER_CLASSES)
          .describe(
            '`billed`: on the finalized invoice of its period. `allowance`: the same, covered by what was included. `adjusted`: came late and is in what a later one adjusted. `draft`, `open`: in a period whose invoice is a draft, or that hasn’t ended. `late`: the next invoice adjusts it. `beyond_reach`: nobody will. `pending_cost`: its charge waits for its cost. `trial`, `paused`, `waived`: free by rule. `taken_back`: its invoice is void, and nothing took its place. `not_charged`: no price looks at it. `voided`.',
          ),
        invoice: InvoiceReference.nullable(),
        line: z
          .object({ id: z.string(), position: z.number().int().describe('From 1.') })
          .nullable()
          .describe('The line of what is billed; of several prices that charge it, the first that asks for it.'),
        ...CountsShape,
      }),
    )
    .describe('Each event is in exactly one of them.'),
  allEvents: z.object(CountsShape),
});

const LateUsageResponse = z.object({
  customer: z.object({ id: z.string(), key: z.string() }),
  items: z.array(
    z.object({
      subscription: z.string(),
      invoice: InvoiceReference,
      servicePeriod: z.object({ start: z.string(), end: z.string().describe('Exclusive.') }),
      entered: z.number().int().describe('Events that came late, or that an event was amended to.'),
      voided: z.number().int(),
      amended: z.number().int(),
      recosted: z.number().int().describe('Events whose cost was found out or corrected.'),
    }),
  ),
});

@ApiTags('invoices')
@Controller('v1/customers/:customer')
export class UsageLedgerController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(SubscriptionsService) private readonly subscriptions: SubscriptionsService,
    @Inject(UsageLedgerService) private readonly ledger: UsageLedgerService,
    @Inject(Adjustments) private readonly adjustments: Adjustments,
  ) {}

  @Get('usage-ledger')
  @Requires('read')
  @ApiOperation({
    summary: 'Where each accepted event of a customer is billed',
    description:
      'Counts and cost by class; the classes add up to all events. What several subscriptions charge is said of the one that was made first. It looks at every event of the range, so ask for a period at a time.',
  })
  @ApiResponse({ status: 200, standardSchema: UsageLedgerResponse })
  async usageLedger(
    @Asker() tenant: Tenant,
    @Param('customer') reference: string,
    @Query({ schema: LedgerQuery }) { from, to }: z.output<typeof LedgerQuery>,
  ): Promise<z.infer<typeof UsageLedgerResponse>> {
    const customer = await this.customers.find(tenant, reference);
    if (from >= to) {
      const detail = 'must be after from';
      throw new InvalidRequestError('invalid_request', `to: ${detail}`, [{ field: 'to', detail }]);
    }
    const entries = await this.ledger.of(tenant, customer, { start: from, end: to });
    return {
      customer: { id: toPublicId('customer', customer.id), key: customer.key },
      from: from.toISOString(),
      to: to.toISOString(),
      classes: entries.map(({ class: of, invoice, line, events, cost, pendingEvents }) => ({
        class: of,
        invoice: invoice === null ? null : { id: toPublicId('invoice', invoice.id), number: invoice.number },
        line:
          line === null || line === undefined
            ? null
            : { id: toPublicId('invoiceLine', line.id), position: line.position },
        events,
        cost: decimalText(cost),
        pendingCostEvents: pendingEvents,
      })),
      allEvents: {
        events: entries.reduce((count, { events }) => count + events, 0),
        cost: decimalText(sum(entries.map(({ cost }) => cost))),
        pendingCostEvents: entries.reduce((count, { pendingEvents }) => count + pendingEvents, 0),
      },
    };
  }

  @Get('late-usage')
  @Requires('read')
  @ApiOperation({
    summary: 'Late usage that no invoice adjusts any more',
    description:
      'Finalized periods whose events changed since they were billed, and that are more than WEIR_ADJUSTMENT_PERIODS before the next invoice. The oldest first.',
  })
  @ApiResponse({ status: 200, standardSchema: LateUsageResponse })
  async lateUsage(
    @Asker() tenant: Tenant,
    @Param('customer') reference: string,
  ): Promise<z.infer<typeof LateUsageResponse>> {
    const customer = await this.customers.find(tenant, reference);
    const items = await this.database.snapshot(tenant.organisationId, async (db) => {
      const found: z.infer<typeof LateUsageResponse>['items'] = [];
      for (const about of await this.subscriptions.ofCustomer(tenant, customer)) {
        for (const { billed, change } of await this.adjustments.beyondReach(db, tenant, about)) {
          found.push({
            subscription: toPublicId('subscription', about.subscription.id),
            invoice: { id: toPublicId('invoice', billed.invoice.id), number: billed.invoice.number },
            servicePeriod: { start: billed.period.start.toISOString(), end: billed.period.end.toISOString() },
            ...change,
          });
        }
      }
      return found;
    });
    return { customer: { id: toPublicId('customer', customer.id), key: customer.key }, items };
  }
}
