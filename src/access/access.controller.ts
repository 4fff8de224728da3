import { Body, Controller, Delete, Get, Headers, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { decimalText, NotFoundError, toPublicId } from '../kernel';
import { type Settings, SETTINGS } from '../platform/config';
import { Database } from '../platform/database';
import {
  decodeCursor,
  type Page,
  PageQuery,
  pageOf,
  Public,
  ShownOnce,
  text,
  toPage,
  UUID_TEXT,
} from '../platform/http';
import { Asker, Requires } from './access.guard';
import { ApiKeysService } from './api-keys.service';
import { SCOPES, type Tenant } from './domain';
import { refuseAllButOperator } from './operator';
import { BillingDetailsResponse, toBillingDetailsResponse } from './billing-details.schema';
import { BillingDetailsService } from './billing-details.service';
import { OrganisationsService } from './organisations.service';
import type { ApiKeyEntity } from './persistence/api-key.entity';
import { OrganisationEntity } from './persistence/organisation.entity';

const CreateApiKeyRequest = z.strictObject({
  name: text(200).describe('What the key is for, for people.'),
  scopes: z
    .array(z.enum(SCOPES))
    .min(1)
    .describe(
      '`ingest` sends events, `read` reads, `manage` changes catalog, customers and keys, and corrects events; `backfill` lets `ingest` send events of long ago.',
    ),
});

const ApiKeyResponse = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.enum(SCOPES)),
  hint: z.string().describe('The first and last letters of the key, to recognise it.'),
  createdAt: z.string(),
  revokedAt: z.string().nullable(),
});

const NewApiKeyResponse = ApiKeyResponse.extend({ key: z.string().describe('The secret. It is shown this once.') });

const CreateOrganisationRequest = z.strictObject({ name: text(200).describe('Name of the company, for people.') });
const OrganisationResponse = z.object({
  id: z.string(),
  name: z.string(),
  currency: z.string(),
  marginFloorPercent: z
    .string()
    .nullable()
    .describe(
      'Plans that would earn less than this share of their revenue are published for a reason only; null: no floor.',
    ),
  billing: BillingDetailsResponse.nullable().describe(
    'How the organisation stands on its invoices; null: by its name alone.',
  ),
  createdAt: z.string(),
});
const NewOrganisationResponse = z.object({ id: z.string(), name: z.string(), apiKey: z.string() });

function toResponse(apiKey: ApiKeyEntity): z.infer<typeof ApiKeyResponse> {
  return {
    id: toPublicId('apiKey', apiKey.id),
    name: apiKey.name,
    scopes: apiKey.scopes,
    hint: apiKey.hint,
    createdAt: apiKey.createdAt.toISOString(),
    revokedAt: apiKey.revokedAt?.toISOString() ?? null,
  };
}

@ApiTags('access')
@Controller('v1')
export class AccessController {
  constructor(
    @Inject(ApiKeysService) private readonly apiKeys: ApiKeysService,
    @Inject(OrganisationsService) private readonly organisations: OrganisationsService,
    @Inject(BillingDetailsService) private readonly billing: BillingDetailsService,
    @Inject(Database) private readonly database: Database,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  @Post('api-keys')
  @Requires('manage')
  @ShownOnce()
  @ApiOperation({
    summary: 'Make an API key',
    description:
      'The secret is in this answer only; we keep its hash. So a repeat with the same Idempotency-Key makes no second key, but is refused.',
  })
  @ApiResponse({ status: 201, standardSchema: NewApiKeyResponse })
  async createKey(
    @Asker() tenant: Tenant,
    @Body({ schema: CreateApiKeyRequest }) request: z.infer<typeof CreateApiKeyRequest>,
  ): Promise<z.infer<typeof NewApiKeyResponse>> {
    const { apiKey, secret } = await this.apiKeys.create(tenant, request.name, request.scopes);
    return { ...toResponse(apiKey), key: secret };
  }

  @Get('api-keys')
  @Requires('manage')
  @ApiOperation({ summary: 'List API keys', description: 'Revoked ones too. Never the secrets.' })
  @ApiResponse({ status: 200, standardSchema: pageOf(ApiKeyResponse) })
  async listKeys(
    @Asker() tenant: Tenant,
    @Query({ schema: PageQuery }) query: PageQuery,
  ): Promise<Page<z.infer<typeof ApiKeyResponse>>> {
    const after = decodeCursor(query.cursor, [UUID_TEXT]);
    const rows = await this.apiKeys.list(tenant, after?.[0] ?? null, query.limit + 1);
    return toPage(rows, query.limit, (row) => [row.id], toResponse);
  }

  @Delete('api-keys/:id')
  @HttpCode(204)
  @Requires('manage')
  @ApiOperation({
    summary: 'Revoke an API key',
    description: 'It stops working at once, in other processes within five seconds. Safe to repeat.',
  })
  async revokeKey(@Asker() tenant: Tenant, @Param('id') id: string): Promise<void> {
    await this.apiKeys.revoke(tenant, id);
  }

  @Get('organisation')
  @Requires('read')
  @ApiOperation({ summary: 'The organisation this key belongs to' })
  @ApiResponse({ status: 200, standardSchema: OrganisationResponse })
  async organisation(@Asker() tenant: Tenant): Promise<z.infer<typeof OrganisationResponse>> {
    const found = await this.database.tenant(tenant.organisationId, (db) =>
      db.findOneBy(OrganisationEntity, { id: tenant.organisationId }),
    );
    if (found === null) throw new NotFoundError('organisation', tenant.organisationId);
    return {
      id: toPublicId('organisation', found.id),
      name: found.name,
      currency: found.currency,
      marginFloorPercent: found.marginFloorPercent === null ? null : decimalText(found.marginFloorPercent),
      billing: toBillingDetailsResponse((await this.billing.history(tenant)).at(-1) ?? null),
      createdAt: found.createdAt.toISOString(),
    };
  }

  @Post('organisations')
  @Public()
  @ApiBearerAuth('operator')
  @ApiOperation({
    summary: 'Make an organisation',
    description: 'For the operator of this installation, with the key in WEIR_OPERATOR_KEY. A repeat makes another.',
  })
  @ApiResponse({ status: 201, standardSchema: NewOrganisationResponse })
  async createOrganisation(
    @Headers('authorization') authorization: string | undefined,
    @Body({ schema: CreateOrganisationRequest }) request: z.infer<typeof CreateOrganisationRequest>,
  ): Promise<z.infer<typeof NewOrganisationResponse>> {
    refuseAllButOperator(this.settings, authorization, 'make organisations');
    const made = await this.organisations.create(request.name);
    return { ...made, id: toPublicId('organisation', made.id) };
  }
}
