import { Decimal, sum } from '../../../kernel';
import { worthOf } from '.';
import { grant } from './some-grants';

const d = (text: string): Decimal => new Decimal(text);

it.each`
  amount     | cost      | from   | to        | worth                            | because
  ${'10000'} | ${'8'}    | ${'0'} | ${'1'}    | ${'0.0008'}                      | ${'8.00 for 10,000'}
  ${'1034'}  | ${'1.03'} | ${'0'} | ${'1034'} | ${'1.03'}                        | ${'all of it is what was paid'}
  ${'3'}     | ${'1'}    | ${'0'} | ${'1'}    | ${'0.333333333333333333333333'}  | ${'a third'}
  ${'3'}     | ${'1'}    | ${'1'} | ${'2'}    | ${'0.333333333333333333333334'}  | ${'two thirds less one third'}
  ${'3'}     | ${'1'}    | ${'2'} | ${'3'}    | ${'0.333333333333333333333333'}  | ${'and the rest'}
  ${'3'}     | ${'1'}    | ${'2'} | ${'1'}    | ${'-0.333333333333333333333334'} | ${'given back'}
  ${'3'}     | ${null}   | ${'0'} | ${'3'}    | ${'0'}                           | ${'a gift is worth nothing'}
`('$from to $to of $amount for $cost: $because', ({ amount, cost, from, to, worth }) => {
  expect(worthOf(grant('units', amount, { cost }), d(from), d(to)).toFixed()).toBe(worth);
});

it('refuses a stretch that is not of the grant', () => {
  expect(() => worthOf(grant('units', '3'), d('0'), d('4'))).toThrow('lies within it');
  expect(() => worthOf(grant('units', '3'), d('-1'), d('2'))).toThrow('lies within it');
});

it('1,034 units for 1.03 one by one are 1.03', () => {
  const units = grant('units', '1034', { cost: '1.03' });
  const each = Array.from({ length: 1034 }, (_, place) => worthOf(units, d(`${place}`), d(`${place + 1}`)));
  expect(sum(each).toFixed()).toBe('1.03');
});
