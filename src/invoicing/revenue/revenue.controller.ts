import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../../access';
import { CustomersService } from '../../customers';
import { type Decimal, formatAmount } from '../../kernel';
import { currency, reference } from '../../platform/http';
import { type CurrencyRevenue, monthsOf } from '../domain';
import { RevenueReportsService } from './revenue-reports.service';

const MOST_MONTHS = 120;

const month = () => z.string().regex(/^(?:19|20|21)\d\d-(?:0[1-9]|1[0-2])$/, 'must be a month such as 2026-02');
const RevenueQuery = z
  .object({
    from: month().describe('The first month, such as 2026-01.'),
    to: month().describe('The last month.'),
    currency: currency().optional().describe('One currency only.'),
    customer: reference().optional().describe('One customer only, by key or id.'),
  })
  .superRefine(({ from, to }, context) => {
    const issue = (message: string): void => context.addIssue({ code: 'custom', path: ['to'], message });
    if (to < from) issue('must not be before from');
    else if (monthsOf(from, to).length > MOST_MONTHS) issue(`must be at most ${MOST_MONTHS} months from the first on`);
  });

const MonthResponse = z.object({
  month: z.string().describe('By the calendar of each customer’s time zone.'),
  recognised: z.string().describe('What was earned, less what was taken back. Without tax.'),
  deferredAdded: z.string().describe('What was invoiced for service in later months.'),
  deferredReleased: z.string().describe('What of that was earned, or taken back before it was.'),
  deferred: z
    .string()
    .describe('What is still to be earned at the end of the month: the balance of `deferred_revenue`.'),
  scheduled: z
    .string()
    .describe('What a month that hasn’t begun will earn of what is invoiced now. 0 for those that have.'),
});
const RevenueResponse = z.object({
  from: z.string(),
  to: z.string(),
  currencies: z
    .array(
      z.object({
        currency: z.string(),
        months: z.array(MonthResponse),
        scheduledLater: z.string().describe('What months after the last one will earn of what is invoiced now.'),
      }),
    )
    .describe('Currencies in which something was earned or is to be, by code.'),
});

@ApiTags('ledger')
@Controller('v1/reports')
export class RevenueController {
  constructor(
    @Inject(RevenueReportsService) private readonly reports: RevenueReportsService,
    @Inject(CustomersService) private readonly customers: CustomersService,
  ) {}

  @Get('revenue')
  @Requires('read')
  @ApiOperation({
    summary: 'What was earned, and what is still to be, by month',
    description:
      'From the ledger: `recognised` is what was booked on `revenue` in the month, and `deferred` the balance of `deferred_revenue` at its end. What is invoiced for later months is earned as they begin.',
  })
  @ApiResponse({ status: 200, standardSchema: RevenueResponse })
  async revenue(
    @Asker() tenant: Tenant,
    @Query({ schema: RevenueQuery }) query: z.output<typeof RevenueQuery>,
  ): Promise<z.infer<typeof RevenueResponse>> {
    const { from, to } = query;
    const customer =
      query.customer === undefined ? null : await this.customers.find(tenant, query.customer, 'customer');
    const about = { from, to, currency: query.currency ?? null, customerId: customer?.id ?? null };
    return { from, to, currencies: (await this.reports.report(tenant, about)).map(toResponse) };
  }
}

function toResponse({
  currency: code,
  months,
  scheduledLater,
}: CurrencyRevenue): z.infer<typeof RevenueResponse>['currencies'][number] {
  const shown = (amount: Decimal): string => formatAmount(amount, code);
  return {
    currency: code,
    months: months.map((each) => ({
      month: each.month,
      recognised: shown(each.recognised),
      deferredAdded: shown(each.deferredAdded),
      deferredReleased: shown(each.deferredReleased),
      deferred: shown(each.deferred),
      scheduled: shown(each.scheduled),
    })),
    scheduledLater: shown(scheduledLater),
  };
}
