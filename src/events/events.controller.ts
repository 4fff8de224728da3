import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../access';
import { CustomersService } from '../customers';
import { Database } from '../platform/database';
import { decodeCursor, instant, type Page, PageQuery, pageOf, reference, toPage, UUID_TEXT } from '../platform/http';
import { eventKeyFromUuid, eventKeyToUuid } from './domain';
import { StoredEventResponse, toEventResponse } from './event-response';
import { EVENT_STATES, findListed, LISTED_STATUSES } from './persistence/listed-events';

const ListedEventResponse = StoredEventResponse.extend({
  state: z
    .enum(EVENT_STATES)
    .describe('effective: as it was sent; amended: another revision; voided: it counts no more.'),
  revision: z.number().int().describe('0 as it was sent, then one for each amendment.'),
});

const ListQuery = PageQuery.extend({
  customer: reference().describe('The customer, by key or id.'),
  from: instant().optional().describe('Events from this instant on.'),
  to: instant().optional().describe('Events before this instant.'),
  status: z
    .enum(LISTED_STATUSES)
    .default('effective')
    .describe(
      'effective: what counts, amended events in their last revision; amended or voided: only those; all: both.',
    ),
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
  @ApiOperation({
    summary: 'Events of a customer',
    description: 'In the order of their time, each with what it costs now.',
  })
  @ApiResponse({ status: 200, standardSchema: pageOf(ListedEventResponse) })
  async list(
    @Asker() tenant: Tenant,
    @Query({ schema: ListQuery }) query: z.output<typeof ListQuery>,
  ): Promise<Page<z.infer<typeof ListedEventResponse>>> {
    const customer = await this.customers.find(tenant, query.customer, 'customer');
    const after = decodeCursor(query.cursor, [/^\d{1,16}$/, UUID_TEXT]);
    const events = await this.database.tenant(tenant.organisationId, (db) =>
      findListed(db, {
        organisationId: tenant.organisationId,
        customerId: customer.id,
        from: query.from === undefined ? EARLIEST : query.from.getTime() * 1_000,
        to: query.to === undefined ? LATEST : query.to.getTime() * 1_000,
        after: after === null ? null : { time: Number(after[0]), key: eventKeyFromUuid(after[1]!) },
        limit: query.limit + 1,
        status: query.status,
      }),
    );
    return toPage(
      events,
      query.limit,
      ({ event }) => [String(event.happenedAt), eventKeyToUuid(event.key)],
      ({ event, state }) => ({ ...toEventResponse(event), state, revision: event.revision }),
    );
  }
}
