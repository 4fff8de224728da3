import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { decimalText } from '../kernel';
import { askedDecimal, ChargeSchema } from './charge-schema';
import { fromStoredCharge, toStoredCharge } from './charge-storage';
import type { CurrencyVariant, Plan, Price } from './domain';
import type { PlanEntity } from './persistence/plan.entity';
import type { PriceEntity } from './persistence/price.entity';
import { toPlain } from './plain';
import { Remembered } from './remembered';
import type { StoredCurrencies, StoredPlan, StoredVariant } from './stored-plan';
import { currenciesSchema, planTermsShape, priceTermsShape } from './terms.schema';

const PriceTermsSchema = z.strictObject(priceTermsShape(askedDecimal));
const PlanTermsSchema = z.strictObject(planTermsShape(askedDecimal));
const CurrenciesSchema = currenciesSchema(askedDecimal, ChargeSchema);

/** Lists that are empty say nothing: a plan with none of them is the same plan. */
export function withoutEmpty<T extends object>(terms: T): T | undefined {
  const said = Object.entries(terms).filter(
    ([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
  );
  return said.length === 0 ? undefined : (Object.fromEntries(said) as T);
}

/** Other currencies as the domain has them, from what a schema has read. */
export function toCurrencies(
  read: z.output<typeof CurrenciesSchema>,
): Readonly<Record<string, CurrencyVariant>> | undefined {
  const variants = Object.entries(read).map(([currency, { prices, ...terms }]): [string, CurrencyVariant] => {
    const said = Object.entries(terms).filter(([, value]) => value !== undefined);
    return [currency, said.length === 0 ? { prices } : { prices, terms: Object.fromEntries(said) }];
  });
  return variants.length === 0 ? undefined : Object.fromEntries(variants);
}

export function toStoredCurrencies(currencies: Plan['currencies']): StoredCurrencies {
  const variants = Object.entries(currencies ?? {}).map(([currency, { prices, terms }]): [string, StoredVariant] => [
    currency,
    toPlain({ prices, ...terms }),
  ]);
  return Object.fromEntries(variants);
}

export function toStoredPrice(price: Price, position: number): Omit<PriceEntity, 'organisationId' | 'planId'> {
  const { id, key, name, meterId, allowance } = price;
  const [charge, terms] = [toStoredCharge(price.charge), toPlain(price.terms ?? {})];
  return { id, position, key, name, meterId, allowance, charge, terms };
}

/** A version that is no draft never changes, and a price never does: a draft that is saved anew gets others. */
const READ_PLANS = new Remembered<Pick<Plan, 'terms' | 'currencies'>>(200);
const READ_PRICES = new Remembered<Pick<Price, 'charge' | 'terms'>>(500);

/** @throws ZodError when what is stored is not a plan, which is a fault of ours */
export function fromStoredPlan(plan: PlanEntity, prices: readonly PriceEntity[]): StoredPlan {
  const { organisationId: _, terms: _terms, currencies: _currencies, ...header } = plan;
  const read = plan.status === 'draft' ? readPlan(plan) : READ_PLANS.get(plan.id, () => readPlan(plan));
  return { ...header, prices: prices.map(fromStoredPrice), ...read };
}

function readPlan({ terms, currencies }: PlanEntity): Pick<Plan, 'terms' | 'currencies'> {
  const said = withoutEmpty(PlanTermsSchema.parse(terms));
  const variants = toCurrencies(CurrenciesSchema.parse(currencies));
  return {
    ...(said === undefined ? {} : { terms: said }),
    ...(variants === undefined ? {} : { currencies: variants }),
  };
}

function fromStoredPrice(price: PriceEntity): Price {
  const { id, key, name, meterId, allowance } = price;
  return { id, key, name, meterId, allowance, ...READ_PRICES.get(id, () => readPrice(price)) };
}

function readPrice({ charge, terms }: PriceEntity): Pick<Price, 'charge' | 'terms'> {
  const said = withoutEmpty(PriceTermsSchema.parse(terms));
  return { charge: fromStoredCharge(charge), ...(said === undefined ? {} : { terms: said }) };
}

/** Whether two plans say the same: everything the caller chose, whatever the numbers are written like. */
export function sameContent(one: Plan, other: Plan): boolean {
  return isDeepStrictEqual(contentOf(one), contentOf(other));
}

function contentOf(plan: Plan): unknown {
  return {
    name: plan.name,
    currency: plan.currency,
    interval: plan.interval,
    intervalCount: plan.intervalCount ?? 1,
    terms: toPlain(plan.terms ?? {}),
    currencies: toStoredCurrencies(plan.currencies),
    prices: plan.prices.map((price) => ({
      key: price.key,
      name: price.name,
      meterId: price.meterId,
      allowance: price.allowance === null ? null : decimalText(price.allowance),
      charge: toStoredCharge(price.charge),
      terms: toPlain(price.terms ?? {}),
    })),
  };
}
