import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../../access';
import { CustomersService } from '../../customers';
import { decimalText, formatAmount, ONE, toPublicId } from '../../kernel';
import {
  currency,
  decimalString,
  decodeCursor,
  instant,
  key,
  type Page,
  PageQuery,
  pageOf,
  reference,
  text,
  toPage,
  UUID_TEXT,
} from '../../platform/http';
import { TAX_BEHAVIOURS } from '../../taxes/domain';
import { InvoiceItemsService, type NewItem } from './invoice-items.service';
import { InvoiceResponse, toInvoiceResponse } from '../invoice-responses';
import { OneOffService } from './one-off.service';
import type { InvoiceItemEntity } from '../persistence/invoice-item.entity';

/** Keeps the product of two decimals within the digits that an amount may have. */
const MOST_QUANTITY = '1000000000';

const ItemRequest = z.strictObject({
  description: text(200).describe('What it is, as the invoice says it.'),
  quantity: decimalString({ min: '0.000000000001', max: MOST_QUANTITY })
    .optional()
    .describe('How many of it; 1 without it.'),
  unitAmount: decimalString({ min: `-${MOST_QUANTITY}`, max: MOST_QUANTITY }).describe(
    'What one costs; below zero for a credit. The product with the quantity is rounded once.',
  ),
  taxCode: key().nullish().describe('What is sold, by a code that tax rates name.'),
  taxBehaviour: z
    .enum(TAX_BEHAVIOURS)
    .nullish()
    .describe('Whether taxes come on top of the amount or lie within it; without it, as the rate says.'),
  period: z
    .strictObject({ start: instant(), end: instant().describe('The first instant it is no longer for.') })
    .refine(({ start, end }) => start < end, { message: 'must end after it starts', path: ['end'] })
    .nullish()
    .describe('What time it is for; without it the day on which it is made, in the customer’s zone.'),
});
const CreateItemRequest = ItemRequest.extend({
  currency: currency(),
  reference: text(100).nullish().describe('Your own name for it. A repeat with the same one is the same item.'),
});
const CreateInvoiceRequest = z.strictObject({
  customer: reference().describe('Who is to pay, by key or id.'),
  currency: currency(),
  memo: text(500).nullish().describe('What it is for, in words.'),
  lines: z.array(ItemRequest).min(1).max(500),
});

const ItemResponse = z.object({
  id: z.string(),
  customer: z.string(),
  currency: z.string(),
  description: z.string(),
  quantity: z.string(),
  unitAmount: z.string(),
  amount: z.string().describe('Rounded.'),
  taxCode: z.string().nullable(),
  taxBehaviour: z.enum(TAX_BEHAVIOURS).nullable(),
  period: z.object({ start: z.string(), end: z.string() }),
  reference: z.string().nullable(),
  invoice: z.string().nullable().describe('Where it is; null while it waits.'),
  createdAt: z.string(),
  cancelledAt: z.string().nullable(),
});
const ItemsQuery = PageQuery.extend({
  waiting: z.enum(['true', 'false']).optional().describe('With `true` only those that wait for an invoice.'),
});

function toItemResponse(item: InvoiceItemEntity): z.infer<typeof ItemResponse> {
  const { description, taxCode, taxBehaviour, reference: own, invoiceId, cancelledAt } = item;
  return {
    id: toPublicId('invoiceItem', item.id),
    customer: toPublicId('customer', item.customerId),
    currency: item.currency,
    description,
    quantity: decimalText(item.quantity),
    unitAmount: decimalText(item.unitAmount),
    amount: formatAmount(item.amount, item.currency),
    taxCode,
    taxBehaviour,
    period: { start: item.periodStart.toISOString(), end: item.periodEnd.toISOString() },
    reference: own,
    invoice: invoiceId === null ? null : toPublicId('invoice', invoiceId),
    createdAt: item.createdAt.toISOString(),
    cancelledAt: cancelledAt?.toISOString() ?? null,
  };
}

function toNewItem(request: z.output<typeof ItemRequest>, code: string, own: string | null): NewItem {
  const { description, quantity = ONE, unitAmount, taxCode = null, taxBehaviour = null, period = null } = request;
  return {
    description,
    quantity,
    unitAmount,
    taxCode,
    taxBehaviour,
    servicePeriod: period,
    buys: null,
    currency: code,
    reference: own,
  };
}

/** What is charged or credited by hand. */
@ApiTags('invoices')
@Controller('v1')
export class OneOffController {
  constructor(
    @Inject(InvoiceItemsService) private readonly items: InvoiceItemsService,
    @Inject(OneOffService) private readonly oneOffs: OneOffService,
    @Inject(CustomersService) private readonly customers: CustomersService,
  ) {}

  @Post('invoices')
  @Requires('manage')
  @ApiOperation({
    summary: 'Make an invoice by hand',
    description:
      'A draft of these lines, which nothing else joins and which is finalized when you ask for it. A repeat makes another, unless it has the same Idempotency-Key.',
  })
  @ApiResponse({ status: 201, standardSchema: InvoiceResponse })
  async createInvoice(
    @Asker() tenant: Tenant,
    @Body({ schema: CreateInvoiceRequest }) request: z.output<typeof CreateInvoiceRequest>,
  ): Promise<z.infer<typeof InvoiceResponse>> {
    const customer = await this.customers.find(tenant, request.customer, 'customer');
    const lines = request.lines.map((line) => toNewItem(line, request.currency, null));
    return toInvoiceResponse(
      await this.oneOffs.create(tenant, customer, request.currency, lines, request.memo ?? null),
    );
  }

  @Post('customers/:customer/invoice-items')
  @Requires('manage')
  @ApiOperation({
    summary: 'Charge or credit something with the next invoice',
    description:
      'It waits for the customer’s next invoice of a billing period in its currency. Safe to repeat with the same reference.',
  })
  @ApiResponse({ status: 201, standardSchema: ItemResponse })
  async createItem(
    @Asker() tenant: Tenant,
    @Param('customer') customer: string,
    @Body({ schema: CreateItemRequest }) request: z.output<typeof CreateItemRequest>,
  ): Promise<z.infer<typeof ItemResponse>> {
    const found = await this.customers.find(tenant, customer);
    const wanted = toNewItem(request, request.currency, request.reference ?? null);
    return toItemResponse(await this.items.create(tenant, found, wanted));
  }

  @Get('customers/:customer/invoice-items')
  @Requires('read')
  @ApiOperation({ summary: 'Items of a customer', description: 'The newest first.' })
  @ApiResponse({ status: 200, standardSchema: pageOf(ItemResponse) })
  async listItems(
    @Asker() tenant: Tenant,
    @Param('customer') customer: string,
    @Query({ schema: ItemsQuery }) query: z.output<typeof ItemsQuery>,
  ): Promise<Page<z.infer<typeof ItemResponse>>> {
    const found = await this.customers.find(tenant, customer);
    const [before = null] = decodeCursor(query.cursor, [UUID_TEXT]) ?? [];
    const rows = await this.items.list(tenant, found, query.waiting === 'true', before, query.limit + 1);
    return toPage(rows, query.limit, (item) => [item.id], toItemResponse);
  }

  @Delete('customers/:customer/invoice-items/:item')
  @HttpCode(204)
  @Requires('manage')
  @ApiOperation({
    summary: 'Take back an item that waits',
    description: 'Safe to repeat. Refused once it is on an invoice.',
  })
  async cancelItem(
    @Asker() tenant: Tenant,
    @Param('customer') customer: string,
    @Param('item') item: string,
  ): Promise<void> {
    await this.items.cancel(tenant, await this.customers.find(tenant, customer), item);
  }
}
