import fc from 'fast-check';
import { Decimal, InvariantError, sum } from '../../kernel';
import type { ScheduledCharge } from '../../catalog/domain';
import { chargeScheduled } from './charge-scheduled';
import { NegativeQuantityError } from './negative-quantity-error';
import type { UsageTotals } from './usage';

const d = (text: string): Decimal => new Decimal(text);
const totals = (quantity: string): UsageTotals => ({
  quantity: d(quantity),
  cost: d('0'),
  events: 1,
  pendingEvents: 0,
});

const CHARGE: ScheduledCharge = {
  model: 'scheduled',
  timeZone: 'customer',
  windows: [
    { name: 'night', hours: { from: '22:00', to: '06:00' }, charge: { model: 'unit', unitPrice: d('0.004') } },
    {
      name: 'weekend',
      weekdays: ['sat', 'sun'],
      charge: {
        model: 'graduated',
        tiers: [
          { upTo: d('100'), unitPrice: d('0.008'), flatFee: d('1') },
          { upTo: null, unitPrice: d('0.002') },
        ],
      },
    },
  ],
  otherwise: { model: 'unit', unitPrice: d('0.010') },
};
const told = (...quantities: string[]): string[] =>
  chargeScheduled(CHARGE, quantities.map(totals)).map(
    ({ description, amount }) => `${description} = ${amount.toFixed()}`,
  );

it.each`
  night         | weekend    | others    | expected                                                                                                                                      | because
  ${'500'}      | ${'0'}     | ${'300'}  | ${['night: Units at 0.004 each = 2', 'Other times: Units at 0.01 each = 3']}                                                                  | ${'each window by its own price'}
  ${'0'}        | ${'0'}     | ${'0'}    | ${[]}                                                                                                                                         | ${'nothing used: not even the weekend’s fee'}
  ${'0'}        | ${'100'}   | ${'0'}    | ${['weekend: Tier 1, up to 100: at 0.008 each = 0.8', 'weekend: Tier 1: fixed fee = 1']}                                                      | ${'upTo is inclusive'}
  ${'0'}        | ${'100.5'} | ${'0'}    | ${['weekend: Tier 1, up to 100: at 0.008 each = 0.8', 'weekend: Tier 1: fixed fee = 1', 'weekend: Tier 2, above 100: at 0.002 each = 0.001']} | ${'tiers run over the window alone'}
  ${'0.000001'} | ${'0'}     | ${'1e12'} | ${['night: Units at 0.004 each = 0.000000004', 'Other times: Units at 0.01 each = 10000000000']}                                              | ${'however little, however much'}
`('$night at night, $weekend at weekends, $others else: $because', ({ night, weekend, others, expected }) => {
  expect(told(night, weekend, others)).toEqual(expected);
});

it('says which window a row is about', () => {
  const rows = chargeScheduled(CHARGE, [totals('1'), totals('0'), totals('1')]);
  expect(rows.map(({ window }) => window)).toEqual(['night', 'otherwise']);
});

it('refuses a window below zero, though the others outweigh it', () => {
  expect(() => told('-1', '0', '5')).toThrow(NegativeQuantityError);
});

it('needs the usage of every window', () => {
  expect(() => told('1', '2')).toThrow(InvariantError);
});

it('charges no less for more, in any window', () => {
  const quantity = fc
    .bigInt({ min: 0n, max: 10n ** 12n })
    .map((units) => new Decimal(units.toString()).dividedBy(1_000));
  const total = (of: Decimal[]): Decimal => sum(chargeScheduled(CHARGE, of.map((units) => totals(units.toFixed()))).map((row) => row.amount)); // prettier-ignore
  fc.assert(
    fc.property(fc.tuple(quantity, quantity, quantity), fc.nat(2), quantity, (of, place, more) => {
      const grown = of.map((units, index) => (index === place ? units.plus(more) : units));
      expect(total(grown).greaterThanOrEqualTo(total(of))).toBe(true);
    }),
  );
});
