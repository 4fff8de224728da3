import { Body, Controller, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, MissingScopeError, Requires, type Tenant } from '../../access';
import { DEFAULT_SOURCE, EventSchema } from '../../events';
import { text } from '../../platform/http';
import { type CorrectionAnswer, CorrectionResponse } from './change-responses';
import { CorrectionsService } from './corrections.service';

const reason = () => text(500).describe('Why, for whoever asks later. Kept with the event and in the audit log.');
const source = () => text(255).default(DEFAULT_SOURCE).describe('The event’s source.');

const VoidRequest = z.strictObject({ reason: reason(), source: source() });

/** The event's form for the reference. It is checked as an event is, with an event's own codes. */
const { $schema: _draft, ...AmendedEvent } = z.toJSONSchema(EventSchema.omit({ id: true, source: true }), {
  target: 'openapi-3.0',
  unrepresentable: 'any',
});

const AmendRequest = z.strictObject({
  reason: reason(),
  source: source(),
  revision: z
    .number()
    .int()
    .min(0)
    .optional()
    .describe('The revision you have seen and mean to replace. If another one counts by now, the request is refused.'),
  event: z
    .record(z.string(), z.unknown())
    .meta(AmendedEvent)
    .describe(
      'The whole event as it should have been, in the form of a new one without `id` and `source`: what is left out is gone. Without `time` it keeps the time it has.',
    ),
});

const AmendQuery = z.object({
  backfill: z
    .enum(['true', 'false'])
    .default('false')
    .describe('true: another time may be of any age. The key needs the scope `backfill` as well.'),
});

@ApiTags('events')
@Controller('v1/events/:id')
export class CorrectionsController {
  constructor(@Inject(CorrectionsService) private readonly corrections: CorrectionsService) {}

  @Post('void')
  @HttpCode(200)
  @Requires('manage')
  @ApiOperation({
    summary: 'Void an event',
    description:
      'It stays stored and counts no more, for good: usage, cost and drafts follow at once. The same request again gets the same answer.',
  })
  @ApiResponse({ status: 200, standardSchema: CorrectionResponse })
  async void(
    @Asker() tenant: Tenant,
    @Param('id') id: string,
    @Body({ schema: VoidRequest }) request: z.output<typeof VoidRequest>,
  ): Promise<CorrectionAnswer> {
    return this.corrections.void(tenant, { source: request.source, id }, request.reason);
  }

  @Post('amend')
  @HttpCode(200)
  @Requires('manage')
  @ApiOperation({
    summary: 'Amend an event',
    description:
      'Puts another revision in its place, checked as a new event is and costed by the price book as it is now. What was sent stays stored. The same request again gets the same answer.',
  })
  @ApiResponse({ status: 200, standardSchema: CorrectionResponse })
  async amend(
    @Asker() tenant: Tenant,
    @Param('id') id: string,
    @Query({ schema: AmendQuery }) query: z.output<typeof AmendQuery>,
    @Body({ schema: AmendRequest }) request: z.output<typeof AmendRequest>,
  ): Promise<CorrectionAnswer> {
    const { reason: why, source: from, revision = null, event } = request;
    const backfill = query.backfill === 'true';
    if (backfill && !tenant.scopes.has('backfill')) throw new MissingScopeError('backfill');
    return this.corrections.amend(tenant, { source: from, id, reason: why, revision, event, backfill });
  }
}
