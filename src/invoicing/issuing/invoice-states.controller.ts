import { Body, Controller, Get, HttpCode, Inject, Param, Patch, Post, Put } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Asker, Requires, type Tenant } from '../../access';
import { CustomersService } from '../../customers';
import { ApprovalService } from './approval.service';
import { InvoiceResponse, toInvoiceResponse } from '../invoice-responses';
import { InvoiceSettingsService } from './invoice-settings.service';
import { InvoiceStatesService } from './invoice-states.service';
import {
  InvoiceSettingsRequest,
  InvoiceSettingsResponse,
  PaymentRequest,
  PaymentsResponse,
  PaymentTermsRequest,
  PaymentTermsResponse,
  ReasonRequest,
  RecordedPaymentResponse,
  toInvoiceState,
  toPaymentResponse,
  toSettingsResponse,
  toTermsResponse,
} from './payment-responses';
import { ReissueService } from './reissue.service';

/** What becomes of invoices once they are finalized, and how they are numbered and due. */
@ApiTags('invoices')
@Controller('v1')
export class InvoiceStatesController {
  constructor(
    @Inject(InvoiceStatesService) private readonly states: InvoiceStatesService,
    @Inject(ReissueService) private readonly reissues: ReissueService,
    @Inject(ApprovalService) private readonly approvals: ApprovalService,
    @Inject(InvoiceSettingsService) private readonly settings: InvoiceSettingsService,
    @Inject(CustomersService) private readonly customers: CustomersService,
  ) {}

  @Post('invoices/:invoice/approve')
  @HttpCode(200)
  @Requires('manage')
  @ApiOperation({
    summary: 'Approve of a draft',
    description:
      'Of what it comes to now, brought up to date. Where the settings require it, only that total can be finalized: should it become another, it is asked again. Safe to repeat.',
  })
  @ApiResponse({ status: 200, standardSchema: InvoiceResponse })
  async approve(
    @Asker() tenant: Tenant,
    @Param('invoice') reference: string,
  ): Promise<z.infer<typeof InvoiceResponse>> {
    return toInvoiceResponse(await this.approvals.approve(tenant, reference));
  }

  @Post('invoices/:invoice/payments')
  @Requires('manage')
  @ApiOperation({
    summary: 'Record a payment',
    description:
      'Parts add up, and the invoice is paid when nothing is due. Safe to repeat with the same reference: that is the same payment.',
  })
  @ApiResponse({ status: 201, standardSchema: RecordedPaymentResponse })
  async pay(
    @Asker() tenant: Tenant,
    @Param('invoice') reference: string,
    @Body({ schema: PaymentRequest }) request: z.output<typeof PaymentRequest>,
  ): Promise<z.infer<typeof RecordedPaymentResponse>> {
    const wanted = { ...request, paidAt: request.paidAt ?? null };
    const { payment, invoice } = await this.states.recordPayment(tenant, reference, wanted);
    return { ...toPaymentResponse(payment, invoice), invoice: toInvoiceState(invoice) };
  }

  @Get('invoices/:invoice/payments')
  @Requires('read')
  @ApiOperation({ summary: 'Payments of an invoice' })
  @ApiResponse({ status: 200, standardSchema: PaymentsResponse })
  async payments(
    @Asker() tenant: Tenant,
    @Param('invoice') reference: string,
  ): Promise<z.infer<typeof PaymentsResponse>> {
    const { invoice, payments } = await this.states.payments(tenant, reference);
    return {
      invoice: toInvoiceState(invoice),
      items: payments.map((payment) => toPaymentResponse(payment, invoice)),
    };
  }

  @Post('invoices/:invoice/void')
  @HttpCode(200)
  @Requires('manage')
  @ApiOperation({
    summary: 'Take a finalized invoice back',
    description:
      'It keeps its number and its lines, and nothing is due. What was paid of it becomes credit of the customer. Safe to repeat. Refused for a draft, and once it is paid or given up.',
  })
  @ApiResponse({ status: 200, standardSchema: InvoiceResponse })
  async void(
    @Asker() tenant: Tenant,
    @Param('invoice') reference: string,
    @Body({ schema: ReasonRequest }) { reason }: z.output<typeof ReasonRequest>,
  ): Promise<z.infer<typeof InvoiceResponse>> {
    return toInvoiceResponse(await this.states.void(tenant, reference, reason));
  }

  @Post('invoices/:invoice/reissue')
  @HttpCode(200)
  @Requires('manage')
  @ApiOperation({
    summary: 'Make a draft in place of an invoice that was wrong',
    description:
      'Voids it, unless it is void already. The draft has the same parts as they are now: usage is counted again, fees in advance are what they should be, items are taken over. Safe to repeat: that answers the same draft. Refused once it is paid, given up, or has credit notes.',
  })
  @ApiResponse({ status: 200, standardSchema: InvoiceResponse })
  async reissue(
    @Asker() tenant: Tenant,
    @Param('invoice') reference: string,
    @Body({ schema: ReasonRequest }) { reason }: z.output<typeof ReasonRequest>,
  ): Promise<z.infer<typeof InvoiceResponse>> {
    return toInvoiceResponse(await this.reissues.reissue(tenant, reference, reason));
  }

  @Post('invoices/:invoice/mark-uncollectible')
  @HttpCode(200)
  @Requires('manage')
  @ApiOperation({
    summary: 'Give up what is due of a finalized invoice',
    description:
      'It is written off. If the money comes after all, record it as a payment. Safe to repeat. Refused for a draft, and once it is paid or void.',
  })
  @ApiResponse({ status: 200, standardSchema: InvoiceResponse })
  async markUncollectible(
    @Asker() tenant: Tenant,
    @Param('invoice') reference: string,
    @Body({ schema: ReasonRequest }) { reason }: z.output<typeof ReasonRequest>,
  ): Promise<z.infer<typeof InvoiceResponse>> {
    return toInvoiceResponse(await this.states.markUncollectible(tenant, reference, reason));
  }

  @Get('invoice-settings')
  @Requires('read')
  @ApiOperation({ summary: 'How invoices are numbered, and when they are due' })
  @ApiResponse({ status: 200, standardSchema: InvoiceSettingsResponse })
  async findSettings(@Asker() tenant: Tenant): Promise<z.infer<typeof InvoiceSettingsResponse>> {
    return toSettingsResponse(await this.settings.find(tenant));
  }

  @Patch('invoice-settings')
  @Requires('manage')
  @ApiOperation({
    summary: 'Change how invoices are numbered, and when they are due',
    description: 'For invoices that are finalized from now on. Repeating it changes nothing.',
  })
  @ApiResponse({ status: 200, standardSchema: InvoiceSettingsResponse })
  async changeSettings(
    @Asker() tenant: Tenant,
    @Body({ schema: InvoiceSettingsRequest }) request: z.output<typeof InvoiceSettingsRequest>,
  ): Promise<z.infer<typeof InvoiceSettingsResponse>> {
    const { numberFormat, netDays, approval } = request;
    const wanted = {
      ...(numberFormat === undefined ? {} : { numberFormat }),
      ...(netDays === undefined ? {} : { netDays }),
      ...(approval === undefined ? {} : { approval }),
    };
    return toSettingsResponse(await this.settings.change(tenant, wanted));
  }

  @Get('customers/:customer/payment-terms')
  @Requires('read')
  @ApiOperation({ summary: 'In how many days a customer is to pay' })
  @ApiResponse({ status: 200, standardSchema: PaymentTermsResponse })
  async findTerms(
    @Asker() tenant: Tenant,
    @Param('customer') reference: string,
  ): Promise<z.infer<typeof PaymentTermsResponse>> {
    const customer = await this.customers.find(tenant, reference);
    return toTermsResponse(await this.settings.termsOf(tenant, customer));
  }

  @Put('customers/:customer/payment-terms')
  @Requires('manage')
  @ApiOperation({
    summary: 'Agree with a customer in how many days they pay',
    description: 'For invoices that are finalized from now on. Repeating it changes nothing.',
  })
  @ApiResponse({ status: 200, standardSchema: PaymentTermsResponse })
  async changeTerms(
    @Asker() tenant: Tenant,
    @Param('customer') reference: string,
    @Body({ schema: PaymentTermsRequest }) { netDays }: z.output<typeof PaymentTermsRequest>,
  ): Promise<z.infer<typeof PaymentTermsResponse>> {
    const customer = await this.customers.find(tenant, reference);
    return toTermsResponse(await this.settings.changeTerms(tenant, customer, netDays));
  }
}
