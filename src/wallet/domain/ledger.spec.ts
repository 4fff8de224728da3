import fc from 'fast-check';
import { Decimal, sum } from '../../kernel';
import { type Account, ACCOUNTS, balanced, credit, debit, type Entry, reversed, trialBalances } from '.';

const entry = (account: Account, amount: string): Entry => ({ account, amount: new Decimal(amount) });

/** `account amount, account amount, …` */
const entries = (text: string): Entry[] =>
  text === ''
    ? []
    : text.split(', ').map((each) => {
        const [account = '', amount = ''] = each.split(' ');
        return entry(account as Account, amount);
      });
const shown = (all: readonly Entry[]): string =>
  all.map(({ account, amount }) => `${account} ${amount.toFixed()}`).join(', ');

it.each`
  posting                                                        | currency | booked                                                         | because
  ${'accounts_receivable 120, revenue -100, tax -20'}            | ${'USD'} | ${'accounts_receivable 120, revenue -100, tax -20'}            | ${'parts sum to the whole'}
  ${'accounts_receivable 100, revenue -100, tax 0'}              | ${'USD'} | ${'accounts_receivable 100, revenue -100'}                     | ${'an entry of zero says nothing'}
  ${'accounts_receivable 0, revenue 0'}                          | ${'USD'} | ${''}                                                          | ${'nothing happened'}
  ${'accounts_receivable 1.005, revenue -1.005'}                 | ${'KWD'} | ${'accounts_receivable 1.005, revenue -1.005'}                 | ${'a currency of three decimals'}
  ${'payments 30, accounts_receivable -20, customer_credit -10'} | ${'JPY'} | ${'payments 30, accounts_receivable -20, customer_credit -10'} | ${'more was paid than was due'}
`('$posting in $currency: $because', ({ posting, currency, booked }) => {
  expect(shown(balanced(entries(posting), currency))).toBe(booked);
});

it.each`
  posting                                        | currency | because
  ${'accounts_receivable 100, revenue -99.99'}   | ${'USD'} | ${'a cent is missing'}
  ${'accounts_receivable 100'}                   | ${'USD'} | ${'it has one side'}
  ${'accounts_receivable 0.005, revenue -0.005'} | ${'USD'} | ${'half a cent can’t be paid'}
  ${'accounts_receivable 0.5, revenue -0.5'}     | ${'JPY'} | ${'nor half a yen'}
`('$posting in $currency is refused: $because', ({ posting, currency }) => {
  expect(() => balanced(entries(posting), currency)).toThrow('Expected always to hold');
});

it('a debit is above zero and a credit below', () => {
  expect(shown([debit('payments', new Decimal(5)), credit('revenue', new Decimal(5))])).toBe('payments 5, revenue -5');
});

const cents = fc.integer({ min: -1_000_000, max: 1_000_000 }).map((value) => new Decimal(value).dividedBy(100));
const account = fc.constantFrom(...ACCOUNTS);
/** Entries that sum to zero: the last takes what the others leave. */
const posting = fc.array(fc.record({ account, amount: cents }), { maxLength: 6 }).chain((some) =>
  account.map((last) => {
    const left = sum(some.map(({ amount }) => amount)).negated();
    return balanced([...some, { account: last, amount: left }], 'USD');
  }),
);

const sumsOf = (currency: string, booked: readonly Entry[]) =>
  ACCOUNTS.map((each) => {
    const amounts = booked.filter((one) => one.account === each).map(({ amount }) => amount);
    return {
      currency,
      account: each,
      debits: sum(amounts.filter((amount) => amount.greaterThan(0))),
      credits: sum(amounts.filter((amount) => amount.lessThan(0))).negated(),
    };
  });

it('a posting and its reversal are nothing in every account', () => {
  fc.assert(
    fc.property(posting, (booked) => {
      const [balance] = trialBalances(sumsOf('USD', [...booked, ...balanced(reversed(booked), 'USD')]));
      expect(balance!.accounts.every((each) => each.balance.isZero())).toBe(true);
    }),
  );
});

it('of any postings, debits are credits, and balances sum to zero', () => {
  fc.assert(
    fc.property(fc.array(posting, { maxLength: 20 }), (postings) => {
      const [balance] = trialBalances(sumsOf('USD', postings.flat()));
      expect(balance!.debits.equals(balance!.credits)).toBe(true);
      expect(sum(balance!.accounts.map((each) => each.balance)).isZero()).toBe(true);
    }),
  );
});

it('currencies are apart, each with all accounts in order; a posting that was torn is noticed', () => {
  const booked = entries('accounts_receivable 10, revenue -10');
  const balances = trialBalances([...sumsOf('USD', booked), ...sumsOf('EUR', booked)]);
  expect(balances.map(({ currency }) => currency)).toEqual(['EUR', 'USD']);
  expect(balances[0]!.accounts.map((each) => each.account)).toEqual(ACCOUNTS);
  expect(trialBalances([])).toEqual([]);
  expect(() => trialBalances(sumsOf('USD', booked.slice(1)))).toThrow('debits and credits');
});
