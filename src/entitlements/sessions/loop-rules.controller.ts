import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Put } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../../access';
import { InvalidRequestError } from '../../kernel';
import { LoopRuleRequest, LoopRuleResponse, toLoopRuleResponse, toSaidRules } from '../../loops';
import { text } from '../../platform/http';
import { FOR_ALL, LoopRulesService, nameOf, type RulesInForce } from './loop-rules.service';

const LoopRulesList = z.object({ items: z.array(LoopRuleResponse) });

const TaskClass = text(255);

@ApiTags('loops')
@Controller('v1/loop-rules')
export class LoopRulesController {
  constructor(@Inject(LoopRulesService) private readonly rules: LoopRulesService) {}

  @Put(':taskClass')
  @HttpCode(200)
  @Requires('manage')
  @ApiOperation({
    summary: 'Say when an agent runs away',
    description:
      'For a task class, or as `default` for all that have no rules of their own. What isn’t named is taken from `default`, and where that says nothing, from ours. Until there are rules nothing is looked for. They hold for what is counted from now on. Safe to repeat.',
  })
  @ApiResponse({ status: 200, standardSchema: LoopRuleResponse })
  async put(
    @Asker() tenant: Tenant,
    @Param('taskClass') name: string,
    @Body({ schema: LoopRuleRequest }) request: z.output<typeof LoopRuleRequest>,
  ): Promise<z.infer<typeof LoopRuleResponse>> {
    return toResponse(await this.rules.put(tenant, readClass(name), toSaidRules(request)));
  }

  @Get()
  @Requires('read')
  @ApiOperation({ summary: 'The rules for agents that run away', description: 'Those for all first, then by class.' })
  @ApiResponse({ status: 200, standardSchema: LoopRulesList })
  async list(@Asker() tenant: Tenant): Promise<z.infer<typeof LoopRulesList>> {
    return { items: (await this.rules.list(tenant)).map(toResponse) };
  }

  @Get(':taskClass')
  @Requires('read')
  @ApiOperation({ summary: 'The rules of one task class, or `default`' })
  @ApiResponse({ status: 200, standardSchema: LoopRuleResponse })
  async find(@Asker() tenant: Tenant, @Param('taskClass') name: string): Promise<z.infer<typeof LoopRuleResponse>> {
    return toResponse(await this.rules.find(tenant, readClass(name)));
  }

  @Delete(':taskClass')
  @HttpCode(204)
  @Requires('manage')
  @ApiOperation({
    summary: 'Take rules back',
    description: 'What was found stays, and so does what was done to sessions.',
  })
  @ApiResponse({ status: 204 })
  async remove(@Asker() tenant: Tenant, @Param('taskClass') name: string): Promise<void> {
    await this.rules.remove(tenant, readClass(name));
  }
}

function readClass(name: string): string | null {
  if (name === FOR_ALL) return null;
  const read = TaskClass.safeParse(name);
  if (read.success) return read.data;
  const detail = 'must be 1 to 255 characters, none of them control characters';
  throw new InvalidRequestError('invalid_request', `taskClass: ${detail}`, [{ field: 'taskClass', detail }]);
}

function toResponse({ taskClass, rules, said, changedAt }: RulesInForce): z.infer<typeof LoopRuleResponse> {
  return toLoopRuleResponse(nameOf(taskClass), rules, said, changedAt);
}
