import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../../access';
import { type CostBreakdownRow, readBreakdown } from '../../costing';
import { DEFAULT_SOURCE, EVENT_STATES, StoredEventResponse, toEventResponse } from '../../events';
import { Decimal, decimalText, toPublicId } from '../../kernel';
import { type EventHistory, EventHistoryService, type EventRevision } from './event-history.service';

const OneQuery = z.object({
  source: z.string().min(1).max(255).default(DEFAULT_SOURCE).describe('The event’s source.'),
});

const BreakdownRowResponse = z.object({
  unit: z.string().describe('A unit of the price book, or of an own resource.'),
  quantity: z.string(),
  unitPrice: z.string().describe('The price of one.'),
  amount: z.string().describe('In the organisation’s currency.'),
  currency: z.string().nullable().describe('Of the unit price, where that is another than the organisation’s.'),
  chargedAs: z.string().nullable().describe('The unit whose price was charged, where it has none of its own.'),
  tierAbove: z.string().nullable().describe('The context step that decided the price.'),
  serviceClass: z.string().nullable(),
  contract: z.string().nullable(),
  resource: z.string().nullable(),
});

const CostAtResponse = z.object({ status: z.string(), amount: z.string().nullable() });

const RevisionResponse = StoredEventResponse.extend({
  revision: z.number().int(),
  laterCosts: z
    .array(CostAtResponse.extend({ reason: z.string(), madeBy: z.string(), madeAt: z.string() }))
    .describe('Costs it was given after it was stored, oldest first. The last one counts.'),
  ended: z
    .object({
      change: z.string(),
      kind: z.enum(['void', 'amendment']),
      reason: z.string(),
      madeBy: z.string(),
      madeAt: z.string(),
    })
    .nullable()
    .describe('What ended it; null while it counts.'),
});

const EventHistoryResponse = StoredEventResponse.extend({
  state: z.enum(EVENT_STATES).describe('voided: it counts no more.'),
  revision: z.number().int().describe('0 as it was sent, then one for each amendment.'),
  cost: StoredEventResponse.shape.cost.extend({
    breakdown: z.array(BreakdownRowResponse).describe('What was paid for; adds up to the amount. Empty unless priced.'),
    difference: z
      .string()
      .nullable()
      .describe('The price book’s amount − the reported one, where both are known in one currency.'),
  }),
  revisions: z.array(RevisionResponse).describe('As each was stored, first to last.'),
});

@ApiTags('events')
@Controller('v1/events')
export class EventHistoryController {
  constructor(@Inject(EventHistoryService) private readonly histories: EventHistoryService) {}

  @Get(':id')
  @Requires('read')
  @ApiOperation({
    summary: 'One event, by the id its sender gave it',
    description: 'As it stands now, with every revision it had, and who changed it and why.',
  })
  @ApiResponse({ status: 200, standardSchema: EventHistoryResponse })
  async find(
    @Asker() tenant: Tenant,
    @Param('id') id: string,
    @Query({ schema: OneQuery }) query: z.output<typeof OneQuery>,
  ): Promise<z.infer<typeof EventHistoryResponse>> {
    return toResponse(await this.histories.of(tenant, { source: query.source, id }));
  }
}

function toResponse(history: EventHistory): z.infer<typeof EventHistoryResponse> {
  const { state, last, revisions } = history;
  const event = toEventResponse(last);
  const breakdown = readBreakdown(last.breakdown, last.modelPriceId).map(toBreakdownRow);
  return {
    ...event,
    state,
    revision: last.revision,
    cost: { ...event.cost, breakdown, difference: differenceOf(history) },
    revisions: revisions.map(toRevision),
  };
}

/** Known only where the price book has an amount and the sender stated another in the same currency. */
function differenceOf({ last: { costStatus, amount, cost }, currency }: EventHistory): string | null {
  if (costStatus !== 'priced' || amount === null || cost?.currency !== currency) return null;
  return decimalText(amount.minus(new Decimal(cost.amount)));
}

function toRevision({ event, costs, end }: EventRevision): z.infer<typeof RevisionResponse> {
  return {
    ...toEventResponse(event),
    revision: event.revision,
    laterCosts: costs.map((cost) => ({
      status: cost.costStatus,
      amount: cost.amount === null ? null : decimalText(cost.amount),
      reason: cost.reason,
      madeBy: cost.madeBy,
      madeAt: cost.madeAt.toISOString(),
    })),
    ended:
      end === null
        ? null
        : {
            change: toPublicId('change', end.changeId),
            kind: end.kind,
            reason: end.reason,
            madeBy: end.madeBy,
            madeAt: end.madeAt.toISOString(),
          },
  };
}

function toBreakdownRow(row: CostBreakdownRow): z.infer<typeof BreakdownRowResponse> {
  return {
    unit: row.unit,
    quantity: decimalText(row.quantity),
    unitPrice: decimalText(row.unitPrice),
    amount: decimalText(row.amount),
    currency: row.currency,
    chargedAs: row.chargedAs,
    tierAbove: row.tierAbove === null ? null : String(row.tierAbove),
    serviceClass: row.serviceClass,
    contract: row.contract,
    resource: row.resource,
  };
}
