import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../access';
import { CustomersService } from '../customers';
import { formatAmount, toPublicId } from '../kernel';
import { currency, instant, type Page, PageQuery, pageOf, reference, toPage } from '../platform/http';
import { ACCOUNTS, type TrialBalance } from './domain';
import { entryBefore, entryPlace, SourceResponse, toSource } from './ledger-responses';
import { LedgerService } from './ledger.service';
import type { LedgerEntry } from './persistence/ledger-store';

const TrialBalanceQuery = z.object({
  at: instant()
    .optional()
    .describe('What was booked before this instant, by the clock of each customer. Everything without it.'),
  currency: currency().optional().describe('One currency only.'),
});
const AccountResponse = z.object({
  account: z.enum(ACCOUNTS),
  debits: z.string(),
  credits: z.string(),
  balance: z.string().describe('debits − credits: below zero where more was credited.'),
});
const TrialBalanceResponse = z.object({
  at: z.string().nullable().describe('As asked for.'),
  currencies: z
    .array(
      z.object({
        currency: z.string(),
        accounts: z.array(AccountResponse).describe('Every account, also those without an entry.'),
        debits: z.string(),
        credits: z.string().describe('Always equal to `debits`.'),
      }),
    )
    .describe('Currencies that something was booked in, by code.'),
});

const EntriesQuery = PageQuery.extend({
  customer: reference().optional().describe('Entries of one customer, by key or id.'),
  account: z.enum(ACCOUNTS).optional().describe('Entries of one account.'),
});
const EntryResponse = z.object({
  id: z.string(),
  account: z.enum(ACCOUNTS),
  amount: z.string().describe('A debit above zero, a credit below.'),
  currency: z.string(),
  at: z.string().describe('When it counts, by the customer’s clock.'),
  customer: z.string(),
  posting: z.string().describe('Entries of one posting sum to zero.'),
  reverses: z.string().nullable().describe('The posting that this one takes back.'),
  source: SourceResponse,
  description: z.string(),
  createdAt: z.string().describe('When it was booked, by the server’s clock.'),
});

function toTrialBalance(balance: TrialBalance): z.infer<typeof TrialBalanceResponse>['currencies'][number] {
  const shown = (amount: TrialBalance['debits']): string => formatAmount(amount, balance.currency);
  return {
    currency: balance.currency,
    accounts: balance.accounts.map((each) => ({
      account: each.account,
      debits: shown(each.debits),
      credits: shown(each.credits),
      balance: shown(each.balance),
    })),
    debits: shown(balance.debits),
    credits: shown(balance.credits),
  };
}

function toEntryResponse(entry: LedgerEntry): z.infer<typeof EntryResponse> {
  return {
    id: toPublicId('ledgerEntry', entry.id),
    account: entry.account,
    amount: formatAmount(entry.amount, entry.currency),
    currency: entry.currency,
    at: entry.at.toISOString(),
    customer: toPublicId('customer', entry.customerId),
    posting: toPublicId('ledgerPosting', entry.postingId),
    reverses: entry.reversesId === null ? null : toPublicId('ledgerPosting', entry.reversesId),
    source: toSource(entry.source),
    description: entry.description,
    createdAt: entry.createdAt.toISOString(),
  };
}

@ApiTags('ledger')
@Controller('v1/ledger')
export class LedgerController {
  constructor(
    @Inject(LedgerService) private readonly ledger: LedgerService,
    @Inject(CustomersService) private readonly customers: CustomersService,
  ) {}

  @Get('trial-balance')
  @Requires('read')
  @ApiOperation({
    summary: 'What was booked on each account, at any date',
    description: 'Debits and credits of a currency are equal, and agree with the invoices of that instant.',
  })
  @ApiResponse({ status: 200, standardSchema: TrialBalanceResponse })
  async trialBalance(
    @Asker() tenant: Tenant,
    @Query({ schema: TrialBalanceQuery }) query: z.output<typeof TrialBalanceQuery>,
  ): Promise<z.infer<typeof TrialBalanceResponse>> {
    const balances = await this.ledger.trialBalances(tenant, query.at ?? null, query.currency ?? null);
    return { at: query.at?.toISOString() ?? null, currencies: balances.map(toTrialBalance) };
  }

  @Get('entries')
  @Requires('read')
  @ApiOperation({
    summary: 'Entries of the ledger',
    description: 'The newest first. They are never changed; a correction is a posting that takes another one back.',
  })
  @ApiResponse({ status: 200, standardSchema: pageOf(EntryResponse) })
  async entries(
    @Asker() tenant: Tenant,
    @Query({ schema: EntriesQuery }) query: z.output<typeof EntriesQuery>,
  ): Promise<Page<z.infer<typeof EntryResponse>>> {
    const before = entryBefore(query.cursor);
    const customer =
      query.customer === undefined ? null : await this.customers.find(tenant, query.customer, 'customer');
    const rows = await this.ledger.entries(tenant, {
      customerId: customer?.id ?? null,
      account: query.account ?? null,
      before,
      limit: query.limit + 1,
    });
    return toPage(rows, query.limit, entryPlace, toEntryResponse);
  }
}
