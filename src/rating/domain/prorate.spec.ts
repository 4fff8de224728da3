import { Decimal } from '../../kernel';
import { chargeFlat } from './charge-flat';
import { prorateAmount, prorateRows, prorateUnits, settled, shareText } from './prorate';

const d = (text: string): Decimal => new Decimal(text);
const DAY = 86_400_000;
const days = (part: number, whole: number) => ({ part: part * DAY, whole: whole * DAY });

it.each`
  amount  | share           | expected | because
  ${'20'} | ${days(31, 31)} | ${'20'}  | ${'all of it'}
  ${'31'} | ${days(10, 31)} | ${'10'}  | ${'multiplied first, so it comes out even'}
  ${'30'} | ${days(10, 30)} | ${'10'}  | ${'a third of 30 is 10, and not 9.99…'}
  ${'0'}  | ${days(10, 31)} | ${'0'}   | ${'of nothing'}
`('$amount for $share.part of $share.whole: $because', ({ amount, share, expected }) => {
  expect(prorateAmount(d(amount), share).toFixed()).toBe(expected);
});

it('parts of a period come to the whole, but for the last of 120 digits', () => {
  const parts = [9, 1, 21].map((part) => prorateAmount(d('20'), days(part, 31)));
  const missing = d('20').minus(parts.reduce((all, part) => all.plus(part)));
  expect(missing.abs().lessThan('1e-115')).toBe(true);
});

it('a sum of shares that comes out even is settled; what has no end stays', () => {
  const third = d('1').dividedBy(3);
  expect(third.plus(third).plus(third).equals(1)).toBe(false);
  expect(settled(third.plus(third).plus(third))).toEqual(d('1'));
  expect(settled(third)).toBe(third);
  expect(settled(d('0.000000000001').times('0.000000000001')).toFixed()).toBe('0.000000000000000000000001');
});

it('units are kept at twelve decimals', () => {
  expect(prorateUnits(d('3000'), days(10, 31)).toFixed()).toBe('967.741935483871');
});

it('a row says of which time it is, and has a unit price only when that comes out even', () => {
  expect(prorateRows(chargeFlat(d('31')), days(10, 31))[0]).toMatchObject({
    description: 'Fixed amount for the period, for 10 of 31 days',
    unitPrice: d('10'),
    amount: d('10'),
  });
  expect(prorateRows(chargeFlat(d('20')), days(10, 31))[0]!.unitPrice).toBeNull();
});

it.each`
  share                                   | text
  ${days(10, 31)}                         | ${'10 of 31 days'}
  ${{ part: 3_600_000, whole: 30 * DAY }} | ${'1 of 720 hours'}
  ${{ part: 60_000, whole: 30 * DAY }}    | ${'1 of 43,200 minutes'}
  ${{ part: 1_000, whole: 30 * DAY }}     | ${'1 of 2,592,000 seconds'}
  ${{ part: 1, whole: 3 }}                | ${'1 of 3 parts of the period'}
`('$text', ({ share, text }) => expect(shareText(share)).toBe(text));
