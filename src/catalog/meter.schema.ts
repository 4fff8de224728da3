import { z } from 'zod';
import { toPublicId } from '../kernel';
import { key, text } from '../platform/http';
import { AGGREGATIONS, type MeterDefinition, TIME_UNITS } from './domain';
import { FilterSchema } from './filter.schema';
import type { MeterWithRevisions } from './meters.service';
import type { MeterRevisionEntity } from './persistence/meter-revision.entity';

/** A meter as it is asked for, alone or in a file of plans. */
export const MeterRequestSchema = z.strictObject({
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

export const MeterChangeSchema = MeterRequestSchema.omit({ key: true });

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

export const MeterResponse = DefinitionResponse.extend({
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

export const MeterWithRevisionsResponse = MeterResponse.extend({
  revisions: z.array(RevisionResponse).describe('Everything it says or said, oldest first.'),
});

export function toDefinition({
  value,
  timeUnit,
  ...rest
}: z.infer<typeof MeterChangeSchema>): MeterDefinition & { name: string } {
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

export function toMeterResponse({ meter, revisions }: MeterWithRevisions): z.infer<typeof MeterResponse> {
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

export function toMeterWithRevisions(found: MeterWithRevisions): z.infer<typeof MeterWithRevisionsResponse> {
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
