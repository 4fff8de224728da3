import { Body, Controller, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../../access';
import { decimalText, formatAmount, toPublicId } from '../../kernel';
import {
  decimalString,
  decodeCursor,
  type Page,
  PageQuery,
  pageOf,
  reference,
  text,
  toPage,
  UUID_TEXT,
} from '../../platform/http';
import { TOP_UP_STATUSES, TOP_UP_TRIGGERS, type TopUpRecord } from '../../wallet';
import { TopUpsService } from './top-ups.service';

const LEAST = '0.000000000001';
const DEFAULT_PRIORITY = 100;

const TopUpRequest = z.strictObject({
  amount: decimalString({ min: LEAST }).describe('In the wallet’s currency or unit.'),
  price: decimalString({ min: '0' })
    .nullish()
    .describe('What it costs, without tax, in the currency of the wallet’s books. Of money its face without it.'),
  paid: z
    .boolean()
    .optional()
    .describe('Whether it is paid already. Else an invoice is made out, and it is granted when that is paid.'),
  expiresAfterDays: z.number().int().min(1).max(3_650).nullish().describe('When it expires, after it was granted.'),
  priority: z.number().int().min(0).max(1_000).optional().describe('Smaller is burned first; 100 without it.'),
  features: z.array(reference()).min(1).max(50).nullish().describe('The only features that it may be burned for.'),
  rolloverLimit: decimalString({ min: LEAST })
    .nullish()
    .describe('At its expiry, up to this much of what is left is granted once more.'),
  reference: text(100).nullish().describe('Your own name for it. A repeat with the same one is the same top-up.'),
});

const TopUpResponse = z.object({
  id: z.string(),
  wallet: z.string(),
  trigger: z.enum(TOP_UP_TRIGGERS).describe('By hand, because little was left, or by schedule.'),
  amount: z.string(),
  price: z.string().describe('Without tax.'),
  currency: z.string(),
  status: z
    .enum(TOP_UP_STATUSES)
    .describe('`invoiced` is granted when its invoice is paid; `refused` would have passed the limit of its month.'),
  invoice: z.string().nullable(),
  reference: z.string().nullable(),
  reason: z.string().nullable(),
  at: z.string().describe('By the customer’s clock.'),
});

function toTopUpResponse(topUp: TopUpRecord): z.infer<typeof TopUpResponse> {
  const { trigger, status, reference: own, reason, currency } = topUp;
  return {
    id: toPublicId('walletTopUp', topUp.id),
    wallet: toPublicId('wallet', topUp.walletId),
    trigger,
    amount: decimalText(topUp.amount),
    price: formatAmount(topUp.price, currency),
    ...{ currency, status },
    invoice: topUp.invoiceId === null ? null : toPublicId('invoice', topUp.invoiceId),
    reference: own,
    reason,
    at: topUp.at.toISOString(),
  };
}

/** Credit that is sold. */
@ApiTags('wallets')
@Controller('v1/wallets')
export class TopUpsController {
  constructor(@Inject(TopUpsService) private readonly topUps: TopUpsService) {}

  @Post(':wallet/top-ups')
  @Requires('manage')
  @ApiOperation({
    summary: 'Sell credit',
    description:
      'It is invoiced and granted when the invoice is paid, or granted at once where it is paid already. A repeat sells it again, unless it has the same reference.',
  })
  @ApiResponse({ status: 201, standardSchema: TopUpResponse })
  async create(
    @Asker() tenant: Tenant,
    @Param('wallet') wallet: string,
    @Body({ schema: TopUpRequest }) request: z.output<typeof TopUpRequest>,
  ): Promise<z.infer<typeof TopUpResponse>> {
    const { amount, price = null, paid = false, features = null, rolloverLimit = null } = request;
    const made = await this.topUps.create(tenant, wallet, {
      ...{ amount, price, paid },
      terms: {
        priority: request.priority ?? DEFAULT_PRIORITY,
        expiresAfterDays: request.expiresAfterDays ?? null,
        features: features === null ? null : [...new Set(features)].sort(),
        rolloverLimit: rolloverLimit === null ? null : decimalText(rolloverLimit),
      },
      reference: request.reference ?? null,
    });
    return toTopUpResponse(made);
  }

  @Get(':wallet/top-ups')
  @Requires('read')
  @ApiOperation({
    summary: 'Top-ups of a wallet',
    description: 'The newest first, with those that a limit refused.',
  })
  @ApiResponse({ status: 200, standardSchema: pageOf(TopUpResponse) })
  async list(
    @Asker() tenant: Tenant,
    @Param('wallet') wallet: string,
    @Query({ schema: PageQuery }) query: z.output<typeof PageQuery>,
  ): Promise<Page<z.infer<typeof TopUpResponse>>> {
    const [before = null] = decodeCursor(query.cursor, [UUID_TEXT]) ?? [];
    const rows = await this.topUps.list(tenant, wallet, before, query.limit + 1);
    return toPage(rows, query.limit, ({ id }) => [id], toTopUpResponse);
  }
}
