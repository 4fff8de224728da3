import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../../access';
import { CustomersService } from '../../customers';
import { decimalText, InvalidRequestError, toPublicId } from '../../kernel';
import { Database } from '../../platform/database';
import {
  decodeCursor,
  instant,
  type Page,
  PageQuery,
  pageOf,
  reference,
  text,
  toPage,
  UUID_TEXT,
} from '../../platform/http';
import { toTouchedInvoice, TouchedInvoiceResponse } from './change-responses';
import type { Recosting } from './recosting-store';
import { RecostingsService } from './recostings.service';
import { TouchedInvoices } from './touched-invoices';

const RecostRequest = z.strictObject({
  reason: text(500).describe('Why, for whoever asks later. Stands beside every cost it writes.'),
  from: instant().describe('Events from this instant on, by the time they happened.'),
  to: instant().describe('Events before this instant.'),
  customer: reference().optional().describe('Only this customer’s, by key or id.'),
  provider: text(255).optional().describe('Only of this provider, as the events name it; case does not matter.'),
  model: text(255).optional().describe('Only of this model, as the events name it; case does not matter.'),
});

const RecostingResponse = z.object({
  id: z.string(),
  status: z
    .enum(['previewing', 'previewed', 'applying', 'applied', 'stopped'])
    .describe(
      'previewed: nothing was changed yet; stopped: prices changed meanwhile, `stoppedReason` says how far it came.',
    ),
  reason: z.string(),
  from: z.string(),
  to: z.string(),
  customer: z.string().nullable(),
  provider: z.string().nullable(),
  model: z.string().nullable(),
  effect: z
    .object({
      events: z.number().int().describe('Events in the range.'),
      changed: z.number().int().describe('Of these, those whose cost is another one by the price book as it is now.'),
      costBefore: z.string().describe('Known cost of all events in the range.'),
      costAfter: z.string(),
      costChange: z.string().describe('costAfter − costBefore.'),
      marginChange: z.string().describe('The same with the other sign, before charges that follow the cost.'),
      pendingBefore: z.number().int(),
      pendingAfter: z.number().int(),
    })
    .describe('What the preview found; complete once the status is `previewed`.'),
  progress: z.object({
    through: z.string().describe('Events that happened before this instant were looked at.'),
    applied: z.number().int().describe('Events that have their new cost.'),
    skipped: z.number().int().describe('Left as they are, since they were corrected after the preview.'),
  }),
  stoppedReason: z.string().nullable(),
  madeBy: z.string(),
  createdAt: z.string(),
  appliedBy: z.string().nullable(),
  appliedAt: z.string().nullable().describe('When the last cost was written.'),
});

const RecostingDetailResponse = RecostingResponse.extend({
  invoiceCount: z.number().int(),
  invoices: z.array(TouchedInvoiceResponse).describe('Invoices with changed events in their period, the first 200.'),
});

const MOST_INVOICES = 200;

@ApiTags('costs')
@Controller('v1/recostings')
export class RecostingsController {
  constructor(
    @Inject(RecostingsService) private readonly recostings: RecostingsService,
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(TouchedInvoices) private readonly invoices: TouchedInvoices,
    @Inject(Database) private readonly database: Database,
  ) {}

  @Post()
  @Requires('manage')
  @ApiOperation({
    summary: 'Preview what costing events again would change',
    description:
      'Changes no cost. A large range is still `previewing` when this answers; ask for it again. `apply` then does what was previewed.',
  })
  @ApiResponse({ status: 201, standardSchema: RecostingDetailResponse })
  async preview(
    @Asker() tenant: Tenant,
    @Body({ schema: RecostRequest }) request: z.output<typeof RecostRequest>,
  ): Promise<z.infer<typeof RecostingDetailResponse>> {
    const { reason, from, to, provider = null, model = null } = request;
    if (from.getTime() >= to.getTime()) {
      const detail = 'must be before the end of the period';
      throw new InvalidRequestError('invalid_period', `from: ${detail}`, [{ field: 'from', detail }]);
    }
    const customer =
      request.customer === undefined ? null : await this.customers.find(tenant, request.customer, 'customer');
    const scope = { reason, from, to, customerId: customer?.id ?? null, provider, model };
    return this.detail(tenant, await this.recostings.preview(tenant, scope));
  }

  @Get()
  @Requires('read')
  @ApiOperation({ summary: 'Re-costings, newest first' })
  @ApiResponse({ status: 200, standardSchema: pageOf(RecostingResponse) })
  async list(
    @Asker() tenant: Tenant,
    @Query({ schema: PageQuery }) query: PageQuery,
  ): Promise<Page<z.infer<typeof RecostingResponse>>> {
    const before = decodeCursor(query.cursor, [UUID_TEXT]);
    const found = await this.recostings.list(tenant, before?.[0] ?? null, query.limit + 1);
    return toPage(found, query.limit, ({ id }) => [id], toResponse);
  }

  @Get(':recosting')
  @Requires('read')
  @ApiOperation({ summary: 'A re-costing, with how far it is' })
  @ApiResponse({ status: 200, standardSchema: RecostingDetailResponse })
  async find(
    @Asker() tenant: Tenant,
    @Param('recosting') id: string,
  ): Promise<z.infer<typeof RecostingDetailResponse>> {
    return this.detail(tenant, await this.recostings.find(tenant, id));
  }

  @Post(':recosting/apply')
  @HttpCode(200)
  @Requires('manage')
  @ApiOperation({
    summary: 'Write the costs that were previewed',
    description:
      'Stored events stay as they are; each gets a further cost with this reason. Safe to repeat: the answer says how far it is.',
  })
  @ApiResponse({ status: 200, standardSchema: RecostingDetailResponse })
  async apply(
    @Asker() tenant: Tenant,
    @Param('recosting') id: string,
  ): Promise<z.infer<typeof RecostingDetailResponse>> {
    return this.detail(tenant, await this.recostings.apply(tenant, id));
  }

  private async detail(tenant: Tenant, recosting: Recosting): Promise<z.infer<typeof RecostingDetailResponse>> {
    const { invoiceIds } = recosting;
    const invoices = await this.database.tenant(tenant.organisationId, (db) =>
      this.invoices.withIds(db, tenant.organisationId, invoiceIds.slice(0, MOST_INVOICES)),
    );
    return { ...toResponse(recosting), invoiceCount: invoiceIds.length, invoices: invoices.map(toTouchedInvoice) };
  }
}

function toResponse(recosting: Recosting): z.infer<typeof RecostingResponse> {
  const { costBefore, costAfter } = recosting;
  return {
    id: toPublicId('recosting', recosting.id),
    status: recosting.status,
    reason: recosting.reason,
    from: recosting.from.toISOString(),
    to: recosting.to.toISOString(),
    customer: recosting.customerId === null ? null : toPublicId('customer', recosting.customerId),
    provider: recosting.provider,
    model: recosting.model,
    effect: {
      events: recosting.events,
      changed: recosting.changed,
      costBefore: decimalText(costBefore),
      costAfter: decimalText(costAfter),
      costChange: decimalText(costAfter.minus(costBefore)),
      marginChange: decimalText(costBefore.minus(costAfter)),
      pendingBefore: recosting.pendingBefore,
      pendingAfter: recosting.pendingAfter,
    },
    progress: {
      through: new Date(Math.floor(recosting.position.time / 1_000)).toISOString(),
      applied: recosting.applied,
      skipped: recosting.skipped,
    },
    stoppedReason: recosting.stoppedReason,
    madeBy: recosting.madeBy,
    createdAt: recosting.createdAt.toISOString(),
    appliedBy: recosting.applyBy,
    appliedAt: recosting.appliedAt?.toISOString() ?? null,
  };
}
