import fc from 'fast-check';
import { Decimal, sum } from '../../kernel';
import type { Tier } from '../../catalog/domain';
import { chargeUnit } from './charge-unit';
import { chargeVolume } from './charge-volume';
import { NegativeQuantityError } from './negative-quantity-error';

const d = (text: string): Decimal => new Decimal(text);
const tier = (upTo: string | null, unitPrice: string, flatFee?: string): Tier => ({
  upTo: upTo === null ? null : d(upTo),
  unitPrice: d(unitPrice),
  flatFee: flatFee === undefined ? undefined : d(flatFee),
});
const amounts = (quantity: string, tiers: readonly Tier[]): string[] =>
  chargeVolume(d(quantity), tiers).map((row) => row.amount.toFixed());

describe('volume tiers', () => {
  const TIERS = [tier('10', '2'), tier('20', '1.5'), tier(null, '1')];

  it.each`
    quantity             | expected                | because
    ${'0'}               | ${[]}                   | ${'nothing used, nothing charged'}
    ${'0.000001'}        | ${['0.000002']}         | ${'a millionth of a unit is a millionth of the price'}
    ${'10'}              | ${['20']}               | ${'upTo is inclusive'}
    ${'10.000000000001'} | ${['15.0000000000015']} | ${'any part of a unit above it makes all units cheaper'}
    ${'10.5'}            | ${['15.75']}            | ${'10.5 × 1.50, not 20 + 0.75 as graduated tiers would'}
    ${'20'}              | ${['30']}               | ${'the second tier is inclusive too'}
    ${'21'}              | ${['21']}               | ${'the bill falls at the edge: 21 units cost less than 20'}
    ${'999999999999.5'}  | ${['999999999999.5']}   | ${'however much is used'}
    ${'999999999999999'} | ${['999999999999999']}  | ${'up to what an event may hold'}
  `('$quantity units: $because', ({ quantity, expected }) => {
    expect(amounts(quantity, TIERS)).toEqual(expected);
  });

  it.each`
    quantity | expected         | because
    ${'0'}   | ${['5']}         | ${'no usage is in the first tier, whose fee is charged'}
    ${'10'}  | ${['20', '5']}   | ${'units and the fee of their tier'}
    ${'11'}  | ${['16.5', '8']} | ${'only the fee of the tier that the total falls in'}
    ${'21'}  | ${['21']}        | ${'the last tier has none'}
  `('with flat fees, $quantity units: $because', ({ quantity, expected }) => {
    expect(amounts(quantity, [tier('10', '2', '5'), tier('20', '1.5', '8'), tier(null, '1')])).toEqual(expected);
  });

  it('say which tier set the price, and that it is for every unit', () => {
    expect(chargeVolume(d('12'), TIERS)).toEqual([
      {
        kind: 'tier',
        description: 'Tier 2, above 10 up to 20: every unit at 1.5',
        from: d('0'),
        upTo: d('20'),
        quantity: d('12'),
        unitPrice: d('1.5'),
        amount: d('18'),
      },
    ]);
  });

  it('are counted behind the allowance, which is told in the row', () => {
    expect(chargeVolume(d('12'), TIERS, d('100'))).toMatchObject([
      {
        description: 'Tier 2, above 110 up to 120: every unit at 1.5',
        from: d('100'),
        upTo: d('120'),
        amount: d('18'),
      },
    ]);
  });

  it('can be free, and still say so', () => {
    expect(amounts('3', [tier('5', '0'), tier(null, '4')])).toEqual(['0']);
  });

  it('refuse a quantity below zero', () => {
    expect(() => chargeVolume(d('-0.01'), TIERS)).toThrow(NegativeQuantityError);
  });

  const quantities = fc.integer({ min: 0, max: 3_000 }).map((cents) => d(String(cents)).dividedBy(100));

  it('of one tier are a unit price', () => {
    fc.assert(
      fc.property(quantities, (quantity) => {
        const volume = chargeVolume(quantity, [tier(null, '0.37')]);
        const unit = chargeUnit(quantity, d('0.37'));
        expect(volume.map(({ amount }) => amount.toFixed())).toEqual(unit.map(({ amount }) => amount.toFixed()));
      }),
    );
  });

  it('jump nowhere but above a bound: within a tier, a cent of a unit more is a cent of its price more', () => {
    fc.assert(
      fc.property(quantities, (quantity) => {
        const total = (of: Decimal): Decimal => sum(chargeVolume(of, TIERS).map(({ amount }) => amount));
        const more = quantity.plus('0.01');
        fc.pre(!quantity.equals(10) && !quantity.equals(20));
        const price = more.greaterThan(20) ? '0.01' : more.greaterThan(10) ? '0.015' : '0.02';
        expect(total(more).minus(total(quantity)).toFixed()).toBe(price);
      }),
    );
  });
});
