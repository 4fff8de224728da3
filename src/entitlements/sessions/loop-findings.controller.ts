import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../../access';
import { CustomersService } from '../../customers';
import { decimalText, formatMicros, toPublicId } from '../../kernel';
import { FINDING_KINDS, LOOP_ACTIONS, type StoredFinding } from '../../loops';
import { decodeCursor, type Page, PageQuery, pageOf, reference, text, toPage, UUID_TEXT } from '../../platform/http';
import { LoopFindingsService } from './loop-findings.service';

const FindingsQuery = PageQuery.extend({
  customer: reference().optional().describe('Only of this customer’s sessions: our id or your key.'),
  session: text(255).optional().describe('Only of sessions with this name.'),
  open: z.enum(['true', 'false']).optional().describe('`true`: only those that nobody has resolved.'),
});

const ResolveRequest = z.strictObject({ reason: text(500).optional().describe('Kept in the audit log.') });

const FindingResponse = z.object({
  id: z.string(),
  customer: z.string().describe('The customer’s id.'),
  session: z.string(),
  agent: z.string().nullable().describe('Of the step that crossed the line.'),
  taskClass: z.string().nullable(),
  kind: z.enum(FINDING_KINDS),
  action: z.enum(LOOP_ACTIONS),
  detail: z.string().describe('The whole of it, for people.'),
  at: z.string().describe('When the step ended that crossed the line.'),
  measured: z.string().describe('In calls, pairs, money or levels.'),
  limit: z.string().describe('The line it crossed.'),
  currency: z.string().describe('Of the amounts below.'),
  wasted: z.string().describe('What was spent in vain, as far as costs are known.'),
  unpricedEvents: z.number().int().describe('Events in that whose cost is not known.'),
  severity: z.object({
    amount: z
      .string()
      .nullable()
      .describe('Money at stake while nobody acts: `perMinute` for the time left. Null where that can’t be told.'),
    perMinute: z.string().describe('What the session spends a minute at present.'),
    secondsLeft: z
      .number()
      .int()
      .nullable()
      .describe('Until the cap is reached, or its period ends if that is sooner.'),
    cap: z.string().nullable().describe('The cap that is reached first.'),
    unknown: z.enum(['no_cap', 'cost_unknown']).nullable().describe('Why the amount can’t be told.'),
  }),
  calls: z
    .array(
      z.object({
        hash: z.string().describe('Of the tool, its arguments and its result where that was given.'),
        name: z.string().nullable(),
        count: z.number().int().describe('Parallel calls are one.'),
        firstAt: z.string(),
        lastAt: z.string(),
        cost: z.string().describe('Of the calls after the first.'),
        unpricedEvents: z.number().int(),
      }),
    )
    .describe('What it rests on, the most frequent first.'),
  foundAt: z.string(),
  resolvedAt: z.string().nullable(),
});

@ApiTags('loops')
@Controller('v1/loop-findings')
export class LoopFindingsController {
  constructor(
    @Inject(LoopFindingsService) private readonly findings: LoopFindingsService,
    @Inject(CustomersService) private readonly customers: CustomersService,
  ) {}

  @Get()
  @Requires('read')
  @ApiOperation({
    summary: 'Agents that run away, newest first',
    description: 'Each kind is told once for a session, and again when it has grown tenfold or was resolved.',
  })
  @ApiResponse({ status: 200, standardSchema: pageOf(FindingResponse) })
  async list(
    @Asker() tenant: Tenant,
    @Query({ schema: FindingsQuery }) query: z.output<typeof FindingsQuery>,
  ): Promise<Page<z.infer<typeof FindingResponse>>> {
    const before = decodeCursor(query.cursor, [UUID_TEXT]);
    const customer =
      query.customer === undefined ? null : await this.customers.find(tenant, query.customer, 'customer');
    const found = await this.findings.list(tenant, {
      customerId: customer?.id ?? null,
      session: query.session ?? null,
      openOnly: query.open === 'true',
      before: before?.[0] ?? null,
      limit: query.limit + 1,
    });
    return toPage(found, query.limit, ({ id }) => [id], toResponse);
  }

  @Get(':finding')
  @Requires('read')
  @ApiOperation({ summary: 'One finding' })
  @ApiResponse({ status: 200, standardSchema: FindingResponse })
  async find(@Asker() tenant: Tenant, @Param('finding') finding: string): Promise<z.infer<typeof FindingResponse>> {
    return toResponse(await this.findings.find(tenant, finding));
  }

  @Post(':finding/resolve')
  @HttpCode(200)
  @Requires('manage')
  @ApiOperation({
    summary: 'Say that a finding has been seen',
    description:
      'Only what the session does from now on counts for its kind. A session that was paused stays so until it is resumed. Safe to repeat.',
  })
  @ApiResponse({ status: 200, standardSchema: FindingResponse })
  async resolve(
    @Asker() tenant: Tenant,
    @Param('finding') finding: string,
    @Body({ schema: ResolveRequest }) request: z.output<typeof ResolveRequest>,
  ): Promise<z.infer<typeof FindingResponse>> {
    return toResponse(await this.findings.resolve(tenant, finding, request.reason ?? null));
  }
}

function toResponse(finding: StoredFinding): z.infer<typeof FindingResponse> {
  const { severity, capId } = finding;
  return {
    id: toPublicId('loopFinding', finding.id),
    customer: toPublicId('customer', finding.customerId),
    session: finding.session,
    agent: finding.agent,
    taskClass: finding.taskClass,
    kind: finding.kind,
    action: finding.action,
    detail: finding.sentence,
    at: formatMicros(finding.at),
    measured: decimalText(finding.measured),
    limit: decimalText(finding.limit),
    currency: finding.currency,
    wasted: decimalText(finding.wasted),
    unpricedEvents: finding.unpriced,
    severity: {
      amount: severity.known ? decimalText(severity.amount) : null,
      perMinute: decimalText(severity.perMinute),
      secondsLeft: severity.known ? severity.secondsLeft : null,
      cap: capId === null ? null : toPublicId('cap', capId),
      unknown: severity.known ? null : severity.because,
    },
    calls: finding.calls.map((call) => ({
      hash: call.hash,
      name: call.name,
      count: call.count,
      firstAt: formatMicros(call.firstAt),
      lastAt: formatMicros(call.lastAt),
      cost: decimalText(call.cost),
      unpricedEvents: call.unpriced,
    })),
    foundAt: finding.foundAt.toISOString(),
    resolvedAt: finding.resolvedAt?.toISOString() ?? null,
  };
}
