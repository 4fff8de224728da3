import fc from 'fast-check';
import { Decimal, sum, ZERO } from '../../kernel';
import { type Account, balanced, type Entry, reversed } from '../../wallet/domain';
import {
  amountDueOf,
  applyPayment,
  type InvoiceStatus,
  type InvoiceToPay,
  voidedEntries,
  writtenOffEntries,
} from './invoice-state';
import { issueEntries } from './issue-entries';

const invoice = (status: InvoiceStatus, total: string, paid = '0'): InvoiceToPay => ({
  status,
  total: new Decimal(total),
  creditApplied: ZERO,
  prepaidApplied: ZERO,
  credited: ZERO,
  amountPaid: new Decimal(paid),
});
const finalizing = (total: Decimal): Entry[] =>
  issueEntries({ total, taxTotal: ZERO, earned: total, deferred: ZERO, prepaid: ZERO });
const shown = (entries: readonly Entry[]): string =>
  balanced(entries, 'USD').map(({ account, amount }) => `${account} ${amount.toFixed(2)}`).join(', '); // prettier-ignore

it.each`
  total   | entries                                        | because
  ${'20'} | ${'accounts_receivable 20.00, revenue -20.00'} | ${'the customer owes it'}
  ${'-5'} | ${'customer_credit -5.00, revenue 5.00'}       | ${'the customer is owed it'}
  ${'0'}  | ${''}                                          | ${'nothing happened'}
`('finalizing $total books: $because', ({ total, entries }) => {
  expect(shown(finalizing(new Decimal(total)))).toBe(entries);
});

it.each`
  status             | total   | paid    | amount  | then               | due        | entries                                                              | because
  ${'finalized'}     | ${'20'} | ${'0'}  | ${'20'} | ${'paid'}          | ${'0.00'}  | ${'payments 20.00, accounts_receivable -20.00'}                      | ${'in full'}
  ${'finalized'}     | ${'20'} | ${'0'}  | ${'5'}  | ${'finalized'}     | ${'15.00'} | ${'payments 5.00, accounts_receivable -5.00'}                        | ${'a part'}
  ${'finalized'}     | ${'20'} | ${'15'} | ${'5'}  | ${'paid'}          | ${'0.00'}  | ${'payments 5.00, accounts_receivable -5.00'}                        | ${'parts add up'}
  ${'finalized'}     | ${'20'} | ${'15'} | ${'8'}  | ${'paid'}          | ${'0.00'}  | ${'payments 8.00, accounts_receivable -5.00, customer_credit -3.00'} | ${'more than was due'}
  ${'paid'}          | ${'20'} | ${'20'} | ${'20'} | ${'paid'}          | ${'0.00'}  | ${'payments 20.00, customer_credit -20.00'}                          | ${'paid twice'}
  ${'paid'}          | ${'-5'} | ${'0'}  | ${'1'}  | ${'paid'}          | ${'0.00'}  | ${'payments 1.00, customer_credit -1.00'}                            | ${'nothing was due'}
  ${'uncollectible'} | ${'20'} | ${'5'}  | ${'10'} | ${'uncollectible'} | ${'5.00'}  | ${'payments 10.00, write_offs -10.00'}                               | ${'a part of what was given up'}
  ${'uncollectible'} | ${'20'} | ${'5'}  | ${'16'} | ${'paid'}          | ${'0.00'}  | ${'payments 16.00, write_offs -15.00, customer_credit -1.00'}        | ${'all of it, and more'}
`('$amount for $total ($status, $paid paid): $because', ({ status, total, paid, amount, then, due, entries }) => {
  const before = invoice(status, total, paid);
  const payment = applyPayment(before, new Decimal(amount));
  expect(payment.status).toBe(then);
  expect(amountDueOf({ ...before, status: payment.status, amountPaid: payment.amountPaid }).toFixed(2)).toBe(due);
  expect(shown(payment.entries)).toBe(entries);
});

it.each`
  status         | total   | paid   | entries                                           | because
  ${'finalized'} | ${'20'} | ${'0'} | ${'write_offs 20.00, accounts_receivable -20.00'} | ${'nothing was paid'}
  ${'finalized'} | ${'20'} | ${'8'} | ${'write_offs 12.00, accounts_receivable -12.00'} | ${'what is left'}
`('giving up $total with $paid paid books: $because', ({ status, total, paid, entries }) => {
  expect(shown(writtenOffEntries(invoice(status, total, paid)))).toBe(entries);
});

it('what is void is not due, and what was paid of it is credit', () => {
  expect(amountDueOf(invoice('void', '20', '8')).isZero()).toBe(true);
  expect(shown(voidedEntries(invoice('finalized', '20', '8')))).toBe('accounts_receivable 8.00, customer_credit -8.00');
  expect(shown(voidedEntries(invoice('finalized', '20')))).toBe('');
});

it('whatever is paid in whatever parts, what is booked agrees with the invoice', () => {
  const cents = fc.integer({ min: 1, max: 5_000 }).map((value) => new Decimal(value).dividedBy(100));
  const end = fc.constantFrom('nothing', 'void', 'uncollectible');
  fc.assert(
    fc.property(cents, fc.array(cents, { maxLength: 5 }), end, (total, payments, then) => {
      let state = invoice('finalized', total.toFixed());
      const booked = [...finalizing(total)];
      const pay = (amount: Decimal): void => {
        const payment = applyPayment(state, amount);
        booked.push(...balanced(payment.entries, 'USD'));
        state = { ...state, status: payment.status, amountPaid: payment.amountPaid };
      };
      payments.forEach(pay);
      if (state.status === 'finalized' && then === 'void') {
        booked.push(...balanced([...reversed(finalizing(total)), ...voidedEntries(state)], 'USD'));
        state = { ...state, status: 'void' };
      } else if (state.status === 'finalized' && then === 'uncollectible') {
        booked.push(...balanced(writtenOffEntries(state), 'USD'));
        state = { ...state, status: 'uncollectible' };
        payments.forEach(pay);
      }

      const balance = (account: Account): string =>
        sum(booked.filter((each) => each.account === account).map(({ amount }) => amount)).toFixed(2);
      const givenUp = state.status === 'uncollectible';
      expect(balance('accounts_receivable')).toBe((givenUp ? ZERO : amountDueOf(state)).toFixed(2));
      expect(balance('write_offs')).toBe((givenUp ? amountDueOf(state) : ZERO).toFixed(2));
      expect(balance('revenue')).toBe((state.status === 'void' ? ZERO : total.negated()).toFixed(2));
    }),
  );
});
