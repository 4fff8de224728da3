import { Decimal, sum } from '../../kernel';
import type { Discount } from '../../catalog/domain';
import { applyDiscounts, applyFreeUnits, discountsOf } from './apply-discounts';
import { WHOLE } from './model';

const d = (text: string): Decimal => new Decimal(text);
const percent = (text: string, more: Partial<Discount> = {}): Discount => ({
  key: `p${text}`,
  name: 'Share',
  percent: d(text),
  ...more,
});
const amount = (text: string): Discount => ({ key: `a${text}`, name: 'Amount', amount: d(text) });
const units = (text: string): Discount => ({ key: `u${text}`, name: 'Present', freeUnits: d(text) });

it.each`
  charged   | discounts                       | rows                       | left                    | because
  ${'100'}  | ${[]}                           | ${[]}                      | ${'100'}                | ${'no discount'}
  ${'100'}  | ${[percent('10')]}              | ${['-10']}                 | ${'90'}                 | ${'a tenth'}
  ${'100'}  | ${[percent('10'), amount('5')]} | ${['-10', '-5']}           | ${'85'}                 | ${'first the share, then the amount'}
  ${'100'}  | ${[amount('5'), percent('10')]} | ${['-5', '-9.5']}          | ${'85.5'}               | ${'the other way round the share is of less'}
  ${'3'}    | ${[amount('5')]}                | ${['-3']}                  | ${'0'}                  | ${'never below zero; the rest is lost'}
  ${'3'}    | ${[amount('5'), percent('50')]} | ${['-3']}                  | ${'0'}                  | ${'nothing is left to share'}
  ${'0'}    | ${[percent('10'), amount('5')]} | ${[]}                      | ${'0'}                  | ${'nothing charged, no row'}
  ${'100'}  | ${[percent('100')]}             | ${['-100']}                | ${'0'}                  | ${'all of it'}
  ${'0.01'} | ${[percent('33.333333333333')]} | ${['-0.0033333333333333']} | ${'0.0066666666666667'} | ${'exact, however small'}
  ${'-4'}   | ${[percent('50'), amount('5')]} | ${['2']}                   | ${'-2'}                 | ${'a credit of what was half price is half as well, and an amount gives nothing on top'}
  ${'100'}  | ${[units('5')]}                 | ${[]}                      | ${'100'}                | ${'free units are not money'}
`('$charged less $discounts.length discounts: $because', ({ charged, discounts, rows, left }) => {
  const found = applyDiscounts(d(charged), discounts, true);
  expect(found.map((row) => row.amount.toFixed())).toEqual(rows);
  expect(
    d(charged)
      .plus(sum(found.map((row) => row.amount)))
      .toFixed(),
  ).toBe(left);
  for (const row of found) expect(row.quantity.times(row.unitPrice!)).toEqual(row.amount);
});

it('gives amounts once in a period, percentages in all of it', () => {
  expect(applyDiscounts(d('100'), [amount('5'), percent('10')], false).map((row) => row.amount.toFixed())).toEqual([
    '-10',
  ]);
});

it.each`
  discount                                       | given           | because
  ${percent('1')}                                | ${[0, 1, 2, 3]} | ${'for ever'}
  ${percent('1', { periods: 2 })}                | ${[0, 1]}       | ${'the first two'}
  ${percent('1', { fromPeriod: 1 })}             | ${[1, 2, 3]}    | ${'from the second on'}
  ${percent('1', { fromPeriod: 1, periods: 2 })} | ${[1, 2]}       | ${'the second and third'}
`('of $discount: $because', ({ discount, given }) => {
  expect([0, 1, 2, 3].filter((index) => discountsOf([discount], index).length > 0)).toEqual(given);
});

describe('free units', () => {
  it.each`
    quantity | discounts                      | used     | because
    ${'500'} | ${[units('200')]}              | ${'200'} | ${'300 are left'}
    ${'100'} | ${[units('200')]}              | ${'100'} | ${'no more than there are'}
    ${'500'} | ${[units('200'), units('50')]} | ${'250'} | ${'one after the other'}
    ${'0'}   | ${[units('200')]}              | ${'0'}   | ${'nothing used, no row'}
  `('$quantity units, $discounts.length discounts: $because', ({ quantity, discounts, used }) => {
    const free = applyFreeUnits(d(quantity), d('0'), discounts, WHOLE);
    expect(free.used.toFixed()).toBe(used);
    expect(sum(free.rows.map((row) => row.quantity)).toFixed()).toBe(used);
  });

  it('begin behind the allowance, and a part of a period has its share of them', () => {
    const [row] = applyFreeUnits(d('500'), d('1000'), [units('200')], { part: 1, whole: 4 }).rows;
    expect(row).toMatchObject({
      kind: 'free',
      description: 'Present: 50 units free',
      from: d('1000'),
      upTo: d('1050'),
      quantity: d('50'),
    });
  });
});
