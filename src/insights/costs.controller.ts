import { createHash } from 'node:crypto';
import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../access';
import { Clock, decimalText, InvalidRequestError, isTimeZone, WINDOWS } from '../kernel';
import { decodeCursor, encodeCursor, instant, PageQuery } from '../platform/http';
import { CostsService } from './costs.service';
import { type Dimension, DIMENSIONS, MOST_GROUPS } from './domain';
import type { CostSum } from './persistence/cost-rows';

const MOST_VALUES = 50;
/** A cursor holds a row's values, of which there may be four of 255 characters. */
const LONGEST_CURSOR = 12_000;
/** Fingerprint, now, window, cost, values. The values go to the database as text, which takes no NUL. */
const CURSOR_PARTS = [
  /^[0-9a-f]{16}$/,
  /^\d{1,15}$/,
  /^\d{1,6}$/,
  /^-?\d{1,40}(\.\d{1,40})?$/,
  /^\[[^\0]*\]$/su,
] as const;

/** A value may be given several times; an empty one means the events that name none. */
function values() {
  return z
    .union([z.string().max(255), z.array(z.string().max(255)).max(MOST_VALUES)])
    .transform((given) => (Array.isArray(given) ? given : [given]))
    .optional();
}

const groupBy = z
  .string()
  .max(200)
  .optional()
  .transform((text, context): Dimension[] => {
    const names = text === undefined || text === '' ? [] : text.split(',');
    const unknown = names.find((name) => !(DIMENSIONS as readonly string[]).includes(name));
    if (unknown !== undefined || names.length > MOST_GROUPS || new Set(names).size < names.length) {
      context.addIssue({
        code: 'custom',
        message: `must be up to ${MOST_GROUPS} of ${DIMENSIONS.join(', ')}, separated by commas`,
      });
      return z.NEVER;
    }
    return names as Dimension[];
  });

const Span = z.object({
  from: instant().optional().describe('From this instant on. Without it: 30 days before `to`.'),
  to: instant().optional().describe('Before this instant. Without it: now.'),
});

const CostsQuery = PageQuery.extend(Span.shape).extend({
  cursor: z
    .string()
    .max(LONGEST_CURSOR)
    .optional()
    .describe('The `nextCursor` of the page before, with the same question.'),
  groupBy: groupBy.describe(
    `What the cost is split by: up to ${MOST_GROUPS} of ${DIMENSIONS.join(', ')}, separated by commas. Without it one row for all.`,
  ),
  window: z.enum(WINDOWS).optional().describe('Splits the period as well. Without it the period is one.'),
  timeZone: z
    .string()
    .max(64)
    .default('UTC')
    .refine(isTimeZone, 'must be an IANA time zone such as Europe/Berlin')
    .describe('Where days and months begin.'),
  customer: values().describe('Only these customers, by key or id.'),
  ...(Object.fromEntries(
    DIMENSIONS.filter((dimension) => dimension !== 'customer').map((dimension) => [
      dimension,
      values().describe(`Only this ${dimension}; several times for several, empty for events without one.`),
    ]),
  ) as Record<Exclude<Dimension, 'customer'>, ReturnType<typeof values>>),
});

const Sum = {
  cost: z.string().describe('Decimal, in the organisation’s currency. What is pending is in it with nothing.'),
  reportedCost: z.string().describe('The part of it that senders reported and no price of ours stands for.'),
  events: z.number().int(),
  pendingCostEvents: z.number().int().describe('Events whose cost is not known yet.'),
};

const CostsResponse = z.object({
  from: z.string(),
  to: z.string(),
  currency: z.string(),
  total: z.object(Sum).describe('Of all rows on all pages.'),
  items: z.array(
    z.object({
      from: z.string(),
      to: z.string(),
      group: z
        .record(z.string(), z.string().nullable())
        .describe('A value for each dimension asked for; null where the events name none. A customer is named by key.'),
      unallocated: z.boolean().describe('The events name no value for at least one of the dimensions.'),
      ...Sum,
    }),
  ),
  nextCursor: z.string().nullable(),
});

const DifferencesQuery = Span.extend({ limit: PageQuery.shape.limit });
const DifferencesResponse = z.object({
  from: z.string(),
  to: z.string(),
  currency: z.string(),
  items: z.array(
    z.object({
      provider: z.string().nullable(),
      model: z.string().nullable(),
      events: z.number().int().describe('Events with both costs in this currency.'),
      computed: z.string(),
      reported: z.string(),
      difference: z.string().describe('Reported minus computed.'),
      differencePercent: z.string().nullable().describe('Of the computed cost; null where that is zero.'),
      otherCurrencyEvents: z.number().int().describe('Events reported in another currency, which are not compared.'),
    }),
  ),
});

@ApiTags('costs')
@Controller('v1/costs')
export class CostsController {
  constructor(
    @Inject(CostsService) private readonly costs: CostsService,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  @Get()
  @Requires('read')
  @ApiOperation({
    summary: 'What events cost, and whom or what it is attributed to',
    description:
      'Dearest first, within each window. What names no feature, agent, … is a row of its own, so that rows add up to the total. Costs are those known now: corrections and re-costing are in them.',
  })
  @ApiResponse({ status: 200, standardSchema: CostsResponse })
  async report(
    @Asker() tenant: Tenant,
    @Query({ schema: CostsQuery }) query: z.output<typeof CostsQuery>,
  ): Promise<z.infer<typeof CostsResponse>> {
    const after = decodeCursor(query.cursor, CURSOR_PARTS);
    const fingerprint = fingerprintOf(query);
    if (after !== null && after[0] !== fingerprint) throw strangeCursor();
    // Pages without an end of their own share the now of the first, or their period would move on between them.
    const now = after === null ? this.clock.now() : new Date(Number(after[1]));
    const filters = DIMENSIONS.flatMap((dimension): [Dimension, (string | null)[]][] => {
      const given = query[dimension];
      return given === undefined ? [] : [[dimension, given.map((value) => (value === '' ? null : value))]];
    });
    const report = await this.costs.report(tenant, {
      from: query.from ?? null,
      to: query.to ?? now,
      groupBy: query.groupBy,
      filters: new Map(filters),
      window: query.window ?? null,
      timeZone: query.timeZone,
      limit: query.limit + 1,
      after: after === null ? null : { window: Number(after[2]), cost: after[3]!, key: after[4]! },
    });
    const shown = report.rows.slice(0, query.limit);
    const last = shown.at(-1)?.position;
    return {
      from: report.period.start.toISOString(),
      to: report.period.end.toISOString(),
      currency: report.currency,
      total: sumOf(report.total),
      items: shown.map((row) => ({
        from: row.period.start.toISOString(),
        to: row.period.end.toISOString(),
        group: row.group,
        unallocated: Object.values(row.group).includes(null),
        ...sumOf(row),
      })),
      nextCursor:
        report.rows.length > query.limit && last !== undefined
          ? encodeCursor([fingerprint, String(now.getTime()), String(last.window), last.cost, last.key])
          : null,
    };
  }

  @Get('differences')
  @Requires('read')
  @ApiOperation({
    summary: 'Reported beside computed costs, by provider and model',
    description:
      'Of events that carry a cost of their own and that a price stands for as well. The largest difference first: a wrong price, or a contract that the price book doesn’t know.',
  })
  @ApiResponse({ status: 200, standardSchema: DifferencesResponse })
  async differences(
    @Asker() tenant: Tenant,
    @Query({ schema: DifferencesQuery }) query: z.output<typeof DifferencesQuery>,
  ): Promise<z.infer<typeof DifferencesResponse>> {
    const { period, currency, rows } = await this.costs.differences(
      tenant,
      query.from ?? null,
      query.to ?? null,
      query.limit,
    );
    return {
      from: period.start.toISOString(),
      to: period.end.toISOString(),
      currency,
      items: rows.map(({ provider, model, events, computed, reported, otherCurrency }) => {
        const difference = reported.minus(computed);
        return {
          provider,
          model,
          events,
          computed: decimalText(computed),
          reported: decimalText(reported),
          difference: decimalText(difference),
          differencePercent: computed.isZero()
            ? null
            : decimalText(difference.times(100).dividedBy(computed).toDecimalPlaces(2)),
          otherCurrencyEvents: otherCurrency,
        };
      }),
    };
  }
}

/** What a cursor belongs to: the same question, whatever its limit. */
function fingerprintOf({ limit: _limit, cursor: _cursor, ...question }: z.output<typeof CostsQuery>): string {
  return createHash('sha256').update(JSON.stringify(question)).digest('hex').slice(0, 16);
}

function strangeCursor(): InvalidRequestError {
  return new InvalidRequestError('invalid_cursor', 'The cursor is not one that this question gave out.', [
    { field: 'cursor', detail: 'must be the nextCursor of the page before, with the same question' },
  ]);
}

function sumOf({ cost, reported, events, pendingEvents }: CostSum) {
  return {
    cost: decimalText(cost),
    reportedCost: decimalText(reported),
    events,
    pendingCostEvents: pendingEvents,
  };
}
