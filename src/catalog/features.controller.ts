import { Body, Controller, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../access';
import { toPublicId } from '../kernel';
import { decodeCursor, type Page, PageQuery, pageOf, toPage, UUID_TEXT } from '../platform/http';
import { FeatureRequestSchema } from './feature.schema';
import { FeaturesService } from './features.service';
import type { FeatureEntity } from './persistence/feature.entity';

const FeatureResponse = z.object({
  id: z.string(),
  key: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  createdAt: z.string(),
});

function toFeatureResponse(feature: FeatureEntity): z.infer<typeof FeatureResponse> {
  const { id, key: own, name, description, createdAt } = feature;
  return { id: toPublicId('feature', id), key: own, name, description, createdAt: createdAt.toISOString() };
}

@ApiTags('catalog')
@Controller('v1')
export class FeaturesController {
  constructor(@Inject(FeaturesService) private readonly features: FeaturesService) {}

  @Post('features')
  @Requires('manage')
  @ApiOperation({
    summary: 'Make a feature',
    description: 'What plans offer and prices charge. Repeating the same answers the stored feature.',
  })
  @ApiResponse({ status: 201, standardSchema: FeatureResponse })
  async createFeature(
    @Asker() tenant: Tenant,
    @Body({ schema: FeatureRequestSchema }) request: z.output<typeof FeatureRequestSchema>,
  ): Promise<z.infer<typeof FeatureResponse>> {
    const { description = null, ...rest } = request;
    return toFeatureResponse(await this.features.create(tenant, { ...rest, description }));
  }

  @Get('features')
  @Requires('read')
  @ApiOperation({ summary: 'List features', description: 'In the order they were made.' })
  @ApiResponse({ status: 200, standardSchema: pageOf(FeatureResponse) })
  async listFeatures(
    @Asker() tenant: Tenant,
    @Query({ schema: PageQuery }) query: PageQuery,
  ): Promise<Page<z.infer<typeof FeatureResponse>>> {
    const after = decodeCursor(query.cursor, [UUID_TEXT]);
    const rows = await this.features.list(tenant, after?.[0] ?? null, query.limit + 1);
    return toPage(rows, query.limit, (row) => [row.id], toFeatureResponse);
  }

  @Get('features/:feature')
  @Requires('read')
  @ApiOperation({ summary: 'One feature, by key or id' })
  @ApiResponse({ status: 200, standardSchema: FeatureResponse })
  async findFeature(
    @Asker() tenant: Tenant,
    @Param('feature') feature: string,
  ): Promise<z.infer<typeof FeatureResponse>> {
    return toFeatureResponse(await this.features.find(tenant, feature));
  }
}
