import { Body, Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../access';
import { pageOf, type Page, text } from '../platform/http';
import { toDefinition } from './meter.schema';
import { type PlanDocument, PlanDocumentRequestSchema, PlanDocumentSchema } from './plan-document.schema';
import { toNewPlan } from './plan.schema';
import { PlanDocumentsService } from './plan-documents.service';
import { PLAN_TEMPLATES } from './templates';

const ApplyRequest = PlanDocumentRequestSchema.extend({
  dryRun: z.boolean().default(false).describe('`true` says what would happen, and changes nothing.'),
  reason: text(500).optional().describe('Why plans are published although their margin would be below the floor.'),
});

const ApplyResponse = z.object({
  dryRun: z.boolean(),
  changes: z.array(
    z.object({
      kind: z.enum(['feature', 'meter', 'plan']),
      key: z.string(),
      action: z.enum(['create', 'new_version', 'unchanged']),
      version: z.number().int().nullable().describe('The plan’s version from then on; null for what has none.'),
      fields: z
        .array(
          z.object({
            field: z.string().describe('Such as `prices.tokens.charge.unitPrice`: what has a key goes by its key.'),
            before: z.unknown().describe('As JSON; null when it wasn’t there.'),
            after: z.unknown().describe('As JSON; null when it is there no more.'),
          }),
        )
        .describe('What differs from the version before; nothing for what is made.'),
    }),
  ),
});

const TemplateResponse = z.object({
  key: z.string(),
  name: z.string(),
  description: z.string(),
  document: PlanDocumentSchema.describe('As `POST /v1/plans/apply` takes it.'),
});

@ApiTags('catalog')
@Controller('v1')
export class PlanDocumentsController {
  constructor(@Inject(PlanDocumentsService) private readonly documents: PlanDocumentsService) {}

  @Post('plans/apply')
  @HttpCode(200)
  @Requires('manage')
  @ApiOperation({
    summary: 'Apply a file of plans',
    description:
      'Features, meters and plans together, all or nothing: makes what isn’t there, and publishes the next version of each plan whose newest ' +
      'one says something else. What the file doesn’t name stays as it is. Safe to repeat.',
  })
  @ApiResponse({ status: 200, standardSchema: ApplyResponse })
  async applyPlans(
    @Asker() tenant: Tenant,
    @Body({ schema: ApplyRequest }) request: z.output<typeof ApplyRequest>,
  ): Promise<z.infer<typeof ApplyResponse>> {
    const { dryRun, reason = null } = request;
    const wanted = {
      features: request.features.map(({ description = null, ...feature }) => ({ ...feature, description })),
      meters: request.meters.map((meter) => ({ key: meter.key, ...toDefinition(meter) })),
      plans: request.plans.map(toNewPlan),
    };
    const changes = await this.documents.apply(tenant, wanted, { dryRun, reason });
    return { dryRun, changes: changes.map((change) => ({ ...change, fields: [...change.fields] })) };
  }

  @Get('plans/export')
  @Requires('read')
  @ApiOperation({
    summary: 'Everything on sale as a file of plans',
    description:
      'The newest published version of each plan, all features, and all meters that aren’t archived, by key. Applied again it changes nothing.',
  })
  @ApiResponse({ status: 200, standardSchema: PlanDocumentSchema })
  async exportPlans(@Asker() tenant: Tenant): Promise<PlanDocument> {
    return this.documents.export(tenant);
  }

  @Get('plan-templates')
  @Requires('read')
  @ApiOperation({
    summary: 'Plans to start from',
    description: 'Three complete files of plans: by margin on cost, by outcome, and a hybrid of seats and credits.',
  })
  @ApiResponse({ status: 200, standardSchema: pageOf(TemplateResponse) })
  listTemplates(): Page<z.infer<typeof TemplateResponse>> {
    return { items: [...PLAN_TEMPLATES], nextCursor: null };
  }
}
