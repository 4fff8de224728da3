import fc from 'fast-check';
import type { ReferenceCharge, ReferencePrice, ReferenceUsage } from './rating-reference';
import { Decimal } from '../../src/kernel';
import type { Charge } from '../../src/catalog/domain';
import type { PriceToRate, UsageToRate } from '../../src/rating';

/** Random prices and usages as decimal text, drawn so that edges are hit often: few digits, small bounds. */

/** A decimal of 0 or more: mostly short, now and then with all the digits that fit. */
export const decimals = (max: number): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 0, max }).map(String) },
    { weight: 4, arbitrary: fc.tuple(fc.integer({ min: 0, max: max * 100 }), fc.constant(2)).map(pointed) },
    {
      weight: 2,
      arbitrary: fc.tuple(fc.bigInt({ min: 0n, max: BigInt(max) * 10n ** 12n }), fc.constant(12)).map(pointed),
    },
    { weight: 1, arbitrary: fc.tuple(fc.bigInt({ min: 0n, max: 10n ** 27n - 1n }), fc.constant(12)).map(pointed) },
  );

function pointed([units, places]: readonly [bigint | number, number]): string {
  const digits = units.toString().padStart(places + 1, '0');
  return `${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

const quantities = decimals(60);
const prices = decimals(20);

const flat: fc.Arbitrary<ReferenceCharge> = prices.map((amount) => ({ model: 'flat', amount }));
const unit: fc.Arbitrary<ReferenceCharge> = prices.map((unitPrice) => ({ model: 'unit', unitPrice }));
const margin: fc.Arbitrary<ReferenceCharge> = decimals(300).map((markupPercent) => ({
  model: 'consumption_margin',
  markupPercent,
}));

/** Tiers whose bounds are made from steps above zero, so that they ascend. */
const graduated = (flatFees: boolean): fc.Arbitrary<Extract<ReferenceCharge, { model: 'graduated' }>> =>
  fc
    .array(
      fc.record({
        step: decimals(20).filter((step) => !new Decimal(step).isZero() && new Decimal(step).lessThan('1e12')),
        unitPrice: prices,
        flatFee: flatFees ? fc.option(prices, { nil: undefined }) : fc.constant(undefined),
      }),
      { minLength: 1, maxLength: 5 },
    )
    .map((drawn) => {
      let bound = new Decimal(0);
      const tiers = drawn.map(({ step, unitPrice, flatFee }, index) => {
        bound = bound.plus(step);
        const upTo = index === drawn.length - 1 ? null : bound.toFixed();
        return flatFee === undefined ? { upTo, unitPrice } : { upTo, unitPrice, flatFee };
      });
      return { model: 'graduated', tiers };
    });

const withoutAllowance = (charge: ReferenceCharge): ReferencePrice => ({ charge, allowance: null });
const maybeAllowance = fc.option(quantities, { nil: null });

/** Prices charged by quantity. */
export const meteredPrices = (options: { flatFees: boolean }): fc.Arbitrary<ReferencePrice> =>
  fc.record({ charge: fc.oneof(unit, graduated(options.flatFees)), allowance: maybeAllowance });
export const graduatedPrices = fc.record({ charge: graduated(true), allowance: fc.constant(null) });
export const flatPrices = flat.map(withoutAllowance);
export const marginPrices = margin.map(withoutAllowance);
export const anyPrice = fc.oneof(
  { weight: 1, arbitrary: flatPrices },
  { weight: 2, arbitrary: marginPrices },
  { weight: 7, arbitrary: meteredPrices({ flatFees: true }) },
);

/** A usage for a price; its quantity sits right on an edge of the price more often than chance would have it. */
export const usageFor = (price: ReferencePrice): fc.Arbitrary<ReferenceUsage> =>
  fc.record({
    quantity: fc.oneof(
      { weight: 2, arbitrary: quantities },
      { weight: 1, arbitrary: fc.constantFrom(...edgesOf(price)) },
    ),
    cost: decimals(500),
  });

export const priceAndUsage: fc.Arbitrary<[ReferencePrice, ReferenceUsage]> = anyPrice.chain((price) =>
  usageFor(price).map((usage): [ReferencePrice, ReferenceUsage] => [price, usage]),
);

function edgesOf({ charge, allowance }: ReferencePrice): string[] {
  const bounds = charge.model === 'graduated' ? charge.tiers.flatMap(({ upTo }) => (upTo === null ? [] : [upTo])) : [];
  const behindAllowance = bounds.map((upTo) => new Decimal(upTo).plus(allowance ?? 0).toFixed());
  return ['0', ...(allowance === null ? [] : [allowance]), ...behindAllowance];
}

/** The same price for the code under test. */
export function toPrice({ charge, allowance }: ReferencePrice): PriceToRate {
  return {
    key: 'price',
    name: 'Price',
    charge: toCharge(charge),
    allowance: allowance === null ? null : new Decimal(allowance),
  };
}

export function toUsage({ quantity, cost }: ReferenceUsage): UsageToRate {
  return { quantity: new Decimal(quantity), cost: new Decimal(cost), events: 1, pendingEvents: 0 };
}

function toCharge(charge: ReferenceCharge): Charge {
  switch (charge.model) {
    case 'flat':
      return { model: 'flat', amount: new Decimal(charge.amount) };
    case 'unit':
      return { model: 'unit', unitPrice: new Decimal(charge.unitPrice) };
    case 'consumption_margin':
      return { model: 'consumption_margin', markupPercent: new Decimal(charge.markupPercent) };
    case 'graduated':
      return {
        model: 'graduated',
        tiers: charge.tiers.map(({ upTo, unitPrice, flatFee }) => ({
          upTo: upTo === null ? null : new Decimal(upTo),
          unitPrice: new Decimal(unitPrice),
          flatFee: flatFee === undefined ? undefined : new Decimal(flatFee),
        })),
      };
  }
}
