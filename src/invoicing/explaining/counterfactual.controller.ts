import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../../access';
import { decimalText, formatAmount, toPublicId } from '../../kernel';
import { decimalString } from '../../platform/http';
import { CounterfactualService } from './counterfactual';
import type { DraftLine } from '../domain';

const LONGEST_VALUE = 1_000;

const CounterfactualQuery = z.object({
  less: decimalString({ min: '0' })
    .refine((less) => !less.isZero(), 'must be above 0')
    .describe('How much less: units of the line’s meter; where the charge is by cost, money that it cost.'),
  group: z
    .union([z.string().max(LONGEST_VALUE).transform((one) => [one]), z.array(z.string().max(LONGEST_VALUE)).max(20)])
    .optional()
    .describe(
      'Of which group of usage: a value for each dimension of the charge, in their order, as `breakdown[].group` has them; empty where there is none.',
    ),
  window: z.string().max(LONGEST_VALUE).optional().describe('Of which window of the charge’s schedule, or `otherwise`.'),
}); // prettier-ignore

const SideResponse = z.object({
  quantity: z.string(),
  amount: z.string().describe('Rounded, before tax.'),
  exactAmount: z.string(),
});

const CounterfactualResponse = z.object({
  invoice: z.object({ id: z.string(), number: z.string().nullable() }),
  line: z.string(),
  less: z.string(),
  currency: z.string(),
  was: SideResponse.describe('As the line is told from its usage now.'),
  wouldHaveBeen: SideResponse,
  saved: z.string().describe('By how much the line would have been less, before tax.'),
  savedInPeriod: z
    .string()
    .describe(
      'By how much all charges of the period would: the plan’s discounts, minimum and maximum follow, and other prices have what is left of shared units.',
    ),
  steps: z.array(z.string()),
});

@ApiTags('invoices')
@Controller('v1/invoices/:invoice')
export class CounterfactualController {
  constructor(@Inject(CounterfactualService) private readonly counterfactual: CounterfactualService) {}

  @Get('lines/:line/counterfactual')
  @Requires('read')
  @ApiOperation({
    summary: 'What a line would have been with less usage',
    description:
      'The period is rated a second time with less of the line’s usage; nothing is written. The line by id or position, counted from 1.',
  })
  @ApiResponse({ status: 200, standardSchema: CounterfactualResponse })
  async of(
    @Asker() tenant: Tenant,
    @Param('invoice') invoiceReference: string,
    @Param('line') lineReference: string,
    @Query({ schema: CounterfactualQuery }) query: z.output<typeof CounterfactualQuery>,
  ): Promise<z.infer<typeof CounterfactualResponse>> {
    const { less, group = null, window = null } = query;
    const told = await this.counterfactual.of(tenant, invoiceReference, lineReference, { less, group, window });
    const { invoice } = told.found;
    const side = ({ quantity, amount, exactAmount }: DraftLine): z.infer<typeof SideResponse> => ({
      quantity: decimalText(quantity),
      amount: formatAmount(amount, invoice.currency),
      exactAmount: decimalText(exactAmount),
    });
    return {
      invoice: { id: toPublicId('invoice', invoice.id), number: invoice.number },
      line: toPublicId('invoiceLine', told.stored.id),
      less: decimalText(less),
      currency: invoice.currency,
      was: side(told.line),
      wouldHaveBeen: side(told.would),
      saved: formatAmount(told.saved, invoice.currency),
      savedInPeriod: formatAmount(told.savedInPeriod, invoice.currency),
      steps: [...told.steps],
    };
  }
}
