import { Body, Controller, Get, HttpCode, Inject, Param, Post, Put, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../access';
import { decodeCursor, type Page, PageQuery, pageOf, toPage, UUID_TEXT } from '../platform/http';
import {
  MeterChangeSchema,
  MeterRequestSchema,
  MeterResponse,
  MeterWithRevisionsResponse,
  toDefinition,
  toMeterResponse,
  toMeterWithRevisions,
} from './meter.schema';
import { MetersService } from './meters.service';

const ListMetersQuery = PageQuery.extend({
  archived: z.enum(['true', 'false']).default('false').describe('`true` lists those that are archived instead.'),
});

@ApiTags('catalog')
@Controller('v1')
export class MetersController {
  constructor(@Inject(MetersService) private readonly meters: MetersService) {}

  @Post('meters')
  @Requires('manage')
  @ApiOperation({
    summary: 'Make a meter',
    description:
      'Says which events count and how. Events accepted before count too; where there are many, they are counted after the answer, ' +
      'and `filling` says how far that is. Repeating the same definition answers the stored meter.',
  })
  @ApiResponse({ status: 201, standardSchema: MeterWithRevisionsResponse })
  async createMeter(
    @Asker() tenant: Tenant,
    @Body({ schema: MeterRequestSchema }) request: z.infer<typeof MeterRequestSchema>,
  ): Promise<z.infer<typeof MeterWithRevisionsResponse>> {
    return toMeterWithRevisions(await this.meters.create(tenant, { key: request.key, ...toDefinition(request) }));
  }

  @Put('meters/:meter')
  @Requires('manage')
  @ApiOperation({
    summary: 'Change a meter',
    description:
      'Gives it another definition, as its next revision, and counts all events by it. Until that is done its usage is what the ' +
      'revision before says. The definition in force takes a change back that is still being counted.',
  })
  @ApiResponse({ status: 200, standardSchema: MeterWithRevisionsResponse })
  async changeMeter(
    @Asker() tenant: Tenant,
    @Param('meter') meter: string,
    @Body({ schema: MeterChangeSchema }) request: z.infer<typeof MeterChangeSchema>,
  ): Promise<z.infer<typeof MeterWithRevisionsResponse>> {
    return toMeterWithRevisions(await this.meters.change(tenant, meter, toDefinition(request)));
  }

  @Post('meters/:meter/archive')
  @HttpCode(200)
  @Requires('manage')
  @ApiOperation({
    summary: 'Archive a meter',
    description: 'It counts no more; what it has counted stays. Only a meter that no price charges. Safe to repeat.',
  })
  @ApiResponse({ status: 200, standardSchema: MeterWithRevisionsResponse })
  async archiveMeter(
    @Asker() tenant: Tenant,
    @Param('meter') meter: string,
  ): Promise<z.infer<typeof MeterWithRevisionsResponse>> {
    return toMeterWithRevisions(await this.meters.archive(tenant, meter));
  }

  @Get('meters')
  @Requires('read')
  @ApiOperation({ summary: 'List meters' })
  @ApiResponse({ status: 200, standardSchema: pageOf(MeterResponse) })
  async listMeters(
    @Asker() tenant: Tenant,
    @Query({ schema: ListMetersQuery }) query: z.output<typeof ListMetersQuery>,
  ): Promise<Page<z.infer<typeof MeterResponse>>> {
    const after = decodeCursor(query.cursor, [UUID_TEXT]);
    const rows = await this.meters.list(tenant, after?.[0] ?? null, query.limit + 1, query.archived === 'true');
    const found = await this.meters.withRevisions(
      tenant,
      rows.map(({ id }) => id),
    );
    return toPage(found, query.limit, ({ meter }) => [meter.id], toMeterResponse);
  }

  @Get('meters/:meter')
  @Requires('read')
  @ApiOperation({
    summary: 'One meter, by key or id',
    description: 'With all its revisions, and how far they are counted.',
  })
  @ApiResponse({ status: 200, standardSchema: MeterWithRevisionsResponse })
  async findMeter(
    @Asker() tenant: Tenant,
    @Param('meter') meter: string,
  ): Promise<z.infer<typeof MeterWithRevisionsResponse>> {
    const { id } = await this.meters.find(tenant, meter);
    return toMeterWithRevisions((await this.meters.withRevisions(tenant, [id]))[0]!);
  }
}
