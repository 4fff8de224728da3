import fc from 'fast-check';
import {
  anyPrice,
  graduatedPrices,
  meteredPrices,
  priceAndUsage,
  toPrice,
  toUsage,
} from '../../../test/model/rating-arbitraries';
import { Decimal, sum, ZERO } from '../../kernel';
import type { Charge, GraduatedCharge, Tier } from '../../catalog/domain';
import { NegativeQuantityError } from './negative-quantity-error';
import { rateCharge } from './rate-charge';
import { NO_USAGE, type BreakdownRow, type PriceToRate, type UsageToRate } from './rated-charge';

const d = (text: string): Decimal => new Decimal(text);
const price = (charge: Charge, allowance: string | null = null): PriceToRate => ({
  key: 'price',
  name: 'Price',
  charge,
  allowance: allowance === null ? null : d(allowance),
});
const used = (quantity: string, more: Partial<UsageToRate> = {}): UsageToRate => ({
  ...NO_USAGE,
  quantity: d(quantity),
  events: 2_000,
  ...more,
});

const BASE: Charge = { model: 'flat', amount: d('20') };
const ACTIONS: Charge = { model: 'unit', unitPrice: d('0.002') };
const COST_PLUS: Charge = { model: 'consumption_margin', markupPercent: d('30') };
const TIERED: Charge = {
  model: 'graduated',
  tiers: [
    { upTo: d('10'), unitPrice: d('2'), flatFee: d('3') },
    { upTo: null, unitPrice: d('1.5') },
  ],
};

describe('a charge', () => {
  it.each`
    priced                    | usage                              | quantity    | amount      | kinds                                    | because
    ${price(BASE)}            | ${NO_USAGE}                        | ${'1'}      | ${'20'}     | ${['flat']}                              | ${'a base fee needs no usage'}
    ${price(ACTIONS)}         | ${used('0', { events: 0 })}        | ${'0'}      | ${'0'}      | ${[]}                                    | ${'nothing used'}
    ${price(ACTIONS)}         | ${used('500')}                     | ${'500'}    | ${'1'}      | ${['unit']}                              | ${'500 × 0.002'}
    ${price(ACTIONS, '3000')} | ${used('3500')}                    | ${'3500'}   | ${'1'}      | ${['allowance', 'unit']}                 | ${'the line shows what was metered, the amount what is beyond'}
    ${price(ACTIONS, '3000')} | ${used('2999.5')}                  | ${'2999.5'} | ${'0'}      | ${['allowance']}                         | ${'all of it included'}
    ${price(TIERED, '5')}     | ${used('16')}                      | ${'16'}     | ${'24.5'}   | ${['allowance', 'tier', 'flat', 'tier']} | ${'5 free, 10 × 2 + 3, 1 × 1.5'}
    ${price(TIERED, '5')}     | ${used('4')}                       | ${'4'}      | ${'3'}      | ${['allowance', 'flat']}                 | ${'the first tier’s fee is for every period'}
    ${price(COST_PLUS)}       | ${used('7', { cost: d('12.34') })} | ${'12.34'}  | ${'16.042'} | ${['cost', 'markup']}                    | ${'the line’s quantity is the cost'}
    ${price(COST_PLUS)}       | ${used('7')}                       | ${'0'}      | ${'0'}      | ${[]}                                    | ${'usage that cost nothing'}
  `('$priced.charge.model, $usage.quantity used: $because', ({ priced, usage, quantity, amount, kinds }) => {
    const rated = rateCharge(priced, usage);
    expect(rated.quantity.toFixed()).toBe(quantity);
    expect(rated.amount.toFixed()).toBe(amount);
    expect(rated.breakdown.map(({ kind }: BreakdownRow) => kind)).toEqual(kinds);
  });

  it.each`
    priced                    | usage                                         | steps
    ${price(BASE)}            | ${NO_USAGE}                                   | ${['This price is the same in every period, whatever is used.', 'Fixed amount for the period: 20.']}
    ${price(ACTIONS)}         | ${used('0', { events: 0 })}                   | ${['Used in the period: 0, from 0 events.', 'So nothing is charged.']}
    ${price(ACTIONS, '3000')} | ${used('3500')}                               | ${['Used in the period: 3,500, from 2,000 events.', 'The first 3,000 are included in the plan and cost nothing.', 'Units beyond the 3,000 included, at 0.002 each: 500 × 0.002 = 1.']}
    ${price(ACTIONS, '3000')} | ${used('12')}                                 | ${['Used in the period: 12, from 2,000 events.', 'All of it is within the 3,000 that the plan includes, and costs nothing.', 'So nothing is charged.']}
    ${price(TIERED)}          | ${used('10.5', { events: 1 })}                | ${['Used in the period: 10.5, from 1 event.', 'Tier 1, up to 10: at 2 each: 10 × 2 = 20.', 'Tier 1: fixed fee: 3.', 'Tier 2, above 10: at 1.5 each: 0.5 × 1.5 = 0.75.', 'Together: 20 + 3 + 0.75 = 23.75.']}
    ${price(COST_PLUS)}       | ${used('7', { cost: d('1234.5') })}           | ${['The usage of the period cost 1,234.5, from 2,000 events.', 'Markup of 30% on the cost: 1,234.5 × 0.3 = 370.35.', 'Together: 1,234.5 + 370.35 = 1,604.85.']}
    ${price(COST_PLUS)}       | ${used('7', { events: 1, pendingEvents: 1 })} | ${['The usage of the period cost 0, from 1 event.', '1 event has no known cost yet, and no part in this amount: the invoice waits until they are priced.']}
  `('is told in sentences: $priced.charge.model, $usage.quantity', ({ priced, usage, steps }) => {
    expect(rateCharge(priced, usage).steps).toEqual(steps);
  });

  it('on cost carries the events whose cost is unknown; others don’t depend on it', () => {
    const usage = used('7', { cost: d('10'), pendingEvents: 3 });
    expect(rateCharge(price(COST_PLUS), usage)).toMatchObject({ amount: d('13'), pendingEvents: 3 });
    for (const charge of [BASE, ACTIONS, TIERED]) expect(rateCharge(price(charge), usage).pendingEvents).toBe(0);
  });

  it('is refused for usage below zero, where the price depends on it', () => {
    expect(() => rateCharge(price(ACTIONS), used('-1'))).toThrow(NegativeQuantityError);
    expect(() => rateCharge(price(TIERED, '5'), used('-1'))).toThrow('The quantity of the period is -1.');
    expect(() => rateCharge(price(COST_PLUS), used('1', { cost: d('-0.5') }))).toThrow(
      'The cost of the period is -0.5.',
    );
    expect(rateCharge(price(BASE), used('-1')).amount).toEqual(d('20'));
  });
});

describe('always', () => {
  const amountOf = (of: PriceToRate, quantity: Decimal): Decimal => rateCharge(of, { ...NO_USAGE, quantity }).amount;
  const quantity = fc
    .tuple(fc.integer({ min: 0, max: 80_000 }), fc.integer({ min: 0, max: 4 }))
    .map(([units, places]) => d(`${units}e-${places}`));

  it('the rows add up to the amount, each is quantity × unit price, and none is below zero', () => {
    fc.assert(
      fc.property(priceAndUsage, ([of, usage]) => {
        const { amount, breakdown } = rateCharge(toPrice(of), toUsage(usage));
        expect(sum(breakdown.map((row) => row.amount))).toEqual(amount);
        expect(amount.lessThan(0)).toBe(false);
        for (const row of breakdown) {
          expect(row.quantity.times(row.unitPrice!)).toEqual(row.amount);
          expect(row.amount.lessThan(0)).toBe(false);
        }
      }),
    );
  });

  it('the rows of units lie end to end from zero, and their quantities add up to the line’s quantity', () => {
    fc.assert(
      fc.property(priceAndUsage, ([of, usage]) => {
        const rated = rateCharge(toPrice(of), toUsage(usage));
        if (of.charge.model === 'flat') return;
        const counted = rated.breakdown.filter(({ kind }) => kind !== 'flat' && kind !== 'markup');
        expect(sum(counted.map((row) => row.quantity))).toEqual(rated.quantity);
        if (of.charge.model === 'consumption_margin') return;

        let reached = ZERO;
        for (const row of counted) {
          expect(row.from).toEqual(reached);
          reached = reached.plus(row.quantity);
          if (row.upTo !== null) expect(reached.lessThanOrEqualTo(row.upTo)).toBe(true);
        }
      }),
    );
  });

  it('more usage never costs less', () => {
    fc.assert(
      fc.property(meteredPrices({ flatFees: true }).map(toPrice), quantity, quantity, (of, some, more) => {
        expect(amountOf(of, some.plus(more)).lessThan(amountOf(of, some))).toBe(false);
      }),
    );
  });

  it('an allowance never costs the customer anything', () => {
    fc.assert(
      fc.property(meteredPrices({ flatFees: true }).map(toPrice), quantity, (of, some) => {
        const without = amountOf({ ...of, allowance: null }, some);
        expect(amountOf(of, some).greaterThan(without)).toBe(false);
      }),
    );
  });

  it('it does not matter which events the usage was summed from, in which order', () => {
    const parts = fc.array(quantity, { maxLength: 12 });
    fc.assert(
      fc.property(anyPrice.map(toPrice), parts, (of, some) => {
        const forwards = rateCharge(of, { ...NO_USAGE, quantity: sum(some), cost: sum(some) });
        const backwards = [...some].reverse();
        const inTwo = [sum(backwards.slice(0, 3)), sum(backwards.slice(3))];
        expect(rateCharge(of, { ...NO_USAGE, quantity: sum(inTwo), cost: sum(inTwo) })).toEqual(forwards);
      }),
    );
  });

  // What a running balance needs: the charge for more usage is the charge of the price that is left over.
  it('charging bit by bit, from where the last bit ended, equals charging the whole', () => {
    fc.assert(
      fc.property(
        meteredPrices({ flatFees: true }).map(toPrice),
        quantity,
        fc.array(quantity, { maxLength: 4 }),
        (of, first, others) => {
          let left = of;
          let total = ZERO;
          for (const part of [first, ...others]) {
            total = total.plus(amountOf(left, part));
            left = leftOf(left, part);
          }
          expect(total).toEqual(amountOf(of, sum([first, ...others])));
        },
      ),
    );
  });

  it('a unit price without allowance is the same for parts and whole; so is a markup', () => {
    fc.assert(
      fc.property(quantity, quantity, quantity, (some, more, rate) => {
        const unit = price({ model: 'unit', unitPrice: rate });
        expect(amountOf(unit, some).plus(amountOf(unit, more))).toEqual(amountOf(unit, some.plus(more)));

        const margin = price({ model: 'consumption_margin', markupPercent: rate });
        const onCost = (cost: Decimal): Decimal => rateCharge(margin, { ...NO_USAGE, cost }).amount;
        expect(onCost(some).plus(onCost(more))).toEqual(onCost(some.plus(more)));
      }),
    );
  });

  it('units a thousand times as small cost the same: bounds, allowance and usage × 1000, prices ÷ 1000', () => {
    fc.assert(
      fc.property(meteredPrices({ flatFees: true }).map(toPrice), quantity, (of, some) => {
        expect(amountOf(inSmallerUnits(of), some.times(1000))).toEqual(amountOf(of, some));
      }),
    );
  });

  it('prices three times as high charge three times as much', () => {
    fc.assert(
      fc.property(graduatedPrices.map(toPrice), quantity, (of, some) => {
        const tripled = mapTiers(of, (tier) => ({
          ...tier,
          unitPrice: tier.unitPrice.times(3),
          flatFee: tier.flatFee?.times(3),
        }));
        expect(amountOf(tripled, some)).toEqual(amountOf(of, some).times(3));
      }),
    );
  });

  it('twice equals once, and the inputs are left as they were', () => {
    fc.assert(
      fc.property(priceAndUsage, ([of, usage]) => {
        const [ours, before] = [toPrice(of), toPrice(of)];
        expect(rateCharge(ours, toUsage(usage))).toEqual(rateCharge(ours, toUsage(usage)));
        expect(ours).toEqual(before);
      }),
    );
  });

  const mapTiers = (of: PriceToRate, change: (tier: Tier) => Tier): PriceToRate =>
    of.charge.model === 'graduated' ? { ...of, charge: { ...of.charge, tiers: of.charge.tiers.map(change) } } : of;

  const inSmallerUnits = (of: PriceToRate): PriceToRate => {
    const allowance = of.allowance?.times(1000) ?? null;
    if (of.charge.model === 'unit') {
      return { ...of, allowance, charge: { ...of.charge, unitPrice: of.charge.unitPrice.dividedBy(1000) } };
    }
    return mapTiers({ ...of, allowance }, (tier) => ({
      ...tier,
      upTo: tier.upTo?.times(1000) ?? null,
      unitPrice: tier.unitPrice.dividedBy(1000),
    }));
  };

  /** The price that is left once so many units are charged: a smaller allowance, tiers begun or used up, fees paid. */
  const leftOf = (of: PriceToRate, units: Decimal): PriceToRate => {
    const allowance = of.allowance ?? ZERO;
    const billed = Decimal.max(units.minus(allowance), 0);
    const left = { ...of, allowance: Decimal.max(allowance.minus(units), 0) };
    return of.charge.model === 'graduated' ? { ...left, charge: tiersLeft(of.charge, billed) } : left;
  };

  const tiersLeft = (charge: GraduatedCharge, billed: Decimal): GraduatedCharge => {
    const shifted = charge.tiers.map((tier, index): Tier => {
      const begin = index === 0 ? null : charge.tiers[index - 1]!.upTo;
      const reached = begin === null || billed.greaterThan(begin);
      return { ...tier, upTo: tier.upTo?.minus(billed) ?? null, flatFee: reached ? undefined : tier.flatFee };
    });
    const open = shifted.filter(({ upTo }) => upTo === null || upTo.greaterThan(0));
    // The model always charges the first tier's fee. Here a tier may be first and not yet reached, when the last part
    // ended right on its edge; a band too narrow to hold anything, already paid, goes before it.
    const narrow: Tier = { upTo: d('1e-60'), unitPrice: open[0]!.unitPrice };
    return { ...charge, tiers: open[0]!.flatFee === undefined ? open : [narrow, ...open] };
  };
});
