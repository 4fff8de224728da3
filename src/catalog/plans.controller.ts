import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Put, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../access';
import { decodeCursor, type Page, PageQuery, pageOf, text, toPage, UUID_TEXT } from '../platform/http';
import { PLAN_STATUSES } from './domain';
import { type PlanResponse, PlanRequestSchema, PlanResponseSchema, toNewPlan, toPlanResponse } from './plan.schema';
import { PlansService } from './plans.service';

const reason = text(500)
  .optional()
  .describe('Why it is published although its margin would be below the organisation’s floor; kept in the audit log.');

const CreatePlanRequest = PlanRequestSchema.extend({
  draft: z.boolean().optional().describe('`true` saves a draft in the place of the key’s earlier one.'),
  reason,
});
const ChangePlanRequest = PlanRequestSchema.omit({ key: true });
const PublishPlanRequest = z.strictObject({ reason }).optional();

const ListPlansQuery = PageQuery.extend({
  status: z.enum(PLAN_STATUSES).optional().describe('Only plans of this status.'),
});

@ApiTags('catalog')
@Controller('v1')
export class PlansController {
  constructor(@Inject(PlansService) private readonly plans: PlansService) {}

  @Post('plans')
  @Requires('manage')
  @ApiOperation({
    summary: 'Publish a plan',
    description:
      'A published version never changes. The same key with other content publishes the next version; subscriptions keep theirs until ' +
      'they are moved. With `draft`, saves it to be worked on and published later.',
  })
  @ApiResponse({ status: 201, standardSchema: PlanResponseSchema })
  async publishPlan(
    @Asker() tenant: Tenant,
    @Body({ schema: CreatePlanRequest }) request: z.output<typeof CreatePlanRequest>,
  ): Promise<PlanResponse> {
    const { draft = false, reason: why = null, ...plan } = request;
    const wanted = toNewPlan(plan);
    return toPlanResponse(
      draft ? await this.plans.saveDraft(tenant, wanted) : await this.plans.publish(tenant, wanted, { reason: why }),
    );
  }

  @Get('plans')
  @Requires('read')
  @ApiOperation({ summary: 'List plans', description: 'All versions, oldest first.' })
  @ApiResponse({ status: 200, standardSchema: pageOf(PlanResponseSchema) })
  async listPlans(
    @Asker() tenant: Tenant,
    @Query({ schema: ListPlansQuery }) query: z.output<typeof ListPlansQuery>,
  ): Promise<Page<PlanResponse>> {
    const after = decodeCursor(query.cursor, [UUID_TEXT]);
    const rows = await this.plans.list(tenant, after?.[0] ?? null, query.limit + 1, query.status ?? null);
    return toPage(rows, query.limit, (row) => [row.id], toPlanResponse);
  }

  @Get('plans/:plan')
  @Requires('read')
  @ApiOperation({
    summary: 'One plan',
    description:
      'By id: that version. By key: the newest published version; where there is none, the newest archived one, else the draft.',
  })
  @ApiResponse({ status: 200, standardSchema: PlanResponseSchema })
  async findPlan(@Asker() tenant: Tenant, @Param('plan') plan: string): Promise<PlanResponse> {
    return toPlanResponse(await this.plans.find(tenant, plan));
  }

  @Put('plans/:plan')
  @Requires('manage')
  @ApiOperation({
    summary: 'Change a draft',
    description: 'By id, or by key: the key’s draft. Its prices get new ids.',
  })
  @ApiResponse({ status: 200, standardSchema: PlanResponseSchema })
  async changePlan(
    @Asker() tenant: Tenant,
    @Param('plan') plan: string,
    @Body({ schema: ChangePlanRequest }) request: z.output<typeof ChangePlanRequest>,
  ): Promise<PlanResponse> {
    const { key: _, ...wanted } = toNewPlan({ ...request, key: plan });
    return toPlanResponse(await this.plans.changeDraft(tenant, plan, wanted));
  }

  @Delete('plans/:plan')
  @HttpCode(204)
  @Requires('manage')
  @ApiOperation({ summary: 'Remove a draft', description: 'By id, or by key: the key’s draft.' })
  @ApiResponse({ status: 204 })
  async removePlan(@Asker() tenant: Tenant, @Param('plan') plan: string): Promise<void> {
    await this.plans.removeDraft(tenant, plan);
  }

  @Post('plans/:plan/publish')
  @HttpCode(200)
  @Requires('manage')
  @ApiOperation({
    summary: 'Publish a draft',
    description: 'As the next version. By id, or by key: the key’s draft. Safe to repeat by id.',
  })
  @ApiResponse({ status: 200, standardSchema: PlanResponseSchema })
  async publishDraft(
    @Asker() tenant: Tenant,
    @Param('plan') plan: string,
    @Body({ schema: PublishPlanRequest }) request: z.output<typeof PublishPlanRequest>,
  ): Promise<PlanResponse> {
    return toPlanResponse(await this.plans.publishDraft(tenant, plan, request?.reason ?? null));
  }

  @Post('plans/:plan/archive')
  @HttpCode(200)
  @Requires('manage')
  @ApiOperation({
    summary: 'Archive a plan',
    description:
      'It takes no new subscriptions; those that have it go on. By id: that version. By key: all published versions. Safe to repeat.',
  })
  @ApiResponse({ status: 200, standardSchema: PlanResponseSchema })
  async archivePlan(@Asker() tenant: Tenant, @Param('plan') plan: string): Promise<PlanResponse> {
    return toPlanResponse(await this.plans.archive(tenant, plan));
  }
}
