import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../../access';
import { CustomersService } from '../../customers';
import { toPublicId } from '../../kernel';
import { Database } from '../../platform/database';
import { decodeCursor, type Page, PageQuery, pageOf, reference, toPage, UUID_TEXT } from '../../platform/http';
import { countWaiting } from '../caps/count-waiting';
import { CountingService } from '../counting/counting.service';
import { ALERT_KINDS } from '../domain';
import { type AlertRow, listAlerts } from './alert-store';

const ListAlertsQuery = PageQuery.extend({
  customer: reference().optional().describe('Only alerts about this customer.'),
  kind: z.enum(ALERT_KINDS).optional().describe('Only alerts of this kind.'),
});

const AlertResponse = z.object({
  id: z.string(),
  kind: z
    .enum(ALERT_KINDS)
    .describe(
      '`threshold`: a share of a cap’s limit is used. `forecast`: the limit will be passed before the period ends. `drift`: a counter ' +
        'was not what events and holds say, and was put right. Others name what they tell.',
    ),
  customer: z.string().nullable(),
  cap: z.string().nullable(),
  session: z.string().nullable(),
  detail: z.record(z.string(), z.unknown()).describe('What was found; amounts are decimal text.'),
  at: z.string().describe('By the customer’s clock where it is about one customer.'),
});

function toAlertResponse({
  id,
  kind,
  customer_id,
  cap_id,
  session,
  detail,
  at,
}: AlertRow): z.infer<typeof AlertResponse> {
  return {
    id: toPublicId('alert', id),
    kind,
    customer: customer_id === null ? null : toPublicId('customer', customer_id),
    cap: cap_id === null ? null : toPublicId('cap', cap_id),
    session,
    detail,
    at: at.toISOString(),
  };
}

@ApiTags('caps')
@Controller('v1/alerts')
export class AlertsController {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(CountingService) private readonly counting: CountingService,
    @Inject(CustomersService) private readonly customers: CustomersService,
  ) {}

  @Get()
  @Requires('read')
  @ApiOperation({ summary: 'List alerts', description: 'Newest first. Each is told once.' })
  @ApiResponse({ status: 200, standardSchema: pageOf(AlertResponse) })
  async listAlerts(
    @Asker() tenant: Tenant,
    @Query({ schema: ListAlertsQuery }) query: z.output<typeof ListAlertsQuery>,
  ): Promise<Page<z.infer<typeof AlertResponse>>> {
    const { organisationId } = tenant;
    const before = decodeCursor(query.cursor, [UUID_TEXT])?.[0] ?? null;
    const customer =
      query.customer === undefined ? null : await this.customers.find(tenant, query.customer, 'customer');
    await countWaiting(this.database, this.counting, organisationId);
    const rows = await this.database.tenant(organisationId, (db) =>
      listAlerts(db, organisationId, {
        ...{ customerId: customer?.id ?? null, kind: query.kind ?? null, before, limit: query.limit + 1 },
      }),
    );
    return toPage(rows, query.limit, ({ id }) => [id], toAlertResponse);
  }
}
