import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../../access';
import { decimalText, scaledText, toPublicId } from '../../kernel';
import { nextExpiry, type ShownWallet, toBalance, WalletResponse } from '../../wallet';
import { CAP_KINDS, counterValue, MEASURES } from '../domain';
import { shownValue } from '../caps/cap.schema';
import { type AllowanceBalance, type Balances, BalancesService } from './balances.service';
import type { CapBalance } from './cap-balances';

const Left = {
  settled: z.string().describe('What is used.'),
  held: z.string().describe('What open holds have set aside.'),
  available: z.string().describe('What is left: not below zero.'),
};

const BalancesResponse = z.object({
  customer: z.string(),
  at: z.string().describe('By the customer’s clock.'),
  allowances: z
    .array(
      z.object({
        subscription: z.string(),
        kind: z.enum(['allowance', 'pool']),
        key: z.string().describe('The price’s, or the pool’s.'),
        name: z.string(),
        meters: z.array(z.string()).describe('Keys of the meters whose usage takes of it.'),
        included: z.string().describe('Units of this billing period, with what was rolled into a pool.'),
        ...Left,
        resets: z.string().describe('When the billing period ends.'),
      }),
    )
    .describe('Units that plans include in the running billing periods.'),
  allowancesUnknown: z.string().nullable().describe('Why allowances can’t be told; null where all are.'),
  wallets: z
    .array(
      z.object({
        id: z.string(),
        key: z.string(),
        name: z.string(),
        currency: z.string().nullable(),
        unit: z.string().nullable(),
        ...WalletResponse.shape.balance.shape,
        expires: z.object({ at: z.string(), amount: z.string() }).nullable().describe('What expires next, and when.'),
      }),
    )
    .describe('Prepaid credit.'),
  caps: z
    .array(
      z.object({
        id: z.string(),
        key: z.string(),
        name: z.string(),
        kind: z.enum(CAP_KINDS),
        measure: z.enum(MEASURES),
        currency: z.string().nullable(),
        meter: z.string().nullable(),
        values: z
          .record(z.string(), z.string())
          .describe('What this counter is for, where a cap has one for each session, feature, …'),
        limit: z.string().describe('With raises that are running.'),
        ...Left,
        resets: z.string().nullable().describe('When its period ends; null where that is not known beforehand.'),
      }),
    )
    .describe(
      'Caps of the customer, and those with a counter for each customer. Of caps for each session and the like, the fullest counters.',
    ),
});

/** What a customer has left. */
@ApiTags('balances')
@Controller('v1/customers/:customer/balances')
export class BalancesController {
  constructor(@Inject(BalancesService) private readonly balances: BalancesService) {}

  @Get()
  @Requires('read')
  @ApiOperation({
    summary: 'What is left of a customer’s allowances, wallets and caps',
    description:
      'Of each: what is settled, what open holds have set aside, what is available, and when it begins anew or expires. Events that were accepted before are in it.',
  })
  @ApiResponse({ status: 200, standardSchema: BalancesResponse })
  async of(@Asker() tenant: Tenant, @Param('customer') customer: string): Promise<z.infer<typeof BalancesResponse>> {
    const balances = await this.balances.of(tenant, customer);
    return {
      customer: toPublicId('customer', balances.customer.id),
      at: balances.at.toISOString(),
      allowances: balances.allowances.map((allowance) => toAllowance(allowance, balances)),
      allowancesUnknown: balances.allowancesUnknown,
      wallets: balances.wallets.filter(({ record }) => record.archivedAt === null).map(toWallet),
      caps: balances.caps.map((cap) => toCap(cap, balances)),
    };
  }
}

type Response = z.infer<typeof BalancesResponse>;

function toAllowance(allowance: AllowanceBalance, { meters }: Balances): Response['allowances'][number] {
  return {
    subscription: toPublicId('subscription', allowance.subscriptionId),
    kind: allowance.kind,
    key: allowance.key,
    name: allowance.name,
    meters: [...allowance.meters.keys()].map((id) => meters.get(id) ?? toPublicId('meter', id)),
    included: decimalText(allowance.included),
    settled: decimalText(allowance.used),
    held: decimalText(allowance.held),
    available: decimalText(allowance.available),
    resets: allowance.resetsAt.toISOString(),
  };
}

function toWallet(shown: ShownWallet): Response['wallets'][number] {
  const { row, name } = shown.record;
  const expiry = nextExpiry(shown.state.grants, shown.now);
  return {
    id: toPublicId('wallet', row.id),
    key: row.key,
    name,
    currency: row.currency,
    unit: row.unit,
    ...toBalance(shown),
    expires: expiry === null ? null : { at: expiry.at.toISOString(), amount: decimalText(expiry.amount) },
  };
}

function toCap({ cap, counter, limit, available }: CapBalance, { meters }: Balances): Response['caps'][number] {
  const { period, eachValues } = counter;
  return {
    id: toPublicId('cap', cap.id),
    key: cap.key,
    name: cap.name,
    kind: cap.kind,
    measure: cap.measure,
    currency: cap.currency,
    meter: cap.meterId === null ? null : (meters.get(cap.meterId) ?? toPublicId('meter', cap.meterId)),
    values: Object.fromEntries(
      cap.each.map((field) => [field, shownValue(field, counterValue(cap, eachValues, field) ?? '')]),
    ),
    limit: scaledText(limit),
    settled: scaledText(counter.settled),
    held: scaledText(counter.held),
    available: scaledText(available),
    resets: period.end === null ? null : new Date(period.end / 1_000).toISOString(),
  };
}
