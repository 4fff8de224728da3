import { createHash } from 'node:crypto';
import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../access';
import { AGGREGATIONS, MetersService, TIME_UNITS } from '../catalog';
import { CustomersService } from '../customers';
import { Clock, decimalText, InvalidRequestError, isTimeZone, type Period, toPublicId, WINDOWS } from '../kernel';
import { decodeCursor, encodeCursor, instant, PageQuery, reference } from '../platform/http';
import { type UsageAnswerRow, UsageQueryService, type UsageRequest } from './usage-query.service';
import type { RowPosition } from './persistence/usage-query';

const THIRTY_DAYS_MS = 30 * 86_400_000;
const MOST_CUSTOMERS = 100;
const MOST_FILTERS = 100;
/** A cursor holds a group's values, which can be long. */
const LONGEST_CURSOR = 12_000;
/** Groups by customer, beside the meter's own fields. No field of a meter has this name. */
const BY_CUSTOMER = 'customer';

/** A parameter that may be given several times. */
function listOf(item: z.ZodType<string>, most: number) {
  return z
    .union([z.array(item).max(most), item.transform((one) => [one])])
    .optional()
    .transform((list) => list ?? []);
}

const UsageRowsQuery = z.strictObject({
  meter: reference().describe('The meter, by key or id.'),
  customer: listOf(reference(), MOST_CUSTOMERS).describe(
    `A customer, by key or id; may be given up to ${MOST_CUSTOMERS} times. Without it, the whole organisation.`,
  ),
  from: instant().optional().describe('Start, inclusive. Without it: 30 days before the end.'),
  to: instant().optional().describe('End, exclusive. Without it: now.'),
  window: z
    .enum([...WINDOWS, 'period'])
    .optional()
    .transform((window) => window ?? 'period')
    .describe(
      'What the time is cut into; `period`, the default, is one window for all of it. Minutes: 25 hours at most.',
    ),
  timeZone: z
    .string()
    .optional()
    .transform((zone) => zone ?? 'UTC')
    .refine(isTimeZone, 'must be an IANA time zone such as Europe/Berlin')
    .describe('Whose days, months and hours; UTC without it.'),
  groupBy: listOf(z.string().min(1).max(900), 6).describe(
    'Keeps usage apart by one of the meter’s `groupBy` fields, or by `customer`; may be given several times.',
  ),
  filter: listOf(z.string().min(1).max(1_600), MOST_FILTERS).describe(
    'Only usage with this value of one of the meter’s `groupBy` fields, as `field:value`; `field` alone means none. Several ' +
      'of one field are alternatives, those of different fields must all hold.',
  ),
  empty: z
    .enum(['true', 'false'])
    .optional()
    .transform((given) => given === 'true')
    .describe('Answer windows without usage as well, for each group that has usage in another window.'),
  limit: PageQuery.shape.limit,
  cursor: z
    .string()
    .max(LONGEST_CURSOR)
    .optional()
    .describe('The `nextCursor` of the page before, with the same question.'),
});

const UsageRowResponse = z.object({
  from: z.string(),
  to: z.string(),
  customer: z.object({ id: z.string(), key: z.string() }).optional().describe('When grouped by customer.'),
  group: z.record(z.string(), z.string().nullable()).describe('The values of the fields asked for; null for none.'),
  quantity: z
    .string()
    .nullable()
    .describe('Decimal. Null for the average, smallest, largest or latest value of nothing.'),
  cost: z.string().describe('What these events cost you; decimal, in the organisation’s currency.'),
  events: z.number().int(),
  pendingCostEvents: z.number().int().describe('Events whose cost is not known yet. They are in `cost` with nothing.'),
});

const UsageRowsResponse = z.object({
  meter: z.object({
    id: z.string(),
    key: z.string(),
    aggregation: z.enum(AGGREGATIONS),
    timeUnit: z.enum(TIME_UNITS).nullable(),
    status: z.enum(['filling', 'ready']).describe('`filling`: stored events are still being counted.'),
  }),
  from: z.string(),
  to: z.string(),
  window: z.enum([...WINDOWS, 'period']),
  timeZone: z.string(),
  items: z.array(UsageRowResponse),
  nextCursor: z.string().nullable().describe('Give it as `cursor` for the next page; null on the last.'),
});

/** Fingerprint, now, window, customer, group. */
const CURSOR_PARTS = [/^[0-9a-f]{16}$/, /^\d{1,15}$/, /^\d{1,5}$/, /^(?:[0-9a-f-]{36})?$/, /^\[.*\]$/s] as const;

@ApiTags('usage')
@Controller('v1/usage')
export class UsageQueryController {
  constructor(
    @Inject(MetersService) private readonly meters: MetersService,
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(UsageQueryService) private readonly usage: UsageQueryService,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  @Get()
  @Requires('read')
  @ApiOperation({
    summary: 'Usage of a meter, by time, customer and group',
    description:
      'Rows in the order of window, customer and group. Sees an event as soon as it was answered as accepted. The pages of a ' +
      'question share their now; what is accepted between two of them may be in the later one.',
  })
  @ApiResponse({ status: 200, standardSchema: UsageRowsResponse })
  async rows(
    @Asker() tenant: Tenant,
    @Query({ schema: UsageRowsQuery }) query: z.output<typeof UsageRowsQuery>,
  ): Promise<z.infer<typeof UsageRowsResponse>> {
    const position = decodeCursor(query.cursor, CURSOR_PARTS);
    const now = position === null ? this.clock.now() : new Date(Number(position[1]));
    const request = await this.requestOf(tenant, query, now);
    const fingerprint = fingerprintOf(request);
    if (position !== null && position[0] !== fingerprint) throw strangeCursor();

    const found = await this.usage.query(tenant, request, toPosition(position, request), query.limit + 1);
    const rows = found.slice(0, query.limit);
    const last = rows.at(-1);
    const customers = await this.customers.byIds(tenant, rows.flatMap(({ customerId }) => customerId ?? [])); // prettier-ignore
    return {
      meter: {
        id: toPublicId('meter', request.meter.id),
        key: request.meter.key,
        aggregation: request.meter.aggregation,
        timeUnit: request.meter.timeUnit,
        status: request.meter.status,
      },
      from: request.period.start.toISOString(),
      to: request.period.end.toISOString(),
      window: query.window,
      timeZone: query.timeZone,
      items: rows.map((row) => toResponse(row, request, (id) => customers.get(id)!.key)),
      nextCursor:
        found.length > query.limit && last !== undefined
          ? encodeCursor([fingerprint, String(now.getTime()), String(last.window), last.customerId ?? '', JSON.stringify(last.group)]) // prettier-ignore
          : null,
    };
  }

  private async requestOf(tenant: Tenant, query: z.output<typeof UsageRowsQuery>, now: Date): Promise<UsageRequest> {
    const meter = await this.meters.find(tenant, query.meter);
    const ids = new Set<string>();
    for (const name of query.customer) ids.add((await this.customers.find(tenant, name, 'customer')).id);
    return {
      meter,
      customerIds: ids.size === 0 ? null : [...ids].sort(),
      period: periodOf(query, now),
      window: query.window,
      timeZone: query.timeZone,
      byCustomer: query.groupBy.includes(BY_CUSTOMER),
      groupBy: [...new Set(query.groupBy)].filter((field) => field !== BY_CUSTOMER),
      filters: filtersOf(query.filter, meter.groupBy),
      withEmpty: query.empty,
      now,
    };
  }
}

function periodOf(query: z.output<typeof UsageRowsQuery>, now: Date): Period {
  const end = query.to ?? now;
  const start = query.from ?? new Date(end.getTime() - THIRTY_DAYS_MS);
  if (start.getTime() < end.getTime()) return { start, end };
  const detail = 'must be before the end of the period';
  throw new InvalidRequestError('invalid_period', `from: ${detail}`, [{ field: 'from', detail }]);
}

/** Names and values may have colons themselves, so it is the meter's own fields that say where a name ends. */
function filtersOf(given: readonly string[], groupBy: readonly string[]): Map<string, (string | null)[]> {
  const filters = new Map<string, (string | null)[]>();
  for (const text of given) {
    const field = groupBy.find((each) => text === each || text.startsWith(`${each}:`)) ?? text.split(':')[0]!;
    const value = text.length === field.length ? null : text.slice(field.length + 1);
    const known = filters.get(field);
    if (known === undefined) filters.set(field, [value]);
    else known.push(value);
  }
  return filters;
}

/** What a cursor belongs to: the same question, whatever its limit. */
function fingerprintOf(request: UsageRequest): string {
  const { meter, filters, now: _now, ...rest } = request;
  const question = [meter.usageId, [...filters], Object.entries(rest)];
  return createHash('sha256').update(JSON.stringify(question)).digest('hex').slice(0, 16);
}

function toPosition(parts: readonly string[] | null, { byCustomer, groupBy }: UsageRequest): RowPosition | null {
  if (parts === null) return null;
  const [, , window, customerId, group] = parts;
  const values = readGroup(group!);
  if ((customerId !== '') !== byCustomer || values?.length !== groupBy.length) throw strangeCursor();
  return { window: Number(window), customerId: byCustomer ? customerId! : null, group: values };
}

function readGroup(text: string): (string | null)[] | null {
  try {
    return z.array(z.string().nullable()).parse(JSON.parse(text));
  } catch {
    return null;
  }
}

function strangeCursor(): InvalidRequestError {
  return new InvalidRequestError('invalid_cursor', 'The cursor is not one that this question gave out.', [
    { field: 'cursor', detail: 'must be the nextCursor of the page before, with the same question' },
  ]);
}

function toResponse(
  row: UsageAnswerRow,
  { groupBy }: UsageRequest,
  keyOf: (customerId: string) => string,
): z.infer<typeof UsageRowResponse> {
  return {
    from: row.from.toISOString(),
    to: row.to.toISOString(),
    ...(row.customerId === null
      ? {}
      : { customer: { id: toPublicId('customer', row.customerId), key: keyOf(row.customerId) } }),
    group: Object.fromEntries(groupBy.map((field, index) => [field, row.group[index] ?? null])),
    quantity: row.quantity === null ? null : decimalText(row.quantity),
    cost: decimalText(row.cost),
    events: row.events,
    pendingCostEvents: row.pendingEvents,
  };
}
