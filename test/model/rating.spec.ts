import fc from 'fast-check';
import { minorUnitDecimals } from '../../src/kernel';
import { chargeProblems } from '../../src/catalog/domain';
import { rateCharge, roundLine } from '../../src/rating';
import { priceAndUsage, toPrice, toUsage } from './rating-arbitraries';
import { areEqual, referenceAmount, referenceLine, toRational } from './rating-reference';

/** How many cases, and which ones. A failure is repeated by giving the printed seed. */
const CASES = Number(process.env['WEIR_MODEL_CASES'] ?? 500);
const SEED = Number(process.env['WEIR_MODEL_SEED'] ?? Date.now() % 2 ** 31);
const CURRENCIES = ['USD', 'JPY', 'KWD'];

describe('rating and its reference', () => {
  beforeAll(() => {
    process.stderr.write(`rating model: ${CASES} cases, WEIR_MODEL_SEED=${SEED}\n`);
  });

  it('agree to the last digit, before rounding and after', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(priceAndUsage, ([price, usage]) => {
        const ours = toPrice(price);
        expect(chargeProblems(ours)).toEqual([]);
        const { amount } = rateCharge(ours, toUsage(usage));
        const expected = referenceAmount(price, usage);

        expect(areEqual(toRational(amount.toFixed()), expected)).toBe(true);
        for (const currency of CURRENCIES) {
          const line = roundLine(amount, currency).toFixed(minorUnitDecimals(currency));
          expect(line).toBe(referenceLine(expected, minorUnitDecimals(currency)));
        }
        const kind = `${price.charge.model}${price.allowance === null ? '' : ' with allowance'}`;
        seen.set(kind, (seen.get(kind) ?? 0) + 1);
      }),
      { numRuns: CASES, seed: SEED },
    );
    if (CASES >= 500) {
      expect([...seen.keys()].sort()).toEqual([
        'consumption_margin',
        'flat',
        'graduated',
        'graduated with allowance',
        'unit',
        'unit with allowance',
      ]);
    }
  });

  // The reference is checked against figures worked by hand, so that two wrongs don't agree.
  it.each`
    price                                                                                                                                                             | usage                                | line       | because
    ${{ charge: { model: 'unit', unitPrice: '0.002' }, allowance: '3000' }}                                                                                           | ${{ quantity: '3500.5', cost: '0' }} | ${'1.00'}  | ${'500.5 × 0.002 = 1.001'}
    ${{ charge: { model: 'graduated', tiers: [{ upTo: '10', unitPrice: '2' }, { upTo: '20', unitPrice: '1.5' }, { upTo: null, unitPrice: '1' }] }, allowance: null }} | ${{ quantity: '10.5', cost: '0' }}   | ${'20.75'} | ${'20 + 0.5 × 1.5'}
    ${{ charge: { model: 'graduated', tiers: [{ upTo: '10', unitPrice: '2', flatFee: '3' }, { upTo: null, unitPrice: '1', flatFee: '4' }] }, allowance: '5' }}        | ${{ quantity: '16', cost: '0' }}     | ${'28.00'} | ${'3 + 20 + 4 + 1'}
    ${{ charge: { model: 'consumption_margin', markupPercent: '30' }, allowance: null }}                                                                              | ${{ quantity: '0', cost: '12.34' }}  | ${'16.04'} | ${'12.34 × 1.3 = 16.042'}
    ${{ charge: { model: 'flat', amount: '0.005' }, allowance: null }}                                                                                                | ${{ quantity: '9', cost: '9' }}      | ${'0.01'}  | ${'half a cent goes up'}
  `('the reference makes $line of $usage.quantity: $because', ({ price, usage, line }) => {
    expect(referenceLine(referenceAmount(price, usage), 2)).toBe(line);
  });
});
