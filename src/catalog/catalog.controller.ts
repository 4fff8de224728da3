import { Body, Controller, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Asker, Requires, type Tenant } from '../access';
import { decimalText, toPublicId } from '../kernel';
import {
  currency,
  decimalString,
  decodeCursor,
  key,
  type Page,
  PageQuery,
  pageOf,
  reference,
  text,
  toPage,
  UUID_TEXT,
} from '../platform/http';
import { ChargeSchema, toStoredCharge } from './charge-storage';
import { AGGREGATIONS, FILTER_OPERATORS, TIME_UNITS } from './domain';
import { MetersService } from './meters.service';
import type { MeterEntity } from './persistence/meter.entity';
import { type NewPlan, PlansService, type StoredPlan } from './plans.service';

const scalar = z.union([
  z
    .string()
    .max(500)
    .refine((value) => value.isWellFormed() && !value.includes('\0'), 'must not contain NUL or broken Unicode'),
  z.number(),
  z.boolean(),
]);

const FilterSchema = z.strictObject({
  field: z
    .string()
    .max(900)
    .describe(
      '`data.<name>` (deeper with dots), `usage.<name>`, or source, session, task, agent, feature, department, user, parent, step, provider, model.',
    ),
  operator: z
    .enum(FILTER_OPERATORS)
    .describe('less_than, at_most, greater_than and at_least compare numbers; the others compare text.'),
  value: z
    .union([scalar, z.array(scalar).max(200)])
    .optional()
    .describe('A list for in and not_in, nothing for exists and not_exists.'),
});

const CreateMeterRequest = z.strictObject({
  key: key().describe('Your own id for the meter.'),
  name: text(200).describe('For people.'),
  eventType: text(200).describe('Only events of this type count.'),
  aggregation: z
    .enum(AGGREGATIONS)
    .describe(
      '`count` counts events. The others fold a field of them: `sum` and `average`, `min` and `max`, the `latest`, how many `unique` ones, ' +
        'and `time_weighted`: each value times how long it held.',
    ),
  value: z
    .string()
    .max(900)
    .optional()
    .describe('The field that is folded, such as data.output_tokens or usage.input_tokens. None for a count.'),
  timeUnit: z
    .enum(TIME_UNITS)
    .optional()
    .describe('For `time_weighted` only: in GB-hours, `hour`. A day has 24 hours.'),
  filters: z.array(FilterSchema).max(20).default([]).describe('All of them must hold for an event to count.'),
  groupBy: z
    .array(z.string().max(900))
    .max(5)
    .default([])
    .describe('Usage is also kept apart by the values of these fields.'),
});

const MeterResponse = z.object({
  id: z.string(),
  key: z.string(),
  name: z.string(),
  eventType: z.string(),
  aggregation: z.enum(AGGREGATIONS),
  value: z.string().nullable(),
  timeUnit: z.enum(TIME_UNITS).nullable(),
  filters: z.array(FilterSchema),
  groupBy: z.array(z.string()),
  createdAt: z.string(),
});

const CreatePlanRequest = z.strictObject({
  key: key().describe('Your own id for the plan; the same key with other content is its next version.'),
  name: text(200).describe('For people.'),
  currency: currency().describe('Currency of every price of the plan.'),
  interval: z.literal('month').describe('How long a billing period is.'),
  prices: z
    .array(
      z.strictObject({
        key: key().describe('Your own id for the price within the plan.'),
        name: text(200).describe('What the customer reads on the invoice line.'),
        meter: reference()
          .optional()
          .describe('The meter whose usage is charged, by key or id. None for a flat amount.'),
        allowance: decimalString({ min: '0' }).optional().describe('Units of each period that cost nothing.'),
        charge: ChargeSchema,
      }),
    )
    .min(1)
    .max(100),
});

const StoredChargeSchema = z.discriminatedUnion('model', [
  z.object({ model: z.literal('flat'), amount: z.string() }),
  z.object({ model: z.literal('unit'), unitPrice: z.string() }),
  z.object({
    model: z.literal('graduated'),
    tiers: z.array(z.object({ upTo: z.string().nullable(), unitPrice: z.string(), flatFee: z.string().optional() })),
  }),
  z.object({ model: z.literal('consumption_margin'), markupPercent: z.string() }),
]);

const PlanResponse = z.object({
  id: z.string(),
  key: z.string(),
  version: z.number().int(),
  status: z.literal('published'),
  name: z.string(),
  currency: z.string(),
  interval: z.literal('month'),
  prices: z.array(
    z.object({
      id: z.string(),
      key: z.string(),
      name: z.string(),
      meter: z.string().nullable().describe('Id of the meter.'),
      allowance: z.string().nullable(),
      charge: StoredChargeSchema,
    }),
  ),
  createdAt: z.string(),
});

function toMeterResponse(meter: MeterEntity): z.infer<typeof MeterResponse> {
  return {
    id: toPublicId('meter', meter.id),
    key: meter.key,
    name: meter.name,
    eventType: meter.eventType,
    aggregation: meter.aggregation,
    value: meter.valueField,
    timeUnit: meter.timeUnit,
    filters: meter.filters as z.infer<typeof FilterSchema>[],
    groupBy: meter.groupBy,
    createdAt: meter.createdAt.toISOString(),
  };
}

function toPlanResponse(plan: StoredPlan): z.infer<typeof PlanResponse> {
  return {
    id: toPublicId('plan', plan.id),
    key: plan.key,
    version: plan.version,
    status: 'published',
    name: plan.name,
    currency: plan.currency,
    interval: plan.interval,
    prices: plan.prices.map((price) => ({
      id: toPublicId('price', price.id),
      key: price.key,
      name: price.name,
      meter: price.meterId === null ? null : toPublicId('meter', price.meterId),
      allowance: price.allowance === null ? null : decimalText(price.allowance),
      charge: toStoredCharge(price.charge),
    })),
    createdAt: plan.createdAt.toISOString(),
  };
}

@ApiTags('catalog')
@Controller('v1')
export class CatalogController {
  constructor(
    @Inject(MetersService) private readonly meters: MetersService,
    @Inject(PlansService) private readonly plans: PlansService,
  ) {}

  @Post('meters')
  @Requires('manage')
  @ApiOperation({
    summary: 'Make a meter',
    description:
      'Says which events count and how. Events accepted before count too. A meter never changes; repeating the same definition answers the stored one.',
  })
  @ApiResponse({ status: 201, standardSchema: MeterResponse })
  async createMeter(
    @Asker() tenant: Tenant,
    @Body({ schema: CreateMeterRequest }) request: z.infer<typeof CreateMeterRequest>,
  ): Promise<z.infer<typeof MeterResponse>> {
    const { value, timeUnit, ...rest } = request;
    const definition = { ...rest, valueField: value ?? null, timeUnit: timeUnit ?? null };
    return toMeterResponse(await this.meters.create(tenant, definition));
  }

  @Get('meters')
  @Requires('read')
  @ApiOperation({ summary: 'List meters' })
  @ApiResponse({ status: 200, standardSchema: pageOf(MeterResponse) })
  async listMeters(
    @Asker() tenant: Tenant,
    @Query({ schema: PageQuery }) query: PageQuery,
  ): Promise<Page<z.infer<typeof MeterResponse>>> {
    const after = decodeCursor(query.cursor, [UUID_TEXT]);
    const rows = await this.meters.list(tenant, after?.[0] ?? null, query.limit + 1);
    return toPage(rows, query.limit, (row) => [row.id], toMeterResponse);
  }

  @Get('meters/:meter')
  @Requires('read')
  @ApiOperation({ summary: 'One meter, by key or id' })
  @ApiResponse({ status: 200, standardSchema: MeterResponse })
  async findMeter(@Asker() tenant: Tenant, @Param('meter') meter: string): Promise<z.infer<typeof MeterResponse>> {
    return toMeterResponse(await this.meters.find(tenant, meter));
  }

  @Post('plans')
  @Requires('manage')
  @ApiOperation({
    summary: 'Publish a plan',
    description:
      'A published version never changes. The same key with other content publishes the next version; subscriptions keep theirs.',
  })
  @ApiResponse({ status: 201, standardSchema: PlanResponse })
  async publishPlan(
    @Asker() tenant: Tenant,
    @Body({ schema: CreatePlanRequest }) request: z.infer<typeof CreatePlanRequest>,
  ): Promise<z.infer<typeof PlanResponse>> {
    const wanted: NewPlan = {
      ...request,
      prices: request.prices.map((price) => ({
        ...price,
        meter: price.meter ?? null,
        allowance: price.allowance ?? null,
        charge: price.charge,
      })),
    };
    return toPlanResponse(await this.plans.publish(tenant, wanted));
  }

  @Get('plans')
  @Requires('read')
  @ApiOperation({ summary: 'List plans', description: 'All versions, oldest first.' })
  @ApiResponse({ status: 200, standardSchema: pageOf(PlanResponse) })
  async listPlans(
    @Asker() tenant: Tenant,
    @Query({ schema: PageQuery }) query: PageQuery,
  ): Promise<Page<z.infer<typeof PlanResponse>>> {
    const after = decodeCursor(query.cursor, [UUID_TEXT]);
    const rows = await this.plans.list(tenant, after?.[0] ?? null, query.limit + 1);
    return toPage(rows, query.limit, (row) => [row.id], toPlanResponse);
  }

  @Get('plans/:plan')
  @Requires('read')
  @ApiOperation({ summary: 'One plan', description: 'By key: the newest version. By id: that version.' })
  @ApiResponse({ status: 200, standardSchema: PlanResponse })
  async findPlan(@Asker() tenant: Tenant, @Param('plan') plan: string): Promise<z.infer<typeof PlanResponse>> {
    return toPlanResponse(await this.plans.find(tenant, plan));
  }
}
