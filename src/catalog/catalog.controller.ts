import { Body, Controller, Get, HttpCode, Inject, Param, Post, Put, Query } from '@nestjs/common';
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
import { ChargeResponseSchema, ChargeSchema } from './charge-schema';
import { toStoredCharge } from './charge-storage';
import { AGGREGATIONS, type MeterDefinition, TIME_UNITS } from './domain';
import { FilterSchema } from './filter.schema';
import { MetersService, type MeterWithRevisions } from './meters.service';
import type { MeterRevisionEntity } from './persistence/meter-revision.entity';
import { type NewPlan, PlansService, type StoredPlan } from './plans.service';

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

const ChangeMeterRequest = CreateMeterRequest.omit({ key: true });

const ListMetersQuery = PageQuery.extend({
  archived: z.enum(['true', 'false']).default('false').describe('`true` lists those that are archived instead.'),
});

const DefinitionResponse = z.object({
  eventType: z.string(),
  aggregation: z.enum(AGGREGATIONS),
  value: z.string().nullable(),
  timeUnit: z.enum(TIME_UNITS).nullable(),
  filters: z.array(FilterSchema),
  groupBy: z.array(z.string()),
});

const ProgressResponse = z.object({
  counted: z.number().int().describe('Stored events looked at so far, of any type.'),
  total: z.number().int().nullable().describe('About how many there are; null before it has begun.'),
  percent: z.number().describe('Of 100, to one decimal; 100 once all are counted.'),
});

const RevisionResponse = DefinitionResponse.extend({
  revision: z.number().int(),
  status: z
    .enum(['filling', 'ready', 'retired'])
    .describe('filling: counts new events already, and stored ones bit by bit. retired: counts no more.'),
  inForce: z.boolean().describe('Whether this is what the meter says.'),
  progress: ProgressResponse,
  createdAt: z.string(),
});

const MeterResponse = DefinitionResponse.extend({
  id: z.string(),
  key: z.string(),
  name: z.string(),
  status: z
    .enum(['filling', 'ready', 'archived'])
    .describe(
      'filling: stored events are still being counted, so its usage is less than it will be, and invoices with it wait.',
    ),
  revision: z.number().int().describe('Which of its definitions is in force; they count from 1.'),
  filling: ProgressResponse.extend({ revision: z.number().int() })
    .nullable()
    .describe('The revision that stored events are being counted for: this one, or the next; null when none is.'),
  createdAt: z.string(),
  archivedAt: z.string().nullable(),
});

const MeterWithRevisionsResponse = MeterResponse.extend({
  revisions: z.array(RevisionResponse).describe('Everything it says or said, oldest first.'),
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
      charge: ChargeResponseSchema,
    }),
  ),
  createdAt: z.string(),
});

function toDefinition({
  value,
  timeUnit,
  ...rest
}: z.infer<typeof ChangeMeterRequest>): MeterDefinition & { name: string } {
  return {
    name: rest.name,
    eventType: rest.eventType,
    aggregation: rest.aggregation,
    valueField: value ?? null,
    timeUnit: timeUnit ?? null,
    filters: rest.filters,
    groupBy: rest.groupBy,
  };
}

function toDefinitionResponse(definition: MeterDefinition): z.infer<typeof DefinitionResponse> {
  return {
    eventType: definition.eventType,
    aggregation: definition.aggregation,
    value: definition.valueField,
    timeUnit: definition.timeUnit,
    filters: [...definition.filters] as z.infer<typeof FilterSchema>[],
    groupBy: [...definition.groupBy],
  };
}

/** Events come and are voided meanwhile, so that the total is a guess: below 100 percent until it is certain. */
function toProgress({ filledAt, eventsFilled, eventsToFill }: MeterRevisionEntity): z.infer<typeof ProgressResponse> {
  const total = eventsToFill === null ? null : Math.max(Number(eventsToFill), eventsFilled);
  const share = total === null || total === 0 ? 0 : Math.floor((eventsFilled * 1_000) / total) / 10;
  return { counted: eventsFilled, total, percent: filledAt === null ? Math.min(share, 99.9) : 100 };
}

function toMeterResponse({ meter, revisions }: MeterWithRevisions): z.infer<typeof MeterResponse> {
  const filling = revisions.find(({ status }) => status === 'filling');
  return {
    id: toPublicId('meter', meter.id),
    key: meter.key,
    name: meter.name,
    ...toDefinitionResponse(meter),
    status: meter.archivedAt === null ? meter.status : 'archived',
    revision: meter.revision,
    filling: filling === undefined ? null : { revision: filling.revision, ...toProgress(filling) },
    createdAt: meter.createdAt.toISOString(),
    archivedAt: meter.archivedAt?.toISOString() ?? null,
  };
}

function toMeterWithRevisions(found: MeterWithRevisions): z.infer<typeof MeterWithRevisionsResponse> {
  return {
    ...toMeterResponse(found),
    revisions: found.revisions.map((revision) => ({
      revision: revision.revision,
      status: revision.status,
      inForce: revision.revision === found.meter.revision && found.meter.archivedAt === null,
      ...toDefinitionResponse(revision.definition),
      progress: toProgress(revision),
      createdAt: revision.createdAt.toISOString(),
    })),
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
      'Says which events count and how. Events accepted before count too; where there are many, they are counted after the answer, ' +
      'and `filling` says how far that is. Repeating the same definition answers the stored meter.',
  })
  @ApiResponse({ status: 201, standardSchema: MeterWithRevisionsResponse })
  async createMeter(
    @Asker() tenant: Tenant,
    @Body({ schema: CreateMeterRequest }) request: z.infer<typeof CreateMeterRequest>,
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
    @Body({ schema: ChangeMeterRequest }) request: z.infer<typeof ChangeMeterRequest>,
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
