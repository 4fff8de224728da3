import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { refuseAllButOperator } from '../access';
import { Clock, fromPublicId, NotFoundError, toPublicId } from '../kernel';
import { type Settings, SETTINGS } from '../platform/config';
import { decodeCursor, instant, type Page, PageQuery, pageOf, Public, toPage, UUID_TEXT } from '../platform/http';
import { CatalogueFile } from './catalogue/catalogue-file';
import { CatalogueRefreshService } from './catalogue-refresh.service';
import { PRICED_UNITS } from './domain';
import type { CatalogueRefresh } from './persistence/catalogue-refresh-store';

const ApplyRequest = z.strictObject({
  validFrom: z
    .union([instant(), z.literal('beginning')])
    .optional()
    .describe(
      'From when on the prices hold; now without it. `beginning` replaces the stored prices for all time: for prices that were wrong.',
    ),
  acceptSuspicious: z.boolean().optional().describe('You have looked at the suspicious prices, and they are right.'),
});

const Price = z.object({
  per: z.string(),
  amount: z.string(),
  tiers: z.array(z.object({ above: z.string(), amount: z.string() })).optional(),
});

const ChangeResponse = z.object({
  kind: z.enum(['added', 'removed', 'changed']).describe('Whether the model is new, gone, or priced otherwise.'),
  provider: z.string(),
  model: z.string(),
  unit: z.enum(PRICED_UNITS),
  from: z.string().nullable().describe('From when on, where that is later than the refresh.'),
  daily: z.string().nullable().describe('The part of each UTC day, such as 16:30:00-00:30:00; null for the whole day.'),
  old: Price.nullable(),
  new: Price.nullable(),
  factor: z.string().nullable().describe('New over old where it moved most; null where one is missing or nothing.'),
  suspicious: z.boolean().describe('More than ten times up or down, or between something and nothing.'),
});

const RefreshSummary = z.object({
  id: z.string(),
  source: z.enum(['file', 'release']),
  version: z.string(),
  comparedWith: z.string().describe('Version of the stored catalogue it was compared with.'),
  status: z.enum(['proposed', 'applied']),
  createdAt: z.string(),
  appliedAt: z.string().nullable(),
  validFrom: z.string().nullable().describe('Once applied, from when on its prices hold; null from the beginning.'),
  added: z.number().int().describe('Models that are new.'),
  removed: z.number().int().describe('Models that are gone.'),
  changed: z.number().int().describe('Models that are priced otherwise.'),
  suspicious: z.number().int().describe('Prices that should be looked at.'),
});
const RefreshResponse = RefreshSummary.extend({ changes: z.array(ChangeResponse) });

function toSummary(refresh: CatalogueRefresh): z.infer<typeof RefreshSummary> {
  const models = (kind: string) =>
    new Set(
      refresh.changes.filter((change) => change.kind === kind).map(({ provider, model }) => `${provider}/${model}`),
    ).size;
  return {
    id: toPublicId('catalogueRefresh', refresh.id),
    source: refresh.source as 'file' | 'release',
    version: refresh.version,
    comparedWith: refresh.comparedWith,
    status: refresh.status,
    createdAt: refresh.createdAt.toISOString(),
    appliedAt: refresh.appliedAt?.toISOString() ?? null,
    validFrom: refresh.validFrom?.toISOString() ?? null,
    added: models('added'),
    removed: models('removed'),
    changed: models('changed'),
    suspicious: refresh.changes.filter((change) => change.suspicious).length,
  };
}

function toResponse(refresh: CatalogueRefresh): z.infer<typeof RefreshResponse> {
  // The suspicious ones first: they are why someone looks.
  const changes = refresh.changes.toSorted((a, b) => Number(b.suspicious) - Number(a.suspicious));
  return { ...toSummary(refresh), changes: changes as z.infer<typeof ChangeResponse>[] };
}

function refreshId(shown: string): string {
  const id = fromPublicId('catalogueRefresh', shown);
  if (id === null) throw new NotFoundError('catalogue refresh', shown);
  return id;
}

const DEED = 'refresh the price catalogue';

@ApiTags('price book')
@ApiBearerAuth('operator')
@Controller('v1/catalogue/refreshes')
export class CatalogueRefreshController {
  constructor(
    @Inject(CatalogueRefreshService) private readonly refreshes: CatalogueRefreshService,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  @Post()
  @Public()
  @ApiOperation({
    summary: 'Compare a catalogue file with the stored catalogue',
    description:
      'For the operator. The body is a genai-prices file (v2) as it is. Answers every price that would change; changes none until it is applied.',
  })
  @ApiResponse({ status: 201, standardSchema: RefreshResponse })
  async proposeFile(
    @Headers('authorization') authorization: string | undefined,
    @Body({ schema: CatalogueFile }) file: CatalogueFile,
  ): Promise<z.infer<typeof RefreshResponse>> {
    refuseAllButOperator(this.settings, authorization, DEED);
    return toResponse(await this.refreshes.proposeFile(file));
  }

  @Post('release')
  @Public()
  @ApiOperation({
    summary: 'Compare the catalogue of this release with the stored catalogue',
    description: 'For the operator. As with a file, from the npm package that is installed with Weir.',
  })
  @ApiResponse({ status: 201, standardSchema: RefreshResponse })
  async proposeRelease(
    @Headers('authorization') authorization: string | undefined,
  ): Promise<z.infer<typeof RefreshResponse>> {
    refuseAllButOperator(this.settings, authorization, DEED);
    return toResponse(await this.refreshes.proposeRelease());
  }

  @Get()
  @Public()
  @ApiOperation({ summary: 'List refreshes of the catalogue', description: 'For the operator. Newest first.' })
  @ApiResponse({ status: 200, standardSchema: pageOf(RefreshSummary) })
  async list(
    @Headers('authorization') authorization: string | undefined,
    @Query({ schema: PageQuery }) query: PageQuery,
  ): Promise<Page<z.infer<typeof RefreshSummary>>> {
    refuseAllButOperator(this.settings, authorization, DEED);
    const before = decodeCursor(query.cursor, [UUID_TEXT]);
    const rows = await this.refreshes.list(before?.[0] ?? null, query.limit + 1);
    return toPage(rows, query.limit, (row) => [row.id], toSummary);
  }

  @Get(':refresh')
  @Public()
  @ApiOperation({ summary: 'A refresh, price by price', description: 'For the operator. Suspicious prices first.' })
  @ApiResponse({ status: 200, standardSchema: RefreshResponse })
  async find(
    @Headers('authorization') authorization: string | undefined,
    @Param('refresh') refresh: string,
  ): Promise<z.infer<typeof RefreshResponse>> {
    refuseAllButOperator(this.settings, authorization, DEED);
    return toResponse(await this.refreshes.find(refreshId(refresh), refresh));
  }

  @Post(':refresh/apply')
  @HttpCode(200)
  @Public()
  @ApiOperation({
    summary: 'Put the prices of a refresh in force',
    description:
      'For the operator. A changed price ends where the new one begins, so earlier events keep their price; costs that are stored stay. Repeating it changes nothing.',
  })
  @ApiResponse({ status: 200, standardSchema: RefreshResponse })
  async apply(
    @Headers('authorization') authorization: string | undefined,
    @Param('refresh') refresh: string,
    @Body({ schema: ApplyRequest }) request: z.output<typeof ApplyRequest>,
  ): Promise<z.infer<typeof RefreshResponse>> {
    refuseAllButOperator(this.settings, authorization, DEED);
    const validFrom = request.validFrom === 'beginning' ? null : (request.validFrom ?? this.clock.now());
    const order = { validFrom, acceptSuspicious: request.acceptSuspicious === true };
    return toResponse(await this.refreshes.apply(refreshId(refresh), refresh, order));
  }
}
