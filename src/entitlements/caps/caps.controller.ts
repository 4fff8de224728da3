import { Body, Controller, Get, HttpCode, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../../access';
import { decodeCursor, type Page, PageQuery, pageOf, reference, toPage, UUID_TEXT } from '../../platform/http';
import {
  CapChangeRequest,
  CapRequest,
  CapResponse,
  FullCapResponse,
  RaiseRequest,
  toCapResponse,
  toFullCapResponse,
} from './cap.schema';
import { CapsService } from './caps.service';

const ListCapsQuery = PageQuery.extend({
  customer: reference().optional().describe('Only caps that this customer is under: his own, and those for everyone.'),
  archived: z.enum(['true', 'false']).default('false').describe('`true` lists those that are archived instead.'),
});

@ApiTags('caps')
@Controller('v1/caps')
export class CapsController {
  constructor(@Inject(CapsService) private readonly caps: CapsService) {}

  @Post()
  @Requires('manage')
  @ApiOperation({
    summary: 'Make a cap',
    description:
      'Limits what work may cost, be charged, use or do. It counts what its running period has had already, and answers when that ' +
      'is done. Repeating the same content answers the stored cap.',
  })
  @ApiResponse({ status: 201, standardSchema: CapResponse })
  async createCap(
    @Asker() tenant: Tenant,
    @Body({ schema: CapRequest }) request: CapRequest,
  ): Promise<z.infer<typeof CapResponse>> {
    return toCapResponse(await this.caps.create(tenant, request));
  }

  @Get()
  @Requires('read')
  @ApiOperation({ summary: 'List caps' })
  @ApiResponse({ status: 200, standardSchema: pageOf(CapResponse) })
  async listCaps(
    @Asker() tenant: Tenant,
    @Query({ schema: ListCapsQuery }) query: z.output<typeof ListCapsQuery>,
  ): Promise<Page<z.infer<typeof CapResponse>>> {
    const after = decodeCursor(query.cursor, [UUID_TEXT])?.[0] ?? null;
    const { customer = null, archived, limit } = query;
    const shown = await this.caps.list(tenant, { customer, archived: archived === 'true', after, limit: limit + 1 });
    return toPage(shown, limit, ({ stored }) => [stored.id], toCapResponse);
  }

  @Get(':cap')
  @Requires('read')
  @ApiOperation({ summary: 'One cap, by key or id', description: 'With the counters of its running periods.' })
  @ApiResponse({ status: 200, standardSchema: FullCapResponse })
  async findCap(@Asker() tenant: Tenant, @Param('cap') cap: string): Promise<z.infer<typeof FullCapResponse>> {
    return toFullCapResponse(await this.caps.find(tenant, cap));
  }

  @Patch(':cap')
  @Requires('manage')
  @ApiOperation({
    summary: 'Change a cap',
    description:
      'What it measures, its scope and its period stay as they are. A limit below what is used and held already is taken: nothing ' +
      'more passes, and `overBy` says by how much. A higher limit lets sessions go on that the cap paused. Safe to repeat.',
  })
  @ApiResponse({ status: 200, standardSchema: CapResponse })
  async changeCap(
    @Asker() tenant: Tenant,
    @Param('cap') cap: string,
    @Body({ schema: CapChangeRequest }) request: CapChangeRequest,
  ): Promise<z.infer<typeof CapResponse>> {
    return toCapResponse(await this.caps.change(tenant, cap, request));
  }

  @Post(':cap/raise')
  @HttpCode(200)
  @Requires('manage')
  @ApiOperation({
    summary: 'Raise a cap for a while',
    description:
      'Gives `limit`, or how much more with `by`, until an instant; who agreed and why is kept. Sessions that the cap paused go on. ' +
      'Of several raises the highest counts.',
  })
  @ApiResponse({ status: 200, standardSchema: CapResponse })
  async raiseCap(
    @Asker() tenant: Tenant,
    @Param('cap') cap: string,
    @Body({ schema: RaiseRequest }) request: RaiseRequest,
  ): Promise<z.infer<typeof CapResponse>> {
    return toCapResponse(await this.caps.raise(tenant, cap, request));
  }

  @Post(':cap/archive')
  @HttpCode(200)
  @Requires('manage')
  @ApiOperation({
    summary: 'Archive a cap',
    description: 'It refuses and counts nothing from now on. Sessions that it paused go on. Safe to repeat.',
  })
  @ApiResponse({ status: 200, standardSchema: CapResponse })
  async archiveCap(@Asker() tenant: Tenant, @Param('cap') cap: string): Promise<z.infer<typeof CapResponse>> {
    return toCapResponse(await this.caps.archive(tenant, cap));
  }
}
