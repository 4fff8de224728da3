import type { Decimal, FieldProblem } from '../../kernel';
import { hasUnits, whyWithoutUnits } from './charge-problems';
import { aboveZero, notBelowZero, wholeAtLeast } from './charges/problem-kit';
import type { Charge } from './charge';
import type { Commitment, Discount, PlanTerms, Pool, PriceTerms, PricingUnit, Trial } from './terms';

/** What the terms of a plan and of its prices may refer to. */
export interface TermsWorld {
  /** Keys of the plan's prices. */
  readonly prices: ReadonlySet<string>;
  /** Keys of those that are billed in advance. */
  readonly advance: ReadonlySet<string>;
  /** Keys of the organisation's features. */
  readonly features: ReadonlySet<string>;
}

/** Longest commitment: ten years of months. */
const MOST_COMMITTED_PERIODS = 120;
const LONGEST_TRIAL_DAYS = 365;
/** Ten years of months. */
const LONGEST_FEE_PERIOD = 120;

/**
 * Says what is wrong with what stands around a plan's prices, by field.
 *
 * - Keys of pools, pricing units and discounts are used once each.
 * - A commitment lasts 1 to 120 periods, a trial 1 to 365 days; what rolls over lives for a period at least.
 * - A minimum is not above the maximum.
 * - A discount is 0 to 100 per cent or an amount; units are free in prices only.
 *
 * @param at where the terms stand: '' for the plan itself, `currencies.EUR.` for a currency
 */
export function planTermsProblems(terms: PlanTerms, world: TermsWorld, at = ''): FieldProblem[] {
  return [
    ...(terms.pools ?? []).flatMap((pool, index) => poolProblems(pool, `${at}pools[${index}]`)),
    ...keyProblems(terms.pools, `${at}pools`),
    ...(terms.pricingUnits ?? []).flatMap((unit, index) => unitProblems(unit, `${at}pricingUnits[${index}]`)),
    ...keyProblems(terms.pricingUnits, `${at}pricingUnits`),
    ...boundProblems(terms, at),
    ...(terms.commitment === undefined ? [] : commitmentProblems(terms.commitment, `${at}commitment`)),
    ...discountsProblems(terms.discounts, `${at}discounts`, (discount, path) =>
      planDiscountProblems(discount, path, world),
    ),
    ...(terms.trial === undefined ? [] : trialProblems(terms.trial, `${at}trial`)),
    ...(terms.features ?? []).flatMap(({ feature }, index) =>
      unless(world.features.has(feature), `${at}features[${index}].feature`, noFeature(feature)),
    ),
    ...(terms.features ?? []).flatMap(({ feature }, index, all) =>
      unless(
        all.findIndex((other) => other.feature === feature) === index,
        `${at}features[${index}].feature`,
        'is there twice',
      ),
    ),
  ];
}

/**
 * Says what is wrong with the terms of one price, by field from the price on, as far as the price alone can tell. What
 * depends on the plan's other prices and pools is `planProblems`' to say.
 */
export function priceTermsProblems(
  price: { readonly charge: Charge; readonly allowance: Decimal | null; readonly terms?: PriceTerms | undefined },
  features: ReadonlySet<string>,
): FieldProblem[] {
  const { terms = {}, charge, allowance } = price;
  const { feature, pool, beyond } = terms;
  return [
    ...unless(feature === undefined || features.has(feature), 'feature', noFeature(feature ?? '')),
    ...roundingProblems(terms, charge),
    ...(pool === undefined ? [] : unitsProblems(charge, 'pool', 'draws units from it')),
    ...(pool === undefined ? [] : aboveZero('pool.weight', pool.weight)),
    ...unless(pool === undefined || allowance === null, 'pool', 'must be left out beside an allowance: one of them says what is included'), // prettier-ignore
    ...unless(
      beyond === undefined || pool !== undefined || allowance !== null,
      'beyond',
      'must be left out: there is no allowance and no pool that anything could be beyond',
    ),
    ...boundProblems(terms, ''),
    ...discountsProblems(terms.discounts, 'discounts', (discount, path) =>
      priceDiscountProblems(discount, path, charge),
    ),
    ...billingProblems(price),
    ...taxProblems(terms),
  ];
}

/** Only what is known before it is used can be asked before it is used: a fee, in the plan's own money. */
function billingProblems({
  charge,
  terms = {},
}: {
  readonly charge: Charge;
  readonly terms?: PriceTerms | undefined;
}): FieldProblem[] {
  const { billing, pool, beyond, pricingUnit } = terms;
  if (billing === undefined) return [];
  const { every = 1 } = billing;
  const known = charge.model === 'flat' || (charge.model === 'recurring' && charge.quantity !== undefined);
  const without = 'must be left out: a fee in advance is asked before anything is used';
  return [
    ...unless(known, 'billing', 'is for flat charges and for recurring ones with a quantity: what a meter counts is known only afterwards'), // prettier-ignore
    ...unless(
      Number.isSafeInteger(every) && every >= 1 && every <= LONGEST_FEE_PERIOD,
      'billing.every',
      `must be a whole number from 1 to ${LONGEST_FEE_PERIOD}`,
    ),
    ...unless(pool === undefined, 'pool', without),
    ...unless(beyond === undefined, 'beyond', without),
    ...unless(pricingUnit === undefined, 'pricingUnit', 'must be left out: a fee in advance is in the currency'),
  ];
}

function taxProblems({ tax }: PriceTerms): FieldProblem[] {
  const says = tax === undefined || tax.code !== undefined || tax.behaviour !== undefined;
  return unless(says, 'tax', 'must have a code or a behaviour, or be left out');
}

/** Bounds and discounts that a price has in another currency of its plan, or by agreement with a customer. */
export function priceMoneyProblems(
  terms: Pick<PriceTerms, 'minimum' | 'maximum' | 'discounts'>,
  charge: Charge,
  at: string,
): FieldProblem[] {
  return [
    ...boundProblems(terms, at),
    ...discountsProblems(terms.discounts, `${at}discounts`, (discount, path) =>
      priceDiscountProblems(discount, path, charge),
    ),
  ];
}

function poolProblems(pool: Pool, at: string): FieldProblem[] {
  const { rollover } = pool;
  if (rollover === undefined) return notBelowZero(`${at}.amount`, pool.amount);
  return [
    ...notBelowZero(`${at}.amount`, pool.amount),
    ...(rollover.limit === undefined ? [] : notBelowZero(`${at}.rollover.limit`, rollover.limit)),
    ...wholeAtLeast(`${at}.rollover.expiresAfterPeriods`, rollover.expiresAfterPeriods, 1),
  ];
}

function unitProblems(unit: PricingUnit, at: string): FieldProblem[] {
  return aboveZero(`${at}.rate`, unit.rate);
}

function commitmentProblems({ amount, periods }: Commitment, at: string): FieldProblem[] {
  return [
    ...notBelowZero(`${at}.amount`, amount),
    ...unless(
      Number.isSafeInteger(periods) && periods >= 1 && periods <= MOST_COMMITTED_PERIODS,
      `${at}.periods`,
      `must be a whole number from 1 to ${MOST_COMMITTED_PERIODS}`,
    ),
  ];
}

function trialProblems({ days }: Trial, at: string): FieldProblem[] {
  const fine = Number.isSafeInteger(days) && days >= 1 && days <= LONGEST_TRIAL_DAYS;
  return unless(fine, `${at}.days`, `must be a whole number from 1 to ${LONGEST_TRIAL_DAYS}`);
}

function boundProblems(
  { minimum, maximum }: { readonly minimum?: Decimal | undefined; readonly maximum?: Decimal | undefined },
  at: string,
): FieldProblem[] {
  const problems = [
    ...(minimum === undefined ? [] : notBelowZero(`${at}minimum`, minimum)),
    ...(maximum === undefined ? [] : notBelowZero(`${at}maximum`, maximum)),
  ];
  if (problems.length > 0 || minimum === undefined || maximum === undefined) return problems;
  return unless(
    minimum.lessThanOrEqualTo(maximum),
    `${at}minimum`,
    `must not be above the maximum, ${maximum.toFixed()}`,
  );
}

function roundingProblems({ rounding }: PriceTerms, charge: Charge): FieldProblem[] {
  if (rounding === undefined) return [];
  const { decimals } = rounding;
  return [
    ...unless(
      ONE_QUANTITY.has(charge.model),
      'rounding',
      `must be left out: the model ${charge.model} isn’t charged on one quantity that could be rounded`,
    ),
    ...unless(
      Number.isSafeInteger(decimals) && decimals >= -6 && decimals <= 12,
      'rounding.decimals',
      'must be a whole number from -6 to 12',
    ),
  ];
}

/** Models whose amount depends on one quantity alone. Parts of it can't be rounded so that they still add up to it. */
const ONE_QUANTITY: ReadonlySet<string> = new Set([
  'unit',
  'graduated',
  'volume',
  'package',
  'stair_step',
  'recurring',
]);

function discountsProblems(
  discounts: readonly Discount[] | undefined,
  at: string,
  problemsOf: (discount: Discount, path: string) => FieldProblem[],
): FieldProblem[] {
  return [
    ...(discounts ?? []).flatMap((discount, index) => {
      const path = `${at}[${index}]`;
      return [
        ...valueProblems(discount, path),
        ...(discount.fromPeriod === undefined ? [] : wholeAtLeast(`${path}.fromPeriod`, discount.fromPeriod, 0)),
        ...(discount.periods === undefined ? [] : wholeAtLeast(`${path}.periods`, discount.periods, 1)),
        ...problemsOf(discount, path),
      ];
    }),
    ...keyProblems(discounts, at),
  ];
}

function valueProblems(discount: Discount, path: string): FieldProblem[] {
  // What comes in from outside may have none of them, or more.
  const { percent, amount, freeUnits } = discount as Partial<Record<'percent' | 'amount' | 'freeUnits', Decimal>>;
  const values = Object.entries({ percent, amount, freeUnits }).filter(([, value]) => value !== undefined);
  if (values.length !== 1) return [{ field: path, detail: 'must have exactly one of percent, amount and freeUnits' }];
  const [name, value] = values[0] as [string, Decimal];
  const problems = notBelowZero(`${path}.${name}`, value);
  if (problems.length > 0 || percent === undefined) return problems;
  return unless(value.lessThanOrEqualTo(100), `${path}.percent`, 'must be at most 100');
}

function planDiscountProblems(discount: Discount, path: string, world: TermsWorld): FieldProblem[] {
  return [
    ...unless(!('freeUnits' in discount), `${path}.freeUnits`, 'must be left out: units are free in a price, say it there'), // prettier-ignore
    ...unless(discount.prices?.length !== 0, `${path}.prices`, 'must name a price; leave it out for all of them'),
    ...(discount.prices ?? []).flatMap((key, index) =>
      unless(world.prices.has(key), `${path}.prices[${index}]`, `there is no price '${key.slice(0, 80)}' in this plan`),
    ),
    ...(discount.prices ?? []).flatMap(
      (key, index) =>
      unless(!world.advance.has(key), `${path}.prices[${index}]`, `must not be '${key.slice(0, 80)}', which is billed in advance: give that price a discount of its own`), // prettier-ignore
    ),
  ];
}

function priceDiscountProblems(discount: Discount, path: string, charge: Charge): FieldProblem[] {
  return [
    ...unless(discount.prices === undefined, `${path}.prices`, 'must be left out: a discount of a price is for that price'), // prettier-ignore
    ...('freeUnits' in discount ? unitsProblems(charge, `${path}.freeUnits`, 'makes units free') : []),
  ];
}

function unitsProblems(charge: Charge, field: string, what: string): FieldProblem[] {
  return unless(hasUnits(charge.model), field, `must be left out: ${whyWithoutUnits(charge.model) ?? ''}, and it ${what}`); // prettier-ignore
}

function keyProblems(items: readonly { readonly key: string }[] | undefined, at: string): FieldProblem[] {
  return (items ?? []).flatMap(({ key }, index, all) =>
    unless(all.findIndex((other) => other.key === key) === index, `${at}[${index}].key`, 'is there twice'),
  );
}

function noFeature(key: string): string {
  return `there is no feature '${key.slice(0, 80)}'`;
}

function unless(fine: boolean, field: string, detail: string): FieldProblem[] {
  return fine ? [] : [{ field, detail }];
}
