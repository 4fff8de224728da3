import type { Currency, FieldProblem } from '../../kernel';
import { isAdvance } from './advance';
import type { Charge } from './charge';
import { modelProblems } from './charge-problems';
import type { PlanToCheck, PlanWorld, PriceToCheck } from './plan-to-check';
import type { CurrencyVariant, Discount } from './terms';
import { planTermsProblems, priceMoneyProblems } from './terms-problems';
import { usageNeeds } from './usage-needs';

/**
 * Says what is wrong with the other currencies of a plan. What is money in the plan must be said in each of them: a
 * minimum, a fee or a commitment that somebody forgot would quietly not hold there.
 */
export function currencyProblems(plan: PlanToCheck, world: PlanWorld): FieldProblem[] {
  return Object.entries(plan.currencies ?? {}).flatMap(([currency, variant]) => {
    const at = `currencies.${currency}`;
    if (currency === plan.currency) return [{ field: at, detail: 'is the plan’s own currency; say it in the plan' }];
    return [
      ...costProblems(plan, currency, world.costCurrency, at),
      ...plan.prices.flatMap((price) => priceProblems(price, variant, at)),
      ...unknownPrices(plan, variant, at),
      ...moneyProblems(plan, variant, at),
      ...planTermsProblems(
        variant.terms ?? {},
        {
          prices: new Set(plan.prices.map(({ key }) => key)),
          advance: new Set(plan.prices.filter(isAdvance).map(({ key }) => key)),
          features: world.features,
        },
        `${at}.`,
      ),
    ];
  });
}

function costProblems(plan: PlanToCheck, currency: Currency, costCurrency: Currency, at: string): FieldProblem[] {
  const onCost = plan.prices.find(({ charge }) => usageNeeds(charge).cost);
  if (onCost === undefined || currency === costCurrency) return [];
  const detail = `must be left out: the price '${onCost.key}' charges on cost, which is kept in ${costCurrency}`;
  return [{ field: at, detail }];
}

function priceProblems(price: PriceToCheck, variant: CurrencyVariant, at: string): FieldProblem[] {
  const path = `${at}.prices.${price.key}`;
  // A key such as `constructor` is a price like any other.
  const other = Object.hasOwn(variant.prices, price.key) ? variant.prices[price.key] : undefined;
  if (other === undefined) {
    return holdsMoney(price) ? [{ field: path, detail: 'is needed: the price is an amount, in this currency another' }] : []; // prettier-ignore
  }
  if (other.charge.model !== price.charge.model) {
    const detail = `must be ${price.charge.model}, as the price is: a currency changes amounts, not the model`;
    return [{ field: `${path}.charge.model`, detail }];
  }
  const terms = price.terms ?? {};
  return [
    ...modelProblems(other.charge, `${path}.charge`),
    ...unlessSame(price.charge, other.charge, `${path}.charge`),
    ...(['minimum', 'maximum'] as const).flatMap((bound) =>
      terms[bound] !== undefined && other[bound] === undefined ? [said(`${path}.${bound}`)] : [],
    ),
    ...(hasAmount(terms.discounts) && other.discounts === undefined ? [said(`${path}.discounts`)] : []),
    ...priceMoneyProblems(other, other.charge, `${path}.`),
  ];
}

/** What a charge needs to know of usage is the plan's: usage is read once, whatever the currency. */
function unlessSame(charge: Charge, other: Charge, at: string): FieldProblem[] {
  const [mine, theirs] = [usageNeeds(charge), usageNeeds(other)];
  const same = mine.meter === theirs.meter && mine.dimensions.join('\n') === theirs.dimensions.join('\n');
  return same ? [] : [{ field: at, detail: 'must look at the same usage as the price does: same dimensions, same meter' }]; // prettier-ignore
}

function unknownPrices(plan: PlanToCheck, variant: CurrencyVariant, at: string): FieldProblem[] {
  const known = new Set(plan.prices.map(({ key }) => key));
  return Object.keys(variant.prices)
    .filter((key) => !known.has(key))
    .map((key) => ({ field: `${at}.prices.${key.slice(0, 100)}`, detail: 'is no price of this plan' }));
}

function moneyProblems(plan: PlanToCheck, variant: CurrencyVariant, at: string): FieldProblem[] {
  const [own, other] = [plan.terms ?? {}, variant.terms ?? {}];
  const units = own.pricingUnits?.map(({ key }) => key) ?? [];
  const known = other.pricingUnits?.map(({ key }) => key) ?? [];
  return [
    ...(['minimum', 'maximum', 'commitment'] as const).flatMap((field) =>
      own[field] !== undefined && other[field] === undefined ? [said(`${at}.${field}`)] : [],
    ),
    ...(hasAmount(own.discounts) && other.discounts === undefined ? [said(`${at}.discounts`)] : []),
    ...units
      .filter((key) => !known.includes(key))
      .map((key) => ({ field: `${at}.pricingUnits`, detail: `must say what one '${key}' is in this currency` })),
    ...known.flatMap((key, index) =>
      units.includes(key)
        ? []
        : [{ field: `${at}.pricingUnits[${index}].key`, detail: 'is no pricing unit of this plan' }],
    ),
  ];
}

function said(field: string): FieldProblem {
  return { field, detail: 'is needed: the plan has one in its own currency' };
}

function hasAmount(discounts: readonly Discount[] | undefined): boolean {
  return discounts?.some((discount) => 'amount' in discount) ?? false;
}

/** Whether anything about a price is an amount of the plan's currency. */
function holdsMoney({ charge, terms = {} }: PriceToCheck): boolean {
  if (terms.minimum !== undefined || terms.maximum !== undefined || hasAmount(terms.discounts)) return true;
  // What is in a unit of ours is the same in any currency; the unit's rate is not.
  if (terms.pricingUnit !== undefined) return false;
  return !isFreeOfMoney(charge);
}

function isFreeOfMoney(charge: Charge): boolean {
  if (charge.model === 'event_amount') return true;
  if (charge.model === 'percentage') {
    const { fixedPerEvent, freeAmount, minPerEvent, maxPerEvent } = charge;
    return [fixedPerEvent, freeAmount, minPerEvent, maxPerEvent].every((part) => part === undefined);
  }
  // Bounds between tiers are amounts, too.
  return charge.model === 'graduated_percentage' && charge.tiers.length === 1 && charge.tiers[0]!.flatFee === undefined;
}
