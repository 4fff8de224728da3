import { Body, Controller, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../access';
import { toPublicId } from '../kernel';
import { decodeCursor, type Page, PageQuery, pageOf, toPage, UUID_TEXT } from '../platform/http';
import { MOVE_MODES } from './domain';
import { PlanMoveRequest, toNewPlanMove } from './plan-move.schema';
import { PlanMovesService, type StoredPlanMove } from './plan-moves.service';

const PlanMoveResponse = z.object({
  id: z.string(),
  fromPlan: z.object({
    key: z.string(),
    version: z.number().int().nullable().describe('Null: any version but the one moved to.'),
    id: z.string().nullable(),
  }),
  toPlan: z.object({ id: z.string(), key: z.string(), version: z.number().int() }),
  mode: z.enum(MOVE_MODES),
  effectiveAt: z.string().nullable().describe('Null: when it was asked for, by each customer’s clock.'),
  customers: z.array(z.string()).optional().describe('The list, as it was asked for.'),
  rule: z.record(z.string(), z.string()).optional().describe('The rule, as it was asked for.'),
  reason: z.string(),
  moved: z.number().int().describe('Subscriptions it changed.'),
  unchanged: z.number().int().describe('Subscriptions it was about and left as they were: they were there already.'),
  madeBy: z.string(),
  createdAt: z.string(),
});

function toResponse({ move, fromPlan, toPlan }: StoredPlanMove): z.infer<typeof PlanMoveResponse> {
  return {
    id: toPublicId('planMove', move.id),
    fromPlan: {
      key: move.fromPlanKey,
      version: fromPlan?.version ?? null,
      id: fromPlan === null ? null : toPublicId('plan', fromPlan.id),
    },
    toPlan: { id: toPublicId('plan', toPlan.id), key: toPlan.key, version: toPlan.version },
    mode: move.mode,
    effectiveAt: move.effectiveAt?.toISOString() ?? null,
    ...(move.chosen as { customers?: string[]; rule?: Record<string, string> }),
    reason: move.reason,
    moved: move.moved,
    unchanged: move.unchanged,
    madeBy: move.madeBy,
    createdAt: move.createdAt.toISOString(),
  };
}

@ApiTags('customers')
@Controller('v1/plan-moves')
export class PlanMovesController {
  constructor(@Inject(PlanMovesService) private readonly moves: PlanMovesService) {}

  @Post()
  @Requires('manage')
  @ApiOperation({
    summary: 'Move subscriptions to another plan version',
    description:
      'By list, by rule, or everyone on the plan: all of them, or nobody when one can’t be moved. `now` splits the billing period at the instant, `renewal` waits for the next period, `stay` takes planned moves back. Ask /v1/plan-moves/preview first what everyone would pay.',
  })
  @ApiResponse({ status: 201, standardSchema: PlanMoveResponse })
  async move(
    @Asker() tenant: Tenant,
    @Body({ schema: PlanMoveRequest }) request: z.infer<typeof PlanMoveRequest>,
  ): Promise<z.infer<typeof PlanMoveResponse>> {
    return toResponse(await this.moves.move(tenant, toNewPlanMove(request)));
  }

  @Get()
  @Requires('read')
  @ApiOperation({ summary: 'List moves', description: 'Newest first.' })
  @ApiResponse({ status: 200, standardSchema: pageOf(PlanMoveResponse) })
  async list(
    @Asker() tenant: Tenant,
    @Query({ schema: PageQuery }) query: PageQuery,
  ): Promise<Page<z.infer<typeof PlanMoveResponse>>> {
    const before = decodeCursor(query.cursor, [UUID_TEXT]);
    const rows = await this.moves.list(tenant, before?.[0] ?? null, query.limit + 1);
    return toPage(rows, query.limit, ({ move }) => [move.id], toResponse);
  }

  @Get(':move')
  @Requires('read')
  @ApiOperation({ summary: 'One move' })
  @ApiResponse({ status: 200, standardSchema: PlanMoveResponse })
  async find(@Asker() tenant: Tenant, @Param('move') move: string): Promise<z.infer<typeof PlanMoveResponse>> {
    return toResponse(await this.moves.find(tenant, move));
  }
}
