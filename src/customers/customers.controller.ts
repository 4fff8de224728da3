import { Body, Controller, Get, HttpCode, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import {
  Asker,
  BillingDetailsRequest,
  BillingDetailsResponse,
  Requires,
  type Tenant,
  toBillingDetails,
  toBillingDetailsResponse,
} from '../access';
import { toPublicId } from '../kernel';
import {
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
} from '../platform/http';
import { CustomerBillingService } from './customer-billing.service';
import { CustomersService } from './customers.service';
import type { CustomerEntity } from './persistence/customer.entity';
import type { TestClockEntity } from './persistence/test-clock.entity';
import { TestClocksService } from './test-clocks.service';

const CreateTestClockRequest = z.strictObject({
  name: text(200).default('Test clock').describe('For people.'),
  now: instant().describe('The time it shows first.'),
});
const AdvanceTestClockRequest = z.strictObject({ now: instant().describe('The time to move to; not before its own.') });
const TestClockResponse = z.object({ id: z.string(), name: z.string(), now: z.string(), createdAt: z.string() });

const CreateCustomerRequest = z.strictObject({
  key: key().describe('Your own id for the customer; events and addresses may use it.'),
  name: text(200).describe('Name on the invoice.'),
  timeZone: z.string().max(100).default('UTC').describe('IANA name. Billing periods begin at midnight there.'),
  testClock: reference().optional().describe('Id of a test clock to live by instead of real time.'),
});
const CustomerResponse = z.object({
  id: z.string(),
  key: z.string(),
  name: z.string(),
  timeZone: z.string(),
  testClock: z.string().nullable(),
  createdAt: z.string(),
});
const FullCustomerResponse = CustomerResponse.extend({
  billing: BillingDetailsResponse.nullable().describe('How the customer stands on invoices; null: by its name alone.'),
});
const ChangeCustomerRequest = z.strictObject({
  billing: BillingDetailsRequest.describe(
    'How the customer stands on invoices from now on, in place of what was told before. Finalized invoices keep what held.',
  ),
});

function toTestClockResponse(clock: TestClockEntity): z.infer<typeof TestClockResponse> {
  return {
    id: toPublicId('testClock', clock.id),
    name: clock.name,
    now: clock.now.toISOString(),
    createdAt: clock.createdAt.toISOString(),
  };
}

function toCustomerResponse(customer: CustomerEntity): z.infer<typeof CustomerResponse> {
  return {
    id: toPublicId('customer', customer.id),
    key: customer.key,
    name: customer.name,
    timeZone: customer.timeZone,
    testClock: customer.testClockId === null ? null : toPublicId('testClock', customer.testClockId),
    createdAt: customer.createdAt.toISOString(),
  };
}

@ApiTags('customers')
@Controller('v1')
export class CustomersController {
  constructor(
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(CustomerBillingService) private readonly billing: CustomerBillingService,
    @Inject(TestClocksService) private readonly clocks: TestClocksService,
  ) {}

  @Post('customers')
  @Requires('manage')
  @ApiOperation({ summary: 'Make a customer', description: 'Repeating the same content answers the stored one.' })
  @ApiResponse({ status: 201, standardSchema: CustomerResponse })
  async createCustomer(
    @Asker() tenant: Tenant,
    @Body({ schema: CreateCustomerRequest }) request: z.infer<typeof CreateCustomerRequest>,
  ): Promise<z.infer<typeof CustomerResponse>> {
    return toCustomerResponse(
      await this.customers.create(tenant, { ...request, testClock: request.testClock ?? null }),
    );
  }

  @Get('customers')
  @Requires('read')
  @ApiOperation({ summary: 'List customers' })
  @ApiResponse({ status: 200, standardSchema: pageOf(CustomerResponse) })
  async listCustomers(
    @Asker() tenant: Tenant,
    @Query({ schema: PageQuery }) query: PageQuery,
  ): Promise<Page<z.infer<typeof CustomerResponse>>> {
    const after = decodeCursor(query.cursor, [UUID_TEXT]);
    const rows = await this.customers.list(tenant, after?.[0] ?? null, query.limit + 1);
    return toPage(rows, query.limit, (row) => [row.id], toCustomerResponse);
  }

  @Get('customers/:customer')
  @Requires('read')
  @ApiOperation({ summary: 'One customer, by key or id' })
  @ApiResponse({ status: 200, standardSchema: FullCustomerResponse })
  async findCustomer(
    @Asker() tenant: Tenant,
    @Param('customer') customer: string,
  ): Promise<z.infer<typeof FullCustomerResponse>> {
    return this.full(tenant, await this.customers.find(tenant, customer));
  }

  @Patch('customers/:customer')
  @Requires('manage')
  @ApiOperation({ summary: 'Change what invoices say of a customer', description: 'Repeating it changes nothing.' })
  @ApiResponse({ status: 200, standardSchema: FullCustomerResponse })
  async changeCustomer(
    @Asker() tenant: Tenant,
    @Param('customer') reference: string,
    @Body({ schema: ChangeCustomerRequest }) request: z.output<typeof ChangeCustomerRequest>,
  ): Promise<z.infer<typeof FullCustomerResponse>> {
    const customer = await this.customers.find(tenant, reference);
    await this.billing.change(tenant, customer, toBillingDetails(request.billing));
    return this.full(tenant, customer);
  }

  private async full(tenant: Tenant, customer: CustomerEntity): Promise<z.infer<typeof FullCustomerResponse>> {
    const [billing = null] = (await this.billing.history(tenant, customer)).slice(-1);
    return { ...toCustomerResponse(customer), billing: toBillingDetailsResponse(billing) };
  }

  @Post('test-clocks')
  @Requires('manage')
  @ApiOperation({
    summary: 'Make a test clock',
    description: 'Customers on it live by its time, which stands still until it is moved.',
  })
  @ApiResponse({ status: 201, standardSchema: TestClockResponse })
  async createTestClock(
    @Asker() tenant: Tenant,
    @Body({ schema: CreateTestClockRequest }) request: z.infer<typeof CreateTestClockRequest>,
  ): Promise<z.infer<typeof TestClockResponse>> {
    return toTestClockResponse(await this.clocks.create(tenant, request.name, request.now));
  }

  @Get('test-clocks/:clock')
  @Requires('read')
  @ApiOperation({ summary: 'One test clock' })
  @ApiResponse({ status: 200, standardSchema: TestClockResponse })
  async findTestClock(
    @Asker() tenant: Tenant,
    @Param('clock') clock: string,
  ): Promise<z.infer<typeof TestClockResponse>> {
    return toTestClockResponse(await this.clocks.find(tenant, clock));
  }

  @Post('test-clocks/:clock/advance')
  @HttpCode(200)
  @Requires('manage')
  @ApiOperation({
    summary: 'Move a test clock forward',
    description: 'Answers once the billing periods that ended on the way have their invoices. Safe to repeat.',
  })
  @ApiResponse({ status: 200, standardSchema: TestClockResponse })
  async advanceTestClock(
    @Asker() tenant: Tenant,
    @Param('clock') clock: string,
    @Body({ schema: AdvanceTestClockRequest }) request: z.infer<typeof AdvanceTestClockRequest>,
  ): Promise<z.infer<typeof TestClockResponse>> {
    return toTestClockResponse(await this.clocks.advance(tenant, clock, request.now));
  }
}
