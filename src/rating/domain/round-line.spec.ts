import { Decimal, sum } from '../../kernel';
import { roundingStep, roundLine } from './round-line';

it.each`
  amount            | currency | line         | step                                              | because
  ${'16.042'}       | ${'USD'} | ${'16.04'}   | ${'16.042 is rounded once, to 16.04 USD.'}        | ${'less than half'}
  ${'1.005'}        | ${'USD'} | ${'1.01'}    | ${'1.005 is rounded once, to 1.01 USD.'}          | ${'half goes away from zero'}
  ${'20'}           | ${'USD'} | ${'20'}      | ${'The line is 20.00 USD.'}                       | ${'nothing to round'}
  ${'1234567.5'}    | ${'JPY'} | ${'1234568'} | ${'1,234,567.5 is rounded once, to 1234568 JPY.'} | ${'a yen has no parts'}
  ${'0.0000000001'} | ${'USD'} | ${'0'}       | ${'0.0000000001 is rounded once, to 0.00 USD.'}   | ${'far below a cent'}
`('$amount $currency becomes $line: $because', ({ amount, currency, line, step }) => {
  expect(roundLine(new Decimal(amount), currency).toFixed()).toBe(line);
  expect(roundingStep(new Decimal(amount), currency)).toBe(step);
});

it('rounds what divisions are meant to be: six sixths of half a cent are half a cent', () => {
  const sixth = new Decimal('0.005').dividedBy(6);
  const amount = sum(Array.from({ length: 6 }, () => sixth));
  expect(amount.lessThan('0.005')).toBe(true);
  expect(roundLine(amount, 'USD').toFixed(2)).toBe('0.01');
});
