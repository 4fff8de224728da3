import { z } from 'zod';
import { BILLING_INTERVALS } from '../kernel';
import { answeredDecimal, ChargeResponseSchema } from './charge-schema';
import { AGGREGATIONS, type MeterDefinition, TIME_UNITS } from './domain';
import { FeatureRequestSchema } from './feature.schema';
import { FilterSchema } from './filter.schema';
import { MeterRequestSchema } from './meter.schema';
import type { NewFeature } from './features.service';
import { PlanRequestSchema } from './plan.schema';
import type { NewPlan } from './plan-references';
import { toPlain } from './plain';
import { toStoredCurrencies } from './plan-storage';
import { currenciesSchema, planTermsShape, priceTermsShape } from './terms.schema';

/** A file of plans as it is asked for: everything by keys of the caller's own. */
export const PlanDocumentRequestSchema = z.strictObject({
  features: z.array(FeatureRequestSchema).max(1_000).default([]).describe('Made, or there already with the same text.'),
  meters: z
    .array(MeterRequestSchema)
    .max(500)
    .default([])
    .describe('Made, or there already with the same definition: a file never changes a meter.'),
  plans: z
    .array(PlanRequestSchema)
    .max(200)
    .default([])
    .describe('Published, where the newest version says otherwise.'),
});
export type PlanDocumentRequest = z.output<typeof PlanDocumentRequestSchema>;
/** The same as JSON, before it is read. */
export type PlanDocumentJson = z.input<typeof PlanDocumentRequestSchema>;

const PlanInDocument = z.object({
  key: z.string(),
  name: z.string(),
  currency: z.string(),
  interval: z.enum(BILLING_INTERVALS),
  intervalCount: z.number().int().optional().describe('Without it, 1.'),
  prices: z.array(
    z.object({
      key: z.string(),
      name: z.string(),
      meter: z.string().optional().describe('Key of the meter.'),
      allowance: z.string().optional(),
      charge: ChargeResponseSchema,
      ...priceTermsShape(answeredDecimal),
    }),
  ),
  ...planTermsShape(answeredDecimal),
  currencies: currenciesSchema(answeredDecimal, ChargeResponseSchema).optional(),
});
type PlanInDocument = z.infer<typeof PlanInDocument>;

const FeatureInDocument = z.object({ key: z.string(), name: z.string(), description: z.string().optional() });

const MeterInDocument = z.object({
  key: z.string(),
  name: z.string(),
  eventType: z.string(),
  aggregation: z.enum(AGGREGATIONS),
  value: z.string().optional(),
  timeUnit: z.enum(TIME_UNITS).optional(),
  filters: z.array(FilterSchema).optional(),
  groupBy: z.array(z.string()).optional(),
});

/** A file of plans as it is answered: what is not said is left out. */
export const PlanDocumentSchema = z.object({
  features: z.array(FeatureInDocument),
  meters: z.array(MeterInDocument),
  plans: z.array(PlanInDocument),
});
export type PlanDocument = z.infer<typeof PlanDocumentSchema>;

export function featureInDocument({ key, name, description }: NewFeature): PlanDocument['features'][number] {
  return { key, name, ...(description === null ? {} : { description }) };
}

export function meterInDocument(
  meter: MeterDefinition & { readonly key: string; readonly name: string },
): PlanDocument['meters'][number] {
  const { key, name, eventType, aggregation, valueField, timeUnit, filters, groupBy } = meter;
  return {
    key,
    name,
    eventType,
    aggregation,
    ...(valueField === null ? {} : { value: valueField }),
    ...(timeUnit === null ? {} : { timeUnit }),
    ...(filters.length === 0 ? {} : { filters: [...filters] as z.infer<typeof FilterSchema>[] }),
    ...(groupBy.length === 0 ? {} : { groupBy: [...groupBy] }),
  };
}

/** @param plan with its meters by key */
export function planInDocument(plan: NewPlan): PlanInDocument {
  const { key, name, currency, interval, intervalCount = 1, prices, terms } = plan;
  const currencies = toStoredCurrencies(plan.currencies);
  return {
    key,
    name,
    currency,
    interval,
    ...(intervalCount === 1 ? {} : { intervalCount }),
    prices: prices.map(({ meter, allowance, ...price }) => ({
      key: price.key,
      name: price.name,
      ...(meter === null ? {} : { meter }),
      ...(allowance === null ? {} : { allowance: toPlain(allowance) }),
      charge: toPlain(price.charge),
      ...toPlain(price.terms ?? {}),
    })),
    ...toPlain(terms ?? {}),
    ...(Object.keys(currencies).length === 0 ? {} : { currencies }),
  };
}
