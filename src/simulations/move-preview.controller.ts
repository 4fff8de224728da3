import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../access';
import { PlanMoveFields, toNewPlanMove } from '../customers';
import { decimalText, toPublicId } from '../kernel';
import { type Summary, percentOf } from './domain';
import { MOST_MOVED, type MovedSubscription, MovePreviewService } from './move-preview.service';

const MOST_PERIODS = 12;

const MovePreviewRequest = z
  .strictObject({
    ...PlanMoveFields,
    reason: PlanMoveFields.reason.optional().describe('Not needed yet.'),
    periods: z
      .int()
      .min(1)
      .max(MOST_PERIODS)
      .default(1)
      .describe('How many of each subscription’s last closed periods are billed by both plans.'),
  })
  .refine(({ customers, rule }) => customers === undefined || rule === undefined, {
    path: ['rule'],
    error: 'can’t be given beside `customers`',
  });

const Amounts = {
  now: z.string().nullable().describe('By what they have, or have coming, without the move.'),
  then: z.string().nullable().describe('By what they would have after it.'),
  change: z.string().nullable(),
  changePercent: z.string().nullable().describe('To four digits; null of nothing.'),
};

const MovePreviewResponse = z.object({
  toPlan: z.object({ id: z.string(), key: z.string(), version: z.number().int() }),
  totals: z
    .array(
      z.object({
        currency: z.string(),
        subscriptions: z.number().int(),
        ...Amounts,
        gainers: z.number().int().describe('Who would pay less.'),
        losers: z.number().int().describe('Who would pay more.'),
        unchanged: z.number().int(),
        notRated: z.number().int().describe('Whose usage one of the plans can’t charge; they are in no amount.'),
      }),
    )
    .describe('Of each currency.'),
  subscriptions: z.array(
    z.object({
      customer: z.string().describe('Its key.'),
      subscription: z.string(),
      currency: z.string(),
      effectiveAt: z.string().describe('From when on it would have the plan.'),
      already: z.boolean().describe('The move would leave it as it is.'),
      usage: z
        .object({ from: z.string(), to: z.string(), closed: z.boolean() })
        .describe('What was billed by both plans. Without a closed period it is the first one as far as it has come.'),
      ...Amounts,
      problem: z.string().nullable().describe('Why one of the plans can’t charge its usage.'),
    }),
  ),
});

/** The part of `v1/plan-moves` that needs usage; moving itself is in the room `customers`. */
@ApiTags('customers')
@Controller('v1/plan-moves')
export class MovePreviewController {
  constructor(@Inject(MovePreviewService) private readonly previews: MovePreviewService) {}

  @Post('preview')
  @HttpCode(200)
  @Requires('read')
  @ApiOperation({
    summary: 'Who would pay what after a move',
    description: `Bills what each subscription used last by both plans, whole periods each. Moves nobody. For at most ${MOST_MOVED.toLocaleString('en')} subscriptions; simulate a plan for more.`,
  })
  @ApiResponse({ status: 200, standardSchema: MovePreviewResponse })
  async preview(
    @Asker() tenant: Tenant,
    @Body({ schema: MovePreviewRequest }) request: z.output<typeof MovePreviewRequest>,
  ): Promise<z.infer<typeof MovePreviewResponse>> {
    const { periods, reason = 'preview', ...wanted } = request;
    const { toPlan, moved, totals } = await this.previews.preview(
      tenant,
      toNewPlanMove({ ...wanted, reason }),
      periods,
    );
    return {
      toPlan: { id: toPublicId('plan', toPlan.id), key: toPlan.key, version: toPlan.version },
      totals: [...totals].map(([currency, summary]) => ({ currency, ...toTotals(summary) })),
      subscriptions: moved.map(toSubscription),
    };
  }
}

type Shown = z.infer<typeof MovePreviewResponse>;

function toTotals(summary: Summary): Omit<Shown['totals'][number], 'currency'> {
  const { customers, compared, revenueNow, revenueThenCompared, gainers, losers, unchanged, notRated } = summary;
  const change = revenueThenCompared.minus(revenueNow);
  const percent = percentOf(change, revenueNow);
  return {
    subscriptions: customers,
    now: compared === 0 ? null : decimalText(revenueNow),
    then: compared === 0 ? null : decimalText(revenueThenCompared),
    change: compared === 0 ? null : decimalText(change),
    changePercent: percent === null ? null : decimalText(percent),
    ...{ gainers, losers, unchanged, notRated },
  };
}

function toSubscription(moved: MovedSubscription): Shown['subscriptions'][number] {
  const { about, plans, usage, closed, already, now, then, problem } = moved;
  const change = now === null || then === null ? null : then.minus(now);
  const percent = change === null ? null : percentOf(change, now!);
  return {
    customer: about.customer.key,
    subscription: toPublicId('subscription', about.subscription.id),
    currency: plans.then.currency,
    effectiveAt: plans.at.toISOString(),
    already,
    usage: { from: usage.start.toISOString(), to: usage.end.toISOString(), closed },
    now: now === null ? null : decimalText(now),
    then: then === null ? null : decimalText(then),
    change: change === null ? null : decimalText(change),
    changePercent: percent === null ? null : decimalText(percent),
    problem,
  };
}
