import { Body, Controller, Get, HttpCode, Inject, Param, Post, Put, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { Asker, Requires, type Tenant } from '../access';
import { CustomersService } from '../customers';
import { decodeCursor, type Page, pageOf, toPage, UUID_TEXT } from '../platform/http';
import { CustomerTaxesService } from './customer-taxes.service';
import { TaxPreviewService } from './tax-preview.service';
import { TaxRatesService } from './tax-rates.service';
import {
  ArchivedResponse,
  CreateTaxRateRequest,
  CustomerTaxRequest,
  CustomerTaxResponse,
  TaxPreviewRequest,
  TaxPreviewResponse,
  TaxRateResponse,
  TaxRatesQuery,
  toCustomerTaxResponse,
  toNewTaxRate,
  toTaxPreviewResponse,
  toTaxRateResponse,
} from './taxes.schema';

/** Any key, as a cursor names it. */
const KEY_TEXT = /^[A-Za-z0-9._:@-]{1,100}$/;

@ApiTags('taxes')
@Controller('v1')
export class TaxesController {
  constructor(
    @Inject(TaxRatesService) private readonly rates: TaxRatesService,
    @Inject(CustomerTaxesService) private readonly statuses: CustomerTaxesService,
    @Inject(TaxPreviewService) private readonly previews: TaxPreviewService,
    @Inject(CustomersService) private readonly customers: CustomersService,
  ) {}

  @Post('tax-rates')
  @Requires('manage')
  @ApiOperation({
    summary: 'Make a tax rate, or another version of one',
    description:
      'Holds for drafts and for what is made out afterwards; finalized invoices stay as they are. A rate never changes: another percentage is another version, with the same key from another day on. Safe to repeat.',
  })
  @ApiResponse({ status: 201, standardSchema: TaxRateResponse })
  async create(
    @Asker() tenant: Tenant,
    @Body({ schema: CreateTaxRateRequest }) request: z.output<typeof CreateTaxRateRequest>,
  ): Promise<z.infer<typeof TaxRateResponse>> {
    return toTaxRateResponse(await this.rates.create(tenant, toNewTaxRate(request)));
  }

  @Get('tax-rates')
  @Requires('read')
  @ApiOperation({ summary: 'List tax rates', description: 'By key, versions in the order in which they were made.' })
  @ApiResponse({ status: 200, standardSchema: pageOf(TaxRateResponse) })
  async list(
    @Asker() tenant: Tenant,
    @Query({ schema: TaxRatesQuery }) query: z.output<typeof TaxRatesQuery>,
  ): Promise<Page<z.infer<typeof TaxRateResponse>>> {
    const after = decodeCursor(query.cursor, [KEY_TEXT, UUID_TEXT]);
    const rows = await this.rates.list(tenant, {
      ...(query.key === undefined ? {} : { key: query.key }),
      ...(query.country === undefined ? {} : { country: query.country }),
      ...(query.archived === 'true' ? {} : { archived: false }),
      after: after === null ? null : [after[0]!, after[1]!],
      limit: query.limit + 1,
    });
    return toPage(rows, query.limit, (rate) => [rate.key, rate.id], toTaxRateResponse);
  }

  @Post('tax-rates/:rate/archive')
  @HttpCode(200)
  @Requires('manage')
  @ApiOperation({
    summary: 'Take a tax rate out of use',
    description:
      'By its key with all versions, or by the id of one version. Finalized invoices keep what they say. Safe to repeat.',
  })
  @ApiResponse({ status: 200, standardSchema: ArchivedResponse })
  async archive(@Asker() tenant: Tenant, @Param('rate') rate: string): Promise<z.infer<typeof ArchivedResponse>> {
    return { items: (await this.rates.archive(tenant, rate)).map(toTaxRateResponse) };
  }

  @Get('customers/:customer/tax')
  @Requires('read')
  @ApiOperation({ summary: 'How a customer stands towards taxes' })
  @ApiResponse({ status: 200, standardSchema: CustomerTaxResponse })
  async findStatus(
    @Asker() tenant: Tenant,
    @Param('customer') reference: string,
  ): Promise<z.infer<typeof CustomerTaxResponse>> {
    const customer = await this.customers.find(tenant, reference);
    return toCustomerTaxResponse(customer.id, await this.statuses.find(tenant, customer));
  }

  @Put('customers/:customer/tax')
  @Requires('manage')
  @ApiOperation({
    summary: 'Say how a customer stands towards taxes',
    description: 'In place of what was said before, for drafts and what is made out afterwards. Safe to repeat.',
  })
  @ApiResponse({ status: 200, standardSchema: CustomerTaxResponse })
  async changeStatus(
    @Asker() tenant: Tenant,
    @Param('customer') reference: string,
    @Body({ schema: CustomerTaxRequest }) request: z.output<typeof CustomerTaxRequest>,
  ): Promise<z.infer<typeof CustomerTaxResponse>> {
    const customer = await this.customers.find(tenant, reference);
    const { status, reason = null, rates = null } = request;
    return toCustomerTaxResponse(customer.id, await this.statuses.change(tenant, customer, { status, reason, rates }));
  }

  @Post('tax-preview')
  @HttpCode(200)
  @Requires('read')
  @ApiOperation({
    summary: 'The taxes that lines would bear',
    description: 'As an invoice of these lines would have them, by the rates and statuses of now. Nothing is stored.',
  })
  @ApiResponse({ status: 200, standardSchema: TaxPreviewResponse })
  async preview(
    @Asker() tenant: Tenant,
    @Body({ schema: TaxPreviewRequest }) request: z.output<typeof TaxPreviewRequest>,
  ): Promise<z.infer<typeof TaxPreviewResponse>> {
    const customer = await this.customers.find(tenant, request.customer, 'customer');
    return toTaxPreviewResponse(
      request.currency,
      await this.previews.of(tenant, customer, request.currency, request.lines),
    );
  }
}
