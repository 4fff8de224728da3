import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Asker, Requires, type Tenant } from '../access';
import { decimalText, formatAmount, sum } from '../kernel';
import type { BreakdownRow, RatedLine } from './domain';
import { PreviewRequest, PreviewResponse } from './preview.schema';
import { type Preview, PreviewService } from './preview.service';

@ApiTags('catalog')
@Controller('v1')
export class PreviewController {
  constructor(@Inject(PreviewService) private readonly previews: PreviewService) {}

  @Post('rating/preview')
  @HttpCode(200)
  @Requires('read')
  @ApiOperation({
    summary: 'Preview a price or a plan',
    description:
      'What a price or a whole plan charges for usage that you make up, line by line and explained, as an invoice would. Nothing is ' +
      'stored, and nothing has to be there before but what you name.',
  })
  @ApiResponse({ status: 200, standardSchema: PreviewResponse })
  async preview(
    @Asker() tenant: Tenant,
    @Body({ schema: PreviewRequest }) request: PreviewRequest,
  ): Promise<PreviewResponse> {
    return toPreviewResponse(await this.previews.preview(tenant, request));
  }
}

function toPreviewResponse({ rated, pools, period, increment, uncounted }: Preview): PreviewResponse {
  return {
    currency: rated.currency,
    period: { start: period.start.toISOString(), end: period.end.toISOString() },
    lines: rated.lines.map((line) => toLineResponse(line, rated.currency, uncounted.has(line.key))),
    exactTotal: decimalText(rated.exactTotal),
    total: formatAmount(rated.total, rated.currency),
    pools: pools.map(({ balance: { pool, granted, rolledIn, used, lots }, rollsOver }) => ({
      pool,
      granted: decimalText(granted),
      rolledIn: decimalText(rolledIn),
      used: decimalText(used),
      left: decimalText(sum(lots.map(({ amount }) => amount))),
      rollsOver: decimalText(rollsOver),
    })),
    ...(increment === null ? {} : { increment: { exactAmount: decimalText(increment) } }),
  };
}

/** @param uncounted nobody said how many events the quantity is of */
function toLineResponse(line: RatedLine, currency: string, uncounted: boolean): PreviewResponse['lines'][number] {
  const { units } = line;
  return {
    key: line.key,
    kind: line.kind,
    name: line.name,
    quantity: decimalText(line.quantity),
    events: line.events,
    exactAmount: decimalText(line.amount),
    amount: formatAmount(line.rounded, currency),
    ...(units === undefined ? {} : { units: { key: units.key, amount: decimalText(units.amount) } }),
    breakdown: line.breakdown.map(toRowResponse),
    steps: uncounted ? line.steps.map((step) => step.replace(', from 0 events', '')) : [...line.steps],
    pendingEvents: line.pendingEvents,
  };
}

function toRowResponse(row: BreakdownRow): PreviewResponse['lines'][number]['breakdown'][number] {
  const { kind, description, from, upTo, quantity, unitPrice, amount, group, window } = row;
  return {
    kind,
    description,
    from: from === null ? null : decimalText(from),
    upTo: upTo === null ? null : decimalText(upTo),
    quantity: decimalText(quantity),
    unitPrice: unitPrice === null ? null : decimalText(unitPrice),
    amount: decimalText(amount),
    ...(group === undefined ? {} : { group: [...group] }),
    ...(window === undefined ? {} : { window }),
  };
}
