import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../../access';
import { CustomersService } from '../../customers';
import { NotFoundError, toPublicId } from '../../kernel';
import { Database } from '../../platform/database';
import { decodeCursor, type Page, pageOf, PageQuery, reference, text, toPage, UUID_TEXT } from '../../platform/http';
import { countWaiting } from '../caps/count-waiting';
import { CountingService } from '../counting/counting.service';
import { amountsJson, type Hold, HOLD_FLAGS, HOLD_STATUSES, holdIdOf } from '../domain';
import { listHolds, readHold } from '../persistence/hold-store';

const ListQuery = PageQuery.extend({
  customer: reference().optional().describe('Only of this customer: our id or your key.'),
  status: z.enum(HOLD_STATUSES).optional().describe('Only those that stand so.'),
  session: text(255).optional().describe('Only of this session.'),
});

const Amounts = z
  .record(z.string(), z.unknown())
  .describe('Measures to decimals: `cost`, `actions`; `spend` by currency, `units` by the meter’s id.');

export const HoldResponse = z.object({
  id: z.string(),
  key: z.string().nullable(),
  customer: z.string().describe('Our id.'),
  status: z.enum(HOLD_STATUSES),
  parent: z.string().nullable().describe('The hold that it is a part of.'),
  scope: z.record(z.string(), z.string()).describe('What the work is for.'),
  taskClass: z.string().nullable(),
  held: Amounts.describe('What is held now; nothing once it has ended.'),
  firstHeld: Amounts.describe('The most it has held.'),
  split: Amounts.describe('How much of it its parts hold.'),
  booked: Amounts.nullable().describe('What it came to; null while it is open, and where nothing was spent.'),
  used: Amounts.nullable().describe('What the events that name it add up to; null without any.'),
  flags: z.array(z.enum(HOLD_FLAGS)),
  askedAt: z.string(),
  expiresAt: z.string(),
  endedAt: z.string().nullable(),
});

/** Holds as they stand. */
@ApiTags('holds')
@Controller('v1/holds')
export class HoldsController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(CountingService) private readonly counting: CountingService,
  ) {}

  @Get()
  @Requires('read')
  @ApiOperation({
    summary: 'List holds',
    description: 'Customer by customer, of each the newest first. Refused ones are among them where they had a key.',
  })
  @ApiResponse({ status: 200, standardSchema: pageOf(HoldResponse) })
  async list(
    @Asker() tenant: Tenant,
    @Query({ schema: ListQuery }) { customer, status, session, cursor, limit }: z.output<typeof ListQuery>,
  ): Promise<Page<z.infer<typeof HoldResponse>>> {
    const { organisationId } = tenant;
    const before = decodeCursor(cursor, [UUID_TEXT, INSTANT, UUID_TEXT]);
    const of = customer === undefined ? null : await this.customers.find(tenant, customer, 'customer');
    await countWaiting(this.database, this.counting, organisationId);
    const rows = await this.database.tenant(organisationId, (db) =>
      listHolds(db, organisationId, {
        ...{ customerId: of?.id ?? null, status: status ?? null, session: session ?? null },
        ...{ before, limit: limit + 1 },
      }),
    );
    return toPage(rows, limit, ({ position }) => position, ({ hold }) => toResponse(hold)); // prettier-ignore
  }

  @Get(':hold')
  @Requires('read')
  @ApiOperation({ summary: 'Read a hold', description: 'By our id or by the key that it was made with.' })
  @ApiResponse({ status: 200, standardSchema: HoldResponse })
  async read(@Asker() tenant: Tenant, @Param('hold') name: string): Promise<z.infer<typeof HoldResponse>> {
    await countWaiting(this.database, this.counting, tenant.organisationId);
    const id = holdIdOf(tenant.organisationId, name);
    const hold = await this.database.tenant(tenant.organisationId, (db) => readHold(db, id));
    if (hold === null) throw new NotFoundError('hold', name);
    return toResponse(hold);
  }
}

/** As PostgreSQL writes it. */
const INSTANT = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?\+00$/;

function toResponse(hold: Hold): z.infer<typeof HoldResponse> {
  const { customer, subscription, ...own } = hold.scope;
  const instant = (ms: number): string => new Date(ms).toISOString();
  return {
    id: toPublicId('hold', hold.id),
    key: hold.key,
    customer: toPublicId('customer', customer),
    status: hold.status,
    parent: hold.parentId === null ? null : toPublicId('hold', hold.parentId),
    scope: {
      ...(subscription === undefined ? {} : { subscription: toPublicId('subscription', subscription) }),
      ...own,
    },
    taskClass: hold.taskClass,
    held: amountsJson(hold.held),
    firstHeld: amountsJson(hold.firstHeld),
    split: amountsJson(hold.split),
    booked: hold.booked === null ? null : amountsJson(hold.booked),
    used: hold.used === null ? null : amountsJson(hold.used),
    flags: [...hold.flags],
    askedAt: instant(hold.askedAt),
    expiresAt: instant(hold.expiresAt),
    endedAt: hold.endedAt === null ? null : instant(hold.endedAt),
  };
}
