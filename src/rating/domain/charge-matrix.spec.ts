import fc from 'fast-check';
import { Decimal, sum } from '../../kernel';
import type { MatrixCharge } from '../../catalog/domain';
import { chargeMatrix } from './charge-matrix';
import { NegativeQuantityError } from './negative-quantity-error';
import { UnpricedUsageError } from './unpriced-usage-error';
import type { UsageGroup } from './usage';

const d = (text: string): Decimal => new Decimal(text);
const matrix = (fallback: string | null, ...cells: [Record<string, string>, string][]): MatrixCharge => ({
  model: 'matrix',
  dimensions: ['model', 'data.region'],
  cells: cells.map(([match, unitPrice]) => ({ match, unitPrice: d(unitPrice) })),
  fallback: fallback === null ? null : d(fallback),
});
const group = (model: string | null, region: string | null, quantity: string): UsageGroup => ({
  values: [model, region],
  quantity: d(quantity),
  cost: d('0'),
  events: 1,
  pendingEvents: 0,
});
const told = (charge: MatrixCharge, ...groups: UsageGroup[]): string[] =>
  chargeMatrix(charge, groups).map(({ description, amount }) => `${description} = ${amount.toFixed()}`);

const PRICES = matrix('0.002', [{ model: 'gpt-4o' }, '0.01'], [{ model: 'gpt-4o', 'data.region': 'eu' }, '0.012']);

it.each`
  groups                                                                             | expected                                                                                                                             | because
  ${[]}                                                                              | ${[]}                                                                                                                                | ${'nothing used, nothing charged'}
  ${[group('gpt-4o', 'us', '100')]}                                                  | ${['model gpt-4o: at 0.01 each = 1']}                                                                                                | ${'any region'}
  ${[group('gpt-4o', 'eu', '100')]}                                                  | ${['model gpt-4o, region eu: at 0.012 each = 1.2']}                                                                                  | ${'the cell that names more wins'}
  ${[group('gpt-4o', null, '100')]}                                                  | ${['model gpt-4o: at 0.01 each = 1']}                                                                                                | ${'an event that doesn’t say its region'}
  ${[group('haiku', 'eu', '100'), group(null, null, '0.5')]}                         | ${['All other usage: at 0.002 each = 0.201']}                                                                                        | ${'what is in no cell has one row'}
  ${[group('gpt-4o', 'us', '1'), group('gpt-4o', 'jp', '2')]}                        | ${['model gpt-4o: at 0.01 each = 0.03']}                                                                                             | ${'two groups of one cell are one quantity'}
  ${[group('x', 'eu', '1'), group('gpt-4o', 'eu', '1'), group('gpt-4o', 'us', '1')]} | ${['model gpt-4o: at 0.01 each = 0.01', 'model gpt-4o, region eu: at 0.012 each = 0.012', 'All other usage: at 0.002 each = 0.002']} | ${'rows are in the order of the cells, the rest last'}
  ${[group('gpt-4o', 'us', '0.000001')]}                                             | ${['model gpt-4o: at 0.01 each = 0.00000001']}                                                                                       | ${'a millionth of a unit'}
  ${[group('gpt-4o', 'us', '999999999999999')]}                                      | ${['model gpt-4o: at 0.01 each = 9999999999999.99']}                                                                                 | ${'however much is used'}
  ${[group('gpt-4o', 'us', '0')]}                                                    | ${[]}                                                                                                                                | ${'a group of 0 has no row'}
`('$because', ({ groups, expected }) => {
  expect(told(PRICES, ...groups)).toEqual(expected);
});

it('can give a cell away, and still say so', () => {
  expect(told(matrix('1', [{ model: 'free' }, '0']), group('free', null, '7'))).toEqual(['model free: at 0 each = 0']);
});

it('says which values a row is about', () => {
  const rows = chargeMatrix(PRICES, [group('gpt-4o', 'us', '1'), group('other', 'us', '1')]);
  expect(rows.map((row) => row.group)).toEqual([['gpt-4o', null], undefined]);
});

describe('usage in no cell, without a fallback', () => {
  const CLOSED = matrix(null, [{ model: 'gpt-4o' }, '0.01']);

  it('is refused by name, not taken for 0', () => {
    expect(() => chargeMatrix(CLOSED, [group('gpt-4o', 'us', '1'), group('new-model', null, '2.5')])).toThrow(
      UnpricedUsageError,
    );
    expect(() => chargeMatrix(CLOSED, [group('new-model', null, '2.5')])).toThrow(
      'The usage of model new-model, region (none), a quantity of 2.5, is in no cell of its price, which has no fallback.',
    );
  });

  it('is no matter when it is 0', () => {
    expect(chargeMatrix(CLOSED, [group('new-model', null, '0')])).toEqual([]);
  });
});

it('refuses a cell below zero', () => {
  expect(() => chargeMatrix(PRICES, [group('gpt-4o', 'us', '-1')])).toThrow(NegativeQuantityError);
});

describe('always', () => {
  const value = fc.constantFrom('a', 'b', null);
  const quantity = fc
    .bigInt({ min: 0n, max: 10n ** 18n })
    .map((units) => new Decimal(units.toString()).dividedBy(1_000_000));
  const groups = fc.uniqueArray(fc.record({ model: value, region: value, quantity }), { selector: ({ model, region }) => `${model} ${region}` }); // prettier-ignore
  const asGroups = (found: { model: string | null; region: string | null; quantity: Decimal }[]): UsageGroup[] =>
    found.map(({ model, region, quantity: units }) => group(model, region, units.toFixed()));
  const CHARGE = matrix('0.3', [{ model: 'a' }, '0.1'], [{ model: 'a', 'data.region': 'b' }, '0.7']);
  const total = (of: UsageGroup[]): Decimal => sum(chargeMatrix(CHARGE, of).map(({ amount }) => amount));

  it('every unit is in one row, the order of groups changes nothing, and two parts are the whole', () => {
    fc.assert(
      fc.property(groups, (found) => {
        const all = asGroups(found);
        const rows = chargeMatrix(CHARGE, all);
        expect(sum(rows.map((row) => row.quantity))).toEqual(sum(all.map((of) => of.quantity)));
        for (const row of rows) expect(row.quantity.times(row.unitPrice!)).toEqual(row.amount);
        expect(chargeMatrix(CHARGE, all.toReversed())).toEqual(rows);
        expect(total(all.slice(0, 2)).plus(total(all.slice(2)))).toEqual(total(all));
      }),
    );
  });
});
