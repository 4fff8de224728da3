import fc from 'fast-check';
import { Decimal, sum } from '../../kernel';
import type { RecurringCharge } from '../../catalog/domain';
import { chargeRecurring } from './charge-recurring';
import { WHOLE, type Share } from './model';
import { NegativeQuantityError } from './negative-quantity-error';

const d = (text: string): Decimal => new Decimal(text);
const DAY = 86_400_000;
const days = (part: number, whole: number): Share => ({ part: part * DAY, whole: whole * DAY });
const SEATS: RecurringCharge = { model: 'recurring', unitPrice: d('30') };
const TIERS = [
  { upTo: d('5'), unitPrice: d('30'), flatFee: d('10') },
  { upTo: null, unitPrice: d('20') },
];
const GRADUATED: RecurringCharge = { model: 'recurring', tiers: TIERS };
const VOLUME: RecurringCharge = { model: 'recurring', tiers: TIERS, tierMode: 'volume' };
const amounts = (charge: RecurringCharge, quantity: string, share = WHOLE): string[] =>
  chargeRecurring(charge, d(quantity), share).map((row) => row.amount.toFixed());

describe('units held for a period', () => {
  it.each`
    charge       | quantity             | expected                 | because
    ${SEATS}     | ${'0'}               | ${[]}                    | ${'no seat, no charge'}
    ${SEATS}     | ${'1'}               | ${['30']}                | ${'one seat'}
    ${SEATS}     | ${'5'}               | ${['150']}               | ${'five of them'}
    ${SEATS}     | ${'2.5'}             | ${['75']}                | ${'a meter that weighs by time says fractions'}
    ${SEATS}     | ${'999999999999999'} | ${['29999999999999970']} | ${'however many'}
    ${GRADUATED} | ${'0'}               | ${['10']}                | ${'the first tier’s fee is asked for no seat too'}
    ${GRADUATED} | ${'5'}               | ${['150', '10']}         | ${'upTo is inclusive'}
    ${GRADUATED} | ${'7'}               | ${['150', '10', '40']}   | ${'each seat at the price of its tier'}
    ${VOLUME}    | ${'5'}               | ${['150', '10']}         | ${'all in the first tier'}
    ${VOLUME}    | ${'7'}               | ${['140']}               | ${'all at the price of the last tier reached'}
  `('$quantity: $because', ({ charge, quantity, expected }) => {
    expect(amounts(charge, quantity)).toEqual(expected);
  });

  it.each`
    charge                             | share           | expected       | because
    ${SEATS}                           | ${days(15, 30)} | ${['75']}      | ${'half a month'}
    ${SEATS}                           | ${days(10, 30)} | ${['50']}      | ${'a third comes out even: divided last'}
    ${{ ...SEATS, proration: 'time' }} | ${days(10, 30)} | ${['50']}      | ${'which is what is meant when nothing is said'}
    ${{ ...SEATS, proration: 'none' }} | ${days(10, 30)} | ${['150']}     | ${'a part of a period pays in full'}
    ${GRADUATED}                       | ${days(15, 30)} | ${['75', '5']} | ${'fees pay their share of the time too'}
  `('five of them for $share.part of $share.whole ms: $because', ({ charge, share, expected }) => {
    expect(amounts(charge, '5', share)).toEqual(expected);
  });

  it('have a unit price for a part of the period where it comes out even, and none where it does not', () => {
    const [half] = chargeRecurring(SEATS, d('5'), days(15, 30));
    expect(half).toMatchObject({ kind: 'seat', unitPrice: d('15'), amount: d('75') });
    expect(half!.description).toBe('Held for the period, at 30 each, for 15 of 30 days');

    const [some] = chargeRecurring(SEATS, d('5'), days(10, 31));
    expect(some!.unitPrice).toBeNull();
    // 150 × 10 ÷ 31
    expect(some!.amount.toFixed(12)).toBe('48.387096774194');
  });

  it('are told as seats, whether they have one price or tiers', () => {
    expect(chargeRecurring(GRADUATED, d('7'), WHOLE).map(({ kind, description }) => `${kind}: ${description}`)).toEqual(
      ['seat: Tier 1, up to 5: at 30 each', 'flat: Tier 1: fixed fee', 'seat: Tier 2, above 5: at 20 each'],
    );
  });

  it('refuse a quantity below zero', () => {
    expect(() => chargeRecurring(SEATS, d('-1'), WHOLE)).toThrow(NegativeQuantityError);
  });

  it('cost as much in two parts of a period as in the whole of it, to less than any digit that is kept', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2_678_399 }), fc.integer({ min: 0, max: 10_000 }), (second, hundredths) => {
        const quantity = new Decimal(hundredths).dividedBy(100);
        const whole = 2_678_400;
        const total = (share: Share): Decimal =>
          sum(chargeRecurring(GRADUATED, quantity, share).map(({ amount }) => amount));
        const parts = total({ part: second, whole }).plus(total({ part: whole - second, whole }));
        expect(parts.minus(total(WHOLE)).abs().lessThan('1e-100')).toBe(true);
      }),
    );
  });
});
