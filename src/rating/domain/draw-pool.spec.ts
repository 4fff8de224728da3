import fc from 'fast-check';
import { Decimal, sum } from '../../kernel';
import type { Pool } from '../../catalog/domain';
import { drawPool, grantPool, rollPool } from './draw-pool';
import { WHOLE } from './model';
import { NegativeQuantityError } from './negative-quantity-error';
import type { PoolBalance } from './pool-balance';

const d = (text: string): Decimal => new Decimal(text);
const POOL: Pool = { key: 'credits', name: 'Credits', amount: d('1000'), unit: 'credits' };
const ROLLING: Pool = { ...POOL, rollover: { limit: d('500'), expiresAfterPeriods: 2 } };

/** `100@4 50` is 100 units that can be used up to period 4, and 50 of the period's own. */
const lots = (text: string): PoolBalance['lots'] =>
  text
    .split(' ')
    .filter(Boolean)
    .map((lot) => {
      const [amount = '', until] = lot.split('@');
      return { amount: d(amount), expiresAfterPeriod: until === undefined ? null : Number(until) };
    });
const text = ({ lots: held }: Pick<PoolBalance, 'lots'>): string =>
  held
    .map(({ amount, expiresAfterPeriod: until }) => `${amount.toFixed()}${until === null ? '' : `@${until}`}`)
    .join(' ');
const holding = (held: string): PoolBalance => ({
  pool: 'credits',
  lots: lots(held),
  granted: d('0'),
  rolledIn: d('0'),
  used: d('0'),
});

it.each`
  quantity | weight   | held              | covered             | left         | because
  ${'0'}   | ${'5'}   | ${'1000'}         | ${'0'}              | ${'1000'}    | ${'nothing used'}
  ${'150'} | ${'5'}   | ${'1000'}         | ${'150'}            | ${'250'}     | ${'150 × 5 = 750'}
  ${'200'} | ${'5'}   | ${'1000'}         | ${'200'}            | ${''}        | ${'the last unit fits'}
  ${'250'} | ${'5'}   | ${'1000'}         | ${'200'}            | ${''}        | ${'1000 ÷ 5 = 200 fit'}
  ${'1'}   | ${'3'}   | ${'1'}            | ${'0.333333333333'} | ${''}        | ${'a third of a unit, rounded down, and the pool is empty'}
  ${'8'}   | ${'0.5'} | ${'3'}            | ${'6'}              | ${''}        | ${'a weight may be a fraction'}
  ${'5'}   | ${'1'}   | ${''}             | ${'0'}              | ${''}        | ${'an empty pool covers nothing'}
  ${'30'}  | ${'1'}   | ${'20@3 30@4 10'} | ${'30'}             | ${'20@4 10'} | ${'what expires first is used first'}
  ${'55'}  | ${'1'}   | ${'20@3 30@4 10'} | ${'55'}             | ${'5'}       | ${'this period’s own units come last'}
`('$quantity units of weight $weight from [$held]: $because', ({ quantity, weight, held, covered, left }) => {
  const draw = drawPool(d(quantity), d(weight), POOL, holding(held));
  expect(draw.covered.toFixed()).toBe(covered);
  expect(text(draw.balance)).toBe(left);
});

it('says what was covered in a row that costs nothing', () => {
  expect(drawPool(d('250'), d('5'), POOL, holding('1000')).rows).toMatchObject([
    { kind: 'pool', description: 'From the pool Credits, 5 credits each', quantity: d('200'), amount: d('0') },
  ]);
  expect(drawPool(d('250'), d('5'), POOL, holding('')).rows).toEqual([]);
});

it('refuses usage below zero, which would fill the pool', () => {
  expect(() => drawPool(d('-1'), d('5'), POOL, holding('10'))).toThrow(NegativeQuantityError);
});

describe('a period', () => {
  it('begins with its grant behind what was rolled in', () => {
    const begun = grantPool(POOL, holding('20@3'), WHOLE);
    expect(text(begun)).toBe('20@3 1000');
    expect(begun.granted.toFixed()).toBe('1000');
  });

  it('in parts grants each part its share of the time', () => {
    const first = grantPool(POOL, null, { part: 10, whole: 31 });
    expect(text(first)).toBe('322.58064516129');
    expect(text(grantPool(POOL, first, { part: 21, whole: 31 }))).toBe('1000');
  });

  it.each`
    pool       | held           | ended | next             | because
    ${POOL}    | ${'300'}       | ${0}  | ${''}            | ${'without rollover nothing goes on'}
    ${ROLLING} | ${'300'}       | ${0}  | ${'300@2'}       | ${'for two periods'}
    ${ROLLING} | ${'100@2 300'} | ${1}  | ${'100@2 300@3'} | ${'the older units go first'}
    ${ROLLING} | ${'100@2 300'} | ${2}  | ${'300@4'}       | ${'units for period 2 at the latest are gone in period 3'}
    ${ROLLING} | ${'300@3 400'} | ${2}  | ${'100@3 400@4'} | ${'200 are above the limit, and those that expire first are lost'}
    ${ROLLING} | ${'900'}       | ${0}  | ${'500@2'}       | ${'the limit is on what is carried over'}
  `('that ends with [$held]: $because', ({ pool, held, ended, next }) => {
    const rolled = rollPool(pool, holding(held), ended);
    expect(text(rolled)).toBe(next);
    expect(rolled).toMatchObject({
      granted: d('0'),
      used: d('0'),
      rolledIn: sum(lots(next).map(({ amount }) => amount)),
    });
  });
});

it('what was granted and rolled in is used or left, whatever is drawn', () => {
  const units = fc.integer({ min: 0, max: 100_000 }).map((thousandths) => d(`${thousandths}e-3`));
  fc.assert(
    fc.property(
      units,
      fc.array(
        fc.tuple(
          units,
          units.filter((weight) => weight.greaterThan(0)),
        ),
        { maxLength: 5 },
      ),
      (amount, draws) => {
        let balance = grantPool({ ...POOL, amount }, null, WHOLE);
        for (const [quantity, weight] of draws) balance = drawPool(quantity, weight, POOL, balance).balance;
        expect(balance.used.plus(sum(balance.lots.map((lot) => lot.amount)))).toEqual(balance.granted);
      },
    ),
  );
});
