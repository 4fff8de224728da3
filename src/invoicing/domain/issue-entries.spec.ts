import { Decimal, sum } from '../../kernel';
import { creditAppliedEntries, creditToApply, issueEntries } from '.';

it.each`
  total      | taxTotal  | earned     | deferred    | prepaid  | entries                                                                             | because
  ${'20'}    | ${'0'}    | ${'20'}    | ${'0'}      | ${'0'}   | ${'accounts_receivable 20, revenue -20'}                                            | ${'in arrears, without tax'}
  ${'142.8'} | ${'22.8'} | ${'10.19'} | ${'109.81'} | ${'0'}   | ${'accounts_receivable 142.8, revenue -10.19, deferred_revenue -109.81, tax -22.8'} | ${'a year ahead: of 120.00, 31 of 365 days are January’s'}
  ${'-5'}    | ${'0'}    | ${'-5'}    | ${'0'}      | ${'0'}   | ${'customer_credit -5, revenue 5'}                                                  | ${'below zero the customer is owed it'}
  ${'-11.9'} | ${'-1.9'} | ${'-4'}    | ${'-6'}     | ${'0'}   | ${'customer_credit -11.9, revenue 4, deferred_revenue 6, tax 1.9'}                  | ${'and gets tax and what was to come back'}
  ${'0'}     | ${'0'}    | ${'-3'}    | ${'3'}      | ${'0'}   | ${'revenue 3, deferred_revenue -3'}                                                 | ${'asks for nothing, and moves what is earned when'}
  ${'119'}   | ${'19'}   | ${'0'}     | ${'0'}      | ${'100'} | ${'accounts_receivable 119, prepaid_credit -100, tax -19'}                          | ${'units are owed until they are used'}
`('$total: $because', ({ total, taxTotal, earned, deferred, prepaid, entries }) => {
  const amounts = { total, taxTotal, earned, deferred, prepaid };
  const booked = issueEntries(
    Object.fromEntries(
      Object.entries(amounts).map(([key, value]) => [key, new Decimal(value)]),
    ) as unknown as Parameters<typeof issueEntries>[0],
  ).filter(({ amount }) => !amount.isZero());
  expect(booked.map(({ account, amount }) => `${account} ${amount.toFixed()}`).join(', ')).toBe(entries);
  expect(sum(booked.map(({ amount }) => amount)).isZero()).toBe(true);
});

it.each`
  balance | total   | applied | because
  ${'9'}  | ${'20'} | ${'9'}  | ${'as far as it goes'}
  ${'30'} | ${'20'} | ${'20'} | ${'no more than is asked'}
  ${'0'}  | ${'20'} | ${'0'}  | ${'there is none'}
  ${'9'}  | ${'0'}  | ${'0'}  | ${'nothing is asked'}
  ${'9'}  | ${'-5'} | ${'0'}  | ${'the invoice adds to the credit'}
`('a balance of $balance pays $applied of $total: $because', ({ balance, total, applied }) => {
  expect(creditToApply(new Decimal(balance), new Decimal(total)).toFixed()).toBe(applied);
});

it('credit that is used up lowers what the customer owes and what they have', () => {
  const booked = creditAppliedEntries(new Decimal(9)).map(({ account, amount }) => `${account} ${amount.toFixed()}`);
  expect(booked).toEqual(['customer_credit 9', 'accounts_receivable -9']);
});
