import { Controller, Get, Inject } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../../access';
import { formatMicros } from '../../kernel';
import { PendingCostsService } from './pending-costs.service';
import { type PendingGroup, PendingReportService } from './pending-report.service';

const GroupResponse = z.object({
  reason: z.string().describe('Why the cost is not known, such as `model_unknown`.'),
  detail: z.string().describe('The same in a sentence, and what to do.'),
  provider: z.string().nullable(),
  model: z.string().nullable(),
  events: z.number().int(),
  firstTime: z.string().describe('When the first of them happened: a price has to hold from here.'),
  lastTime: z.string(),
  example: z.object({ id: z.string(), source: z.string() }),
});

const PendingCostsResponse = z.object({
  events: z.number().int().describe('Events whose cost is pending.'),
  complete: z
    .boolean()
    .describe('False when there are more than were looked at; the counts are then the least there are.'),
  groups: z.array(GroupResponse).describe('The largest first.'),
  pricing: z
    .object({
      state: z
        .enum(['idle', 'waiting', 'running'])
        .describe('idle: all were looked at with the prices as they are; waiting: prices have changed since; running.'),
      lookedAt: z.number().int(),
      priced: z.number().int(),
      startedAt: z.string().nullable(),
      finishedAt: z.string().nullable(),
    })
    .describe('The job that prices them once a price has arrived.'),
});

@ApiTags('costs')
@Controller('v1/costs/pending')
export class PendingCostsController {
  constructor(
    @Inject(PendingReportService) private readonly report: PendingReportService,
    @Inject(PendingCostsService) private readonly pricing: PendingCostsService,
  ) {}

  @Get()
  @Requires('read')
  @ApiOperation({
    summary: 'Events whose cost is not known, by the reason',
    description: 'Each group says what to do. Once a price has arrived, a job prices its events within seconds.',
  })
  @ApiResponse({ status: 200, standardSchema: PendingCostsResponse })
  async list(@Asker() tenant: Tenant): Promise<z.infer<typeof PendingCostsResponse>> {
    // In this order: what a job that is `idle` here has priced must not be among the pending any more.
    const { startedAt, finishedAt, ...progress } = await this.pricing.progress(tenant);
    const { events, complete, groups } = await this.report.of(tenant);
    return {
      events,
      complete,
      groups: groups.map(toGroup),
      pricing: {
        ...progress,
        startedAt: startedAt?.toISOString() ?? null,
        finishedAt: finishedAt?.toISOString() ?? null,
      },
    };
  }
}

function toGroup(group: PendingGroup): z.infer<typeof GroupResponse> {
  return {
    reason: group.reason,
    detail: group.detail,
    provider: group.provider,
    model: group.model,
    events: group.events,
    firstTime: formatMicros(group.first),
    lastTime: formatMicros(group.last),
    example: group.example,
  };
}
