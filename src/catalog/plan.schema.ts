import { z } from 'zod';
import { BILLING_INTERVALS, decimalText, toPublicId } from '../kernel';
import { currency, decimalString, key, reference, text } from '../platform/http';
import { answeredDecimal, askedDecimal, ChargeResponseSchema, ChargeSchema } from './charge-schema';
import { toStoredCharge } from './charge-storage';
import { PLAN_STATUSES } from './domain';
import { toPlain } from './plain';
import type { NewPlan } from './plan-references';
import { toCurrencies, toStoredCurrencies, withoutEmpty } from './plan-storage';
import type { StoredPlan } from './stored-plan';
import { currenciesSchema, planTermsShape, priceTermsShape } from './terms.schema';

const PriceRequest = z.strictObject({
  key: key().describe('Your own id for the price within the plan.'),
  name: text(200).describe('What the customer reads on the invoice line.'),
  meter: reference().optional().describe('The meter whose usage is charged, by key or id. None for a flat amount.'),
  allowance: decimalString({ min: '0' }).optional().describe('Units of each period that cost nothing.'),
  charge: ChargeSchema,
  ...priceTermsShape(askedDecimal),
});

/** A plan as it is asked for: to publish, to save as a draft, to preview or to simulate. */
export const PlanRequestSchema = z.strictObject({
  key: key().describe('Your own id for the plan; the same key with other content is its next version.'),
  name: text(200).describe('For people.'),
  currency: currency().describe('Currency of every price of the plan.'),
  interval: z.enum(BILLING_INTERVALS).describe('How long a billing period is; times `intervalCount`.'),
  intervalCount: z
    .int()
    .min(1)
    .optional()
    .describe('Intervals to a billing period; 1 without it. A period is three years at the longest.'),
  prices: z.array(PriceRequest).min(1).max(100),
  ...planTermsShape(askedDecimal),
  currencies: currenciesSchema(askedDecimal, ChargeSchema).optional(),
});
export type PlanRequest = z.output<typeof PlanRequestSchema>;

const PriceResponse = z.object({
  id: z.string(),
  key: z.string(),
  name: z.string(),
  meter: z.string().nullable().describe('Id of the meter.'),
  allowance: z.string().nullable(),
  charge: ChargeResponseSchema,
  ...priceTermsShape(answeredDecimal),
});

export const PlanResponseSchema = z.object({
  id: z.string(),
  key: z.string(),
  version: z.number().int().describe('Counts from 1. A draft has the number that it would get.'),
  status: z.enum(PLAN_STATUSES),
  name: z.string(),
  currency: z.string(),
  interval: z.enum(BILLING_INTERVALS),
  intervalCount: z.number().int().describe('Intervals to a billing period.'),
  prices: z.array(PriceResponse),
  ...planTermsShape(answeredDecimal),
  currencies: currenciesSchema(answeredDecimal, ChargeResponseSchema).optional(),
  createdAt: z.string(),
  publishedAt: z.string().nullable(),
  archivedAt: z.string().nullable(),
  publishReason: z
    .string()
    .nullable()
    .describe('Why it was published although its margin would have been below the organisation’s floor.'),
});
export type PlanResponse = z.infer<typeof PlanResponseSchema>;

/** A request as the service takes it: terms gathered, and nothing where nothing is said. */
export function toNewPlan(request: PlanRequest): NewPlan {
  const { key: planKey, name, currency: code, interval, intervalCount = 1, prices, currencies, ...planTerms } = request;
  const terms = withoutEmpty(planTerms);
  const variants = toCurrencies(currencies ?? {});
  return {
    key: planKey,
    name,
    currency: code,
    interval,
    ...(intervalCount === 1 ? {} : { intervalCount }),
    prices: prices.map(toNewPrice),
    ...(terms === undefined ? {} : { terms }),
    ...(variants === undefined ? {} : { currencies: variants }),
  };
}

function toNewPrice(request: PlanRequest['prices'][number]): NewPlan['prices'][number] {
  const { key: priceKey, name, meter, allowance, charge, ...priceTerms } = request;
  const terms = withoutEmpty(priceTerms);
  return {
    key: priceKey,
    name,
    meter: meter ?? null,
    allowance: allowance ?? null,
    charge,
    ...(terms === undefined ? {} : { terms }),
  };
}

export function toPlanResponse(plan: StoredPlan): PlanResponse {
  const currencies = toStoredCurrencies(plan.currencies);
  return {
    id: toPublicId('plan', plan.id),
    key: plan.key,
    version: plan.version,
    status: plan.status,
    name: plan.name,
    currency: plan.currency,
    interval: plan.interval,
    intervalCount: plan.intervalCount ?? 1,
    prices: plan.prices.map((price) => ({
      id: toPublicId('price', price.id),
      key: price.key,
      name: price.name,
      meter: price.meterId === null ? null : toPublicId('meter', price.meterId),
      allowance: price.allowance === null ? null : decimalText(price.allowance),
      charge: toStoredCharge(price.charge),
      ...toPlain(price.terms ?? {}),
    })),
    ...toPlain(plan.terms ?? {}),
    ...(Object.keys(currencies).length === 0 ? {} : { currencies }),
    createdAt: plan.createdAt.toISOString(),
    publishedAt: plan.publishedAt?.toISOString() ?? null,
    archivedAt: plan.archivedAt?.toISOString() ?? null,
    publishReason: plan.publishReason,
  };
}
