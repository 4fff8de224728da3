import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../access';
import { CustomersService } from '../customers';
import { decimalText, NotFoundError, toPublicId, formatMicros } from '../kernel';
import { Database } from '../platform/database';
import { decodeCursor, instant, type Page, PageQuery, pageOf, reference, toPage, UUID_TEXT } from '../platform/http';
import { DEFAULT_SOURCE, eventKey, eventKeyFromUuid, eventKeyToUuid, STEPS } from './domain';
import { findByCustomer, findByKeys, type StoredEvent } from './persistence/stored-events';

export const StoredEventResponse = z.object({
  id: z.string(),
  source: z.string(),
  type: z.string(),
  customer: z.string().describe('Our id of the customer.'),
  time: z.string().describe('When it happened, to the microsecond.'),
  receivedAt: z.string(),
  session: z.string().nullable(),
  task: z.string().nullable(),
  agent: z.string().nullable(),
  feature: z.string().nullable(),
  department: z.string().nullable(),
  user: z.string().nullable(),
  parent: z.string().nullable(),
  step: z.enum(STEPS).nullable(),
  cost: z.object({
    status: z
      .enum(['priced', 'reported', 'pending', 'none'])
      .describe(
        'priced: from the price book; reported: as the sender said; pending: not known yet; none: nothing that costs.',
      ),
    amount: z.string().nullable().describe('Decimal, in the organisation’s currency; null unless priced or reported.'),
    reported: z.object({ amount: z.string(), currency: z.string() }).nullable(),
  }),
  data: z.record(z.string(), z.unknown()).nullable(),
});

/** An event as the API answers it. */
export function toEventResponse(event: StoredEvent): z.infer<typeof StoredEventResponse> {
  return {
    id: event.id,
    source: event.source,
    type: event.type,
    customer: toPublicId('customer', event.customerId),
    time: formatMicros(event.happenedAt),
    receivedAt: formatMicros(event.receivedAt),
    session: event.session,
    task: event.task,
    agent: event.agent,
    feature: event.feature,
    department: event.department,
    user: event.user,
    parent: event.parent,
    step: event.step,
    cost: {
      status: event.costStatus,
      amount: event.amount === null ? null : decimalText(event.amount),
      reported: event.cost,
    },
    data: event.data === null ? null : { ...event.data },
  };
}

const ListQuery = PageQuery.extend({
  customer: reference().describe('The customer, by key or id.'),
  from: instant().optional().describe('Events from this instant on.'),
  to: instant().optional().describe('Events before this instant.'),
});
const OneQuery = z.object({
  source: z.string().min(1).max(255).default(DEFAULT_SOURCE).describe('The event’s source.'),
});

const EARLIEST = 0;
const LATEST = Date.UTC(2200, 0, 1) * 1_000;

@ApiTags('events')
@Controller('v1/events')
export class EventsController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(CustomersService) private readonly customers: CustomersService,
  ) {}

  @Get()
  @Requires('read')
  @ApiOperation({ summary: 'Events of a customer', description: 'In the order of their time.' })
  @ApiResponse({ status: 200, standardSchema: pageOf(StoredEventResponse) })
  async list(
    @Asker() tenant: Tenant,
    @Query({ schema: ListQuery }) query: z.output<typeof ListQuery>,
  ): Promise<Page<z.infer<typeof StoredEventResponse>>> {
    const customer = await this.customers.find(tenant, query.customer, 'customer');
    const after = decodeCursor(query.cursor, [/^\d{1,16}$/, UUID_TEXT]);
    const events = await this.database.tenant(tenant.organisationId, (db) =>
      findByCustomer(db, {
        customerId: customer.id,
        from: query.from === undefined ? EARLIEST : query.from.getTime() * 1_000,
        to: query.to === undefined ? LATEST : query.to.getTime() * 1_000,
        after: after === null ? null : { time: Number(after[0]), key: eventKeyFromUuid(after[1]!) },
        limit: query.limit + 1,
        type: null,
        throughBatch: null,
      }),
    );
    return toPage(
      events,
      query.limit,
      (event) => [String(event.happenedAt), eventKeyToUuid(event.key)],
      toEventResponse,
    );
  }

  @Get(':id')
  @Requires('read')
  @ApiOperation({ summary: 'One event, by the id its sender gave it' })
  @ApiResponse({ status: 200, standardSchema: StoredEventResponse })
  async find(
    @Asker() tenant: Tenant,
    @Param('id') id: string,
    @Query({ schema: OneQuery }) query: z.output<typeof OneQuery>,
  ): Promise<z.infer<typeof StoredEventResponse>> {
    const key = eventKey(tenant.organisationId, query.source, id);
    const found = await this.database.tenant(tenant.organisationId, (db) => findByKeys(db, [key]));
    const event = found.get(key);
    if (event === undefined) throw new NotFoundError('event', id);
    return toEventResponse(event);
  }
}
