import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../access';
import { CustomersService } from '../customers';
import { Clock, decimalText, formatMicros, InvalidRequestError } from '../kernel';
import { instant } from '../platform/http';
import type { NodeKind, WorkCost, WorkNode } from './domain';
import { WorkTreesService } from './work-trees.service';

const TreeQuery = z.object({
  from: instant().optional().describe('Only events from this instant on. Without it: 30 days before `to`.'),
  to: instant().optional().describe('Only events before this instant. Without it: now.'),
});

const Cost = z.object({
  cost: z.string().describe('Decimal, in the organisation’s currency.'),
  events: z.number().int(),
  pendingCostEvents: z.number().int().describe('Events whose cost is not known yet. They are in `cost` with nothing.'),
});
const Node = z.object({ kind: z.enum(['session', 'task']), name: z.string() });

const TreeResponse = z.object({
  customer: z.string().describe('The customer’s key.'),
  from: z.string(),
  to: z.string(),
  nodes: z.array(
    Node.extend({
      parent: Node.nullable().describe('The node above; null for the root.'),
      depth: z.number().int(),
      own: Cost.describe('Of the node’s own events.'),
      rolledUp: Cost.describe('Of them and of everything below.'),
      retries: Cost.describe('The part of `own` that was done again after a failure (`step` is `retry`).'),
      selfCorrections: Cost.describe('The part of `own` that mended an own result (`step` is `self_correction`).'),
      firstAt: z.string().nullable(),
      lastAt: z.string().nullable(),
      cycle: z.boolean().describe('Its events named it as its own ancestor; it hangs under the root instead.'),
    }),
  ),
});

const THIRTY_DAYS_MS = 30 * 86_400_000;

@ApiTags('costs')
@Controller('v1/customers/:customer')
export class WorkTreesController {
  constructor(
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(WorkTreesService) private readonly trees: WorkTreesService,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  @Get('sessions/:session/costs')
  @Requires('read')
  @ApiOperation({
    summary: 'What a session cost, task by task',
    description:
      'The session first, then what is below it: each node before its children, siblings by their first event.',
  })
  @ApiResponse({ status: 200, standardSchema: TreeResponse })
  session(
    @Asker() tenant: Tenant,
    @Param('customer') reference: string,
    @Param('session') name: string,
    @Query({ schema: TreeQuery }) query: z.output<typeof TreeQuery>,
  ): Promise<z.infer<typeof TreeResponse>> {
    return this.treeOf(tenant, reference, 'session', name, query);
  }

  @Get('tasks/:task/costs')
  @Requires('read')
  @ApiOperation({ summary: 'What a task cost, with the tasks below it' })
  @ApiResponse({ status: 200, standardSchema: TreeResponse })
  task(
    @Asker() tenant: Tenant,
    @Param('customer') reference: string,
    @Param('task') name: string,
    @Query({ schema: TreeQuery }) query: z.output<typeof TreeQuery>,
  ): Promise<z.infer<typeof TreeResponse>> {
    return this.treeOf(tenant, reference, 'task', name, query);
  }

  private async treeOf(
    tenant: Tenant,
    reference: string,
    kind: NodeKind,
    name: string,
    query: z.output<typeof TreeQuery>,
  ): Promise<z.infer<typeof TreeResponse>> {
    const customer = await this.customers.find(tenant, reference);
    const end = query.to ?? this.clock.now();
    const start = query.from ?? new Date(end.getTime() - THIRTY_DAYS_MS);
    if (start.getTime() >= end.getTime()) {
      const detail = 'must be before the end of the period';
      throw new InvalidRequestError('invalid_period', `from: ${detail}`, [{ field: 'from', detail }]);
    }
    const nodes = await this.trees.treeOf(tenant, customer, { kind, name }, { start, end });
    return {
      customer: customer.key,
      from: start.toISOString(),
      to: end.toISOString(),
      nodes: nodes.map(toResponse),
    };
  }
}

function toResponse(node: WorkNode): z.infer<typeof TreeResponse>['nodes'][number] {
  return {
    kind: node.kind,
    name: node.name,
    parent: node.parent,
    depth: node.depth,
    own: costOf(node.own),
    rolledUp: costOf(node.rolledUp),
    retries: costOf(node.retries),
    selfCorrections: costOf(node.selfCorrections),
    firstAt: node.firstAt === null ? null : formatMicros(node.firstAt),
    lastAt: node.lastAt === null ? null : formatMicros(node.lastAt),
    cycle: node.cycle,
  };
}

function costOf({ cost, events, pendingEvents }: WorkCost): z.infer<typeof Cost> {
  return { cost: decimalText(cost), events, pendingCostEvents: pendingEvents };
}
