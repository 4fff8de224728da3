import { Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../access';
import { CustomersService, SubscriptionsService, type SubscriptionWithPlan } from '../customers';
import { eventKeyFromUuid, eventKeyToUuid } from '../events';
import { InvalidRequestError, NotFoundError, toPublicId } from '../kernel';
import {
  decodeCursor,
  encodeCursor,
  type Page,
  PageQuery,
  pageOf,
  reference,
  toPage,
  UUID_TEXT,
} from '../platform/http';
import { ExplanationsService } from './explaining/explanations.service';
import {
  ExplanationResponse,
  InvoiceResponse,
  InvoiceSummaryResponse,
  toExplanationResponse,
  toInvoiceResponse,
  toInvoiceSummary,
} from './invoice-responses';
import { InvoicesService } from './invoices.service';

const PreviewQuery = z.object({
  subscription: reference().optional().describe('Which subscription, when the customer has several; by key or id.'),
});

@ApiTags('invoices')
@Controller('v1')
export class InvoicesController {
  constructor(
    @Inject(InvoicesService) private readonly invoices: InvoicesService,
    @Inject(ExplanationsService) private readonly explanations: ExplanationsService,
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(SubscriptionsService) private readonly subscriptions: SubscriptionsService,
  ) {}

  @Get('customers/:customer/invoices')
  @Requires('read')
  @ApiOperation({
    summary: 'Invoices of a customer',
    description: 'The newest first. A draft may lag behind its events here; ask for it by itself.',
  })
  @ApiResponse({ status: 200, standardSchema: pageOf(InvoiceSummaryResponse) })
  async ofCustomer(
    @Asker() tenant: Tenant,
    @Param('customer') reference: string,
    @Query({ schema: PageQuery }) query: PageQuery,
  ): Promise<Page<z.infer<typeof InvoiceSummaryResponse>>> {
    const customer = await this.customers.find(tenant, reference);
    const before = decodeCursor(query.cursor, [UUID_TEXT]);
    const found = await this.invoices.ofCustomer(tenant, customer, before?.[0] ?? null, query.limit + 1);
    return toPage(found, query.limit, ({ invoice }) => [invoice.id], toInvoiceSummary);
  }

  @Get('customers/:customer/invoices/preview')
  @Requires('read')
  @ApiOperation({
    summary: 'The invoice of the open period, as of now',
    description:
      'Computed, not stored; it has neither id nor number. Where something changes within the period, each part has lines of its own.',
  })
  @ApiResponse({ status: 200, standardSchema: InvoiceResponse })
  async preview(
    @Asker() tenant: Tenant,
    @Param('customer') reference: string,
    @Query({ schema: PreviewQuery }) query: z.output<typeof PreviewQuery>,
  ): Promise<z.infer<typeof InvoiceResponse>> {
    const about = await this.subscriptionOf(tenant, reference, query.subscription);
    return toInvoiceResponse(await this.invoices.preview(tenant, about), 'preview');
  }

  @Get('invoices/:invoice')
  @Requires('read')
  @ApiOperation({
    summary: 'One invoice with its lines',
    description: 'By id or number. A draft is brought up to date.',
  })
  @ApiResponse({ status: 200, standardSchema: InvoiceResponse })
  async find(@Asker() tenant: Tenant, @Param('invoice') invoice: string): Promise<z.infer<typeof InvoiceResponse>> {
    return toInvoiceResponse(await this.invoices.find(tenant, invoice));
  }

  @Post('invoices/:invoice/finalize')
  @HttpCode(200)
  @Requires('manage')
  @ApiOperation({
    summary: 'Number and lock an invoice',
    description:
      'It never changes afterwards. Safe to repeat. Refused while a charge depends on a cost that isn’t known, or on an earlier invoice of the subscription that is still a draft.',
  })
  @ApiResponse({ status: 200, standardSchema: InvoiceResponse })
  async finalize(@Asker() tenant: Tenant, @Param('invoice') invoice: string): Promise<z.infer<typeof InvoiceResponse>> {
    return toInvoiceResponse(await this.invoices.finalize(tenant, invoice));
  }

  @Get('invoices/:invoice/lines/:line/explain')
  @Requires('read')
  @ApiOperation({
    summary: 'Why a line is what it is',
    description:
      'The price, the steps and tiers to the amount, and the events behind it by page. The line by id or position, counted from 1.',
  })
  @ApiResponse({ status: 200, standardSchema: ExplanationResponse })
  async explain(
    @Asker() tenant: Tenant,
    @Param('invoice') invoice: string,
    @Param('line') line: string,
    @Query({ schema: PageQuery }) query: PageQuery,
  ): Promise<z.infer<typeof ExplanationResponse>> {
    const cursor = decodeCursor(query.cursor, [/^\d{1,16}$/, UUID_TEXT, /^.{0,2000}$/]);
    const after =
      cursor === null ? null : { time: Number(cursor[0]), key: eventKeyFromUuid(cursor[1]!), state: cursor[2]! };
    const explanation = await this.explanations.explain(tenant, invoice, line, after, query.limit);
    const { next } = explanation;
    const nextCursor = next === null ? null : encodeCursor([String(next.time), eventKeyToUuid(next.key), next.state]);
    return toExplanationResponse(explanation, nextCursor);
  }

  private async subscriptionOf(
    tenant: Tenant,
    reference: string,
    wanted: string | undefined,
  ): Promise<SubscriptionWithPlan> {
    const customer = await this.customers.find(tenant, reference);
    if (wanted !== undefined) {
      const found = await this.subscriptions.find(tenant, wanted);
      if (found.customer.id !== customer.id) throw new NotFoundError('subscription', wanted, 'subscription');
      return found;
    }
    const all = await this.subscriptions.ofCustomer(tenant, customer);
    if (all.length === 1) return all[0]!;
    if (all.length === 0) {
      throw new InvalidRequestError(
        'no_subscription',
        `The customer '${customer.key}' has no subscription, so there is no invoice to preview.`,
      );
    }
    const names = all.map(({ subscription }) => toPublicId('subscription', subscription.id)).join(', ');
    const detail = `must say which, since the customer has ${all.length}: ${names}`;
    throw new InvalidRequestError('subscription_needed', `subscription: ${detail}`, [
      { field: 'subscription', detail },
    ]);
  }
}
