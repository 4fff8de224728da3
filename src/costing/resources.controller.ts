import { Body, Controller, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../access';
import { FilterSchema } from '../catalog';
import { decimalText, toPublicId } from '../kernel';
import {
  currency,
  decimalString,
  decodeCursor,
  instant,
  key,
  type Page,
  PageQuery,
  pageOf,
  text,
  toPage,
  UUID_TEXT,
} from '../platform/http';
import type { StoredResource } from './persistence/resource-store';
import { type NewResourcePrice, ResourcesService } from './resources.service';

const AddPriceRequest = z.strictObject({
  amount: decimalString({ min: '0' }).describe('Price of `per` units, such as "2.50".'),
  per: z
    .string()
    .regex(/^[1-9]\d{0,9}$/, 'must be a whole number such as "3600"')
    .default('1')
    .describe('How many units the amount is for: "3600" for an hourly price of seconds.'),
  currency: currency().default('USD').describe('Currency of the amount.'),
  validFrom: instant().optional().describe('The first instant it holds for; without it, all the past.'),
  validTo: instant().optional().describe('The first instant it no longer holds for; without it, open.'),
});

const CreateResourceRequest = z.strictObject({
  key: key().describe('Your own id for the resource.'),
  name: text(200).describe('For people.'),
  unit: text(50).describe('What one of it is, such as "GPU second", "GB", "GB-day", "call" or "minute".'),
  eventType: text(200).optional().describe('Only events of this type use it; without it, any.'),
  field: z
    .string()
    .max(900)
    .optional()
    .describe(
      'Where an event says how much it used, such as data.gpu_seconds. Without it each event that the filters fit used one.',
    ),
  filters: z.array(FilterSchema).max(20).default([]).describe('All of them must hold, as for a meter.'),
  prices: z
    .array(AddPriceRequest)
    .max(100)
    .default([])
    .describe('What it costs; without a price in force its events’ costs are pending.'),
});

const ResourceResponse = z.object({
  id: z.string(),
  key: z.string(),
  name: z.string(),
  unit: z.string(),
  eventType: z.string().nullable(),
  field: z.string().nullable(),
  filters: z.array(FilterSchema),
  prices: z
    .array(
      z.object({
        id: z.string(),
        amount: z.string(),
        per: z.string(),
        currency: z.string(),
        validFrom: z.string().nullable(),
        validTo: z.string().nullable(),
        createdAt: z.string(),
      }),
    )
    .describe('In the order in which they were added. Of several in force the one that began last counts.'),
  createdAt: z.string(),
});

function toResponse(resource: StoredResource): z.infer<typeof ResourceResponse> {
  const { name, unit, eventType, field, createdAt } = resource;
  return {
    id: toPublicId('resource', resource.id),
    key: resource.key,
    name,
    unit,
    eventType,
    field,
    filters: resource.filters as z.infer<typeof FilterSchema>[],
    prices: resource.prices.map((price) => ({ ...price, id: toPublicId('resourcePrice', price.id) })),
    createdAt,
  };
}

function toPrice(request: z.output<typeof AddPriceRequest>): NewResourcePrice {
  return {
    amount: decimalText(request.amount),
    per: request.per,
    currency: request.currency,
    validFrom: request.validFrom?.toISOString() ?? null,
    validTo: request.validTo?.toISOString() ?? null,
  };
}

@ApiTags('price book')
@Controller('v1/resources')
export class ResourcesController {
  constructor(@Inject(ResourcesService) private readonly resources: ResourcesService) {}

  @Post()
  @Requires('manage')
  @ApiOperation({
    summary: 'Make a resource of your own',
    description:
      'Something else than a model that events use and that costs you. Holds for events accepted from now on. Safe to repeat; prices that it does not have yet are added.',
  })
  @ApiResponse({ status: 201, standardSchema: ResourceResponse })
  async create(
    @Asker() tenant: Tenant,
    @Body({ schema: CreateResourceRequest }) request: z.output<typeof CreateResourceRequest>,
  ): Promise<z.infer<typeof ResourceResponse>> {
    const { prices, eventType = null, field = null, ...resource } = request;
    return toResponse(await this.resources.create(tenant, { ...resource, eventType, field }, prices.map(toPrice)));
  }

  @Get()
  @Requires('read')
  @ApiOperation({ summary: 'List resources', description: 'In the order in which they were made.' })
  @ApiResponse({ status: 200, standardSchema: pageOf(ResourceResponse) })
  async list(
    @Asker() tenant: Tenant,
    @Query({ schema: PageQuery }) query: PageQuery,
  ): Promise<Page<z.infer<typeof ResourceResponse>>> {
    const [after] = decodeCursor(query.cursor, [UUID_TEXT]) ?? [null];
    const found = await this.resources.list(tenant, after ?? null, query.limit + 1);
    return toPage(found, query.limit, (resource) => [resource.id], toResponse);
  }

  @Get(':resource')
  @Requires('read')
  @ApiOperation({ summary: 'A resource', description: 'By its id or your key, with all its prices.' })
  @ApiResponse({ status: 200, standardSchema: ResourceResponse })
  async find(@Asker() tenant: Tenant, @Param('resource') reference: string): Promise<z.infer<typeof ResourceResponse>> {
    return toResponse(await this.resources.find(tenant, reference));
  }

  @Post(':resource/prices')
  @Requires('manage')
  @ApiOperation({
    summary: 'Add a price to a resource',
    description:
      'Holds for events accepted from now on whose time it is valid for. Prices are added, never changed. Safe to repeat.',
  })
  @ApiResponse({ status: 201, standardSchema: ResourceResponse })
  async addPrice(
    @Asker() tenant: Tenant,
    @Param('resource') reference: string,
    @Body({ schema: AddPriceRequest }) request: z.output<typeof AddPriceRequest>,
  ): Promise<z.infer<typeof ResourceResponse>> {
    return toResponse(await this.resources.addPrice(tenant, reference, toPrice(request)));
  }
}
