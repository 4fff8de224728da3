import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../access';
import { CustomersService } from '../customers';
import { formatAmount, toPublicId } from '../kernel';
import { Database } from '../platform/database';
import { PageQuery, pageOf, toPage } from '../platform/http';
import { entryBefore, entryPlace, SourceResponse, toSource } from './ledger-responses';
import { LedgerService } from './ledger.service';
import type { RunningEntry } from './persistence/ledger-store';

const MovementResponse = z.object({
  id: z.string().describe('Of the entry in the ledger.'),
  at: z.string().describe('When it counts, by the customer’s clock.'),
  amount: z.string().describe('Above zero where credit was given, below where it was used up or taken back.'),
  balance: z.string().describe('What the customer had then, in this currency.'),
  currency: z.string(),
  source: SourceResponse,
  description: z.string(),
});
const CustomerCreditResponse = pageOf(MovementResponse).extend({
  balances: z
    .array(z.object({ currency: z.string(), balance: z.string() }))
    .describe('What the customer has now; currencies in which there has never been any are left out.'),
});

function toMovement(entry: RunningEntry): z.infer<typeof MovementResponse> {
  // In the ledger, what we owe is below zero.
  return {
    id: toPublicId('ledgerEntry', entry.id),
    at: entry.at.toISOString(),
    amount: formatAmount(entry.amount.negated(), entry.currency),
    balance: formatAmount(entry.balance.negated(), entry.currency),
    currency: entry.currency,
    source: toSource(entry.source),
    description: entry.description,
  };
}

@ApiTags('customers')
@Controller('v1/customers')
export class CustomerCreditController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(LedgerService) private readonly ledger: LedgerService,
    @Inject(CustomersService) private readonly customers: CustomersService,
  ) {}

  @Get(':customer/credit')
  @Requires('read')
  @ApiOperation({
    summary: 'The credit of a customer, and where it is from',
    description:
      'Credit comes of payments beyond what was due, of invoices below zero, and of credit notes. It pays the next invoices of its currency when they are finalized. What happened last is first.',
  })
  @ApiResponse({ status: 200, standardSchema: CustomerCreditResponse })
  async credit(
    @Asker() tenant: Tenant,
    @Param('customer') reference: string,
    @Query({ schema: PageQuery }) query: z.output<typeof PageQuery>,
  ): Promise<z.infer<typeof CustomerCreditResponse>> {
    const customer = await this.customers.find(tenant, reference);
    const account = 'customer_credit' as const;
    const before = entryBefore(query.cursor);

    return this.database.tenant(tenant.organisationId, async (db) => {
      const balances = await this.ledger.balancesOf(db, tenant, account, [customer.id]);
      const about = { customerId: customer.id, account, before, limit: query.limit + 1 };
      const page = toPage(await this.ledger.runningEntries(tenant, about), query.limit, entryPlace, toMovement);
      return {
        ...page,
        balances: balances.map((each) => ({
          currency: each.currency,
          balance: formatAmount(each.balance.negated(), each.currency),
        })),
      };
    });
  }
}
