import { Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../../access';
import { Decimal, minorUnitDecimals, toPublicId } from '../../kernel';
import { decodeCursor, type Page, pageOf, PageQuery, toPage, UUID_TEXT } from '../../platform/http';
import { BillingRunsService } from './billing-runs.service';
import { type BillingRunEntity, RUN_TRIGGERS } from '../persistence/billing-run.entity';

const BillingRunResponse = z.object({
  id: z.string(),
  trigger: z
    .enum(RUN_TRIGGERS)
    .describe(
      '`job`: by itself, every WEIR_CLOSE_INTERVAL. `clock`: a test clock was moved. `request`: somebody asked.',
    ),
  status: z
    .enum(['running', 'finished'])
    .describe('A run whose process was killed stays `running`; the next one does what it left.'),
  startedAt: z.string(),
  progressAt: z.string().describe('When these figures were written.'),
  finishedAt: z.string().nullable(),
  due: z.number().int().describe('What it found: periods to close and drafts to finalize.'),
  done: z.number().int().describe('How much of it is done with, also what has to wait or was parked.'),
  parked: z.number().int().describe('Subscriptions it parked: GET /v1/subscriptions?parked=true says why.'),
  invoices: z.number().int().describe('Invoices it finalized.'),
  totals: z.record(z.string(), z.string()).describe('What these ask for, by currency.'),
});
const BillingRunPage = pageOf(BillingRunResponse);

function toBillingRunResponse(run: BillingRunEntity): z.infer<typeof BillingRunResponse> {
  return {
    id: toPublicId('billingRun', run.id),
    trigger: run.trigger,
    status: run.finishedAt === null ? 'running' : 'finished',
    startedAt: run.startedAt.toISOString(),
    progressAt: run.progressAt.toISOString(),
    finishedAt: run.finishedAt?.toISOString() ?? null,
    due: run.due,
    done: run.done,
    parked: run.parked,
    invoices: run.invoices,
    totals: Object.fromEntries(
      Object.entries(run.totals).map(([currency, total]) => [
        currency,
        new Decimal(total).toFixed(minorUnitDecimals(currency)),
      ]),
    ),
  };
}

@ApiTags('billing runs')
@Controller('v1/billing-runs')
export class BillingRunsController {
  constructor(@Inject(BillingRunsService) private readonly runs: BillingRunsService) {}

  @Post()
  @HttpCode(202)
  @Requires('manage')
  @ApiOperation({
    summary: 'Close and finalize now what is due',
    description:
      'It begins within a moment; ask for the run to see how far it is. Safe to repeat: while one that was asked for has not ended, it is answered again.',
  })
  @ApiResponse({ status: 202, standardSchema: BillingRunResponse })
  async ask(@Asker() tenant: Tenant): Promise<z.infer<typeof BillingRunResponse>> {
    return toBillingRunResponse(await this.runs.ask(tenant));
  }

  @Get()
  @Requires('read')
  @ApiOperation({ summary: 'Billing runs that found something to do, newest first' })
  @ApiResponse({ status: 200, standardSchema: BillingRunPage })
  async list(
    @Asker() tenant: Tenant,
    @Query({ schema: PageQuery }) query: PageQuery,
  ): Promise<Page<z.infer<typeof BillingRunResponse>>> {
    const before = decodeCursor(query.cursor, [UUID_TEXT]);
    const found = await this.runs.list(tenant, before?.[0] ?? null, query.limit + 1);
    return toPage(found, query.limit, ({ id }) => [id], toBillingRunResponse);
  }

  @Get(':run')
  @Requires('read')
  @ApiOperation({ summary: 'A billing run: how far it is, and what it did' })
  @ApiResponse({ status: 200, standardSchema: BillingRunResponse })
  async find(@Asker() tenant: Tenant, @Param('run') run: string): Promise<z.infer<typeof BillingRunResponse>> {
    return toBillingRunResponse(await this.runs.find(tenant, run));
  }
}
