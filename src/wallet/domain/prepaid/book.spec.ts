import fc from 'fast-check';
import { Decimal, decimalText, roundToMinorUnit, sum, ZERO } from '../../../kernel';
import { balanced } from '../posting';
import { NO_TOTALS, owedOf, walletEntries, type WalletTotals } from '.';

const d = (text: string): Decimal => new Decimal(text);
const totals = (some: Partial<Record<keyof WalletTotals, string>>): WalletTotals => ({
  ...NO_TOTALS,
  ...Object.fromEntries(Object.entries(some).map(([name, amount]) => [name, d(amount)])),
});
const MONEY = { measure: 'money', currency: 'USD' } as const;
const UNITS = { measure: 'units', currency: 'USD' } as const;
const booked = (...of: Parameters<typeof walletEntries>): string =>
  balanced(walletEntries(...of), of[2].currency)
    .map(({ account, amount }) => `${account} ${amount.toFixed(2)}`)
    .join(', ');

it.each`
  before                         | after                                          | entries                                                               | because
  ${{}}                          | ${{ paid: '100' }}                             | ${'payments 100.00, prepaid_credit -100.00'}                          | ${'bought at its face'}
  ${{}}                          | ${{ paid: '80', given: '20' }}                 | ${'payments 80.00, promotional_credit 20.00, prepaid_credit -100.00'} | ${'100.00 for 80.00'}
  ${{}}                          | ${{ given: '10' }}                             | ${'promotional_credit 10.00, prepaid_credit -10.00'}                  | ${'a gift'}
  ${{ paid: '100' }}             | ${{ paid: '100', applied: '12.34' }}           | ${'prepaid_credit 12.34, accounts_receivable -12.34'}                 | ${'an invoice is paid'}
  ${{ paid: '80', given: '20' }} | ${{ paid: '80', given: '10', breakage: '40' }} | ${'promotional_credit -10.00, prepaid_credit 50.00, breakage -40.00'} | ${'half of it expires'}
  ${{ given: '10' }}             | ${{}}                                          | ${'promotional_credit -10.00, prepaid_credit 10.00'}                  | ${'a gift expires'}
  ${{ paid: '1' }}               | ${{ paid: '1' }}                               | ${''}                                                                 | ${'nothing happened'}
`('money, $before to $after: $because', ({ before, after, entries }) => {
  expect(booked(totals(before), totals(after), MONEY)).toBe(entries);
});

it('units are earned by what was paid for them, a third of a cent at a time', () => {
  const steps = ['0', '0.003333333333', '0.006666666666', '0.01'].map((earned) => totals({ paid: '0.01', earned }));
  expect(steps.slice(1).map((after, index) => booked(steps[index]!, after, UNITS))).toEqual([
    '',
    'prepaid_credit 0.01, revenue -0.01',
    '',
  ]);
});

it('units that were used and units that expired leave nothing, though both are half a cent', () => {
  const end = totals({ paid: '1', earned: '0.335', breakage: '0.665' });
  expect(booked(totals({ paid: '1' }), end, UNITS)).toBe('prepaid_credit 1.00, revenue -0.33, breakage -0.67');
});

it('books a purchase against what is owed for it', () => {
  expect(booked(NO_TOTALS, totals({ paid: '5' }), MONEY, 'accounts_receivable')).toBe(
    'accounts_receivable 5.00, prepaid_credit -5.00',
  );
});

it('refuses payments in parts of a cent, units that pay invoices, money that is earned', () => {
  expect(() => walletEntries(NO_TOTALS, totals({ paid: '0.001' }), MONEY)).toThrow('in minor units');
  expect(() => walletEntries(NO_TOTALS, totals({ applied: '1' }), UNITS)).toThrow('pays invoices');
  expect(() => walletEntries(NO_TOTALS, totals({ earned: '1' }), MONEY)).toThrow('pays invoices');
});

/** Steps of a wallet's life: what each adds, sub-cents in what isn't paid in money. */
const cents = fc.integer({ min: 0, max: 10_000 }).map((units) => new Decimal(units).dividedBy(100));
const tiny = fc.bigInt({ min: 0n, max: 10n ** 15n }).map((units) => new Decimal(units.toString()).dividedBy('1e12'));
const moneyStep = fc.record({ paid: cents, given: tiny, applied: cents, earned: fc.constant(ZERO), breakage: tiny });
const unitStep = fc.record({
  paid: cents,
  given: fc.constant(ZERO),
  applied: fc.constant(ZERO),
  earned: tiny,
  breakage: tiny,
});

it.each`
  setting  | step
  ${MONEY} | ${moneyStep}
  ${UNITS} | ${unitStep}
`('$setting.measure: however many steps, the books are the rounded totals', ({ setting, step }) => {
  const wallet = setting as typeof MONEY | typeof UNITS;
  fc.assert(
    fc.property(fc.array(step as fc.Arbitrary<WalletTotals>, { minLength: 1, maxLength: 40 }), (steps) => {
      const lives = steps.reduce<WalletTotals[]>(
        (before, each) => [...before, added(before.at(-1)!, each)],
        [NO_TOTALS],
      );
      const entries = lives
        .slice(1)
        .flatMap((after, index) => balanced(walletEntries(lives[index]!, after, wallet), 'USD'));
      const of = (account: string): Decimal =>
        sum(entries.filter((each) => each.account === account).map(({ amount }) => amount));
      const end = lives.at(-1)!;

      expect(decimalText(of('prepaid_credit'))).toBe(decimalText(roundToMinorUnit(owedOf(end), 'USD').negated()));
      expect(decimalText(of('breakage'))).toBe(decimalText(roundToMinorUnit(end.breakage, 'USD').negated()));
      expect(decimalText(of('payments'))).toBe(decimalText(end.paid));
      expect(decimalText(of('accounts_receivable'))).toBe(decimalText(end.applied.negated()));
      // What takes the rest is off by what two roundings may be: less than a minor unit.
      const rest =
        wallet.measure === 'money' ? of('promotional_credit').minus(end.given) : of('revenue').plus(end.earned);
      expect(rest.abs().lessThanOrEqualTo('0.01')).toBe(true);
    }),
  );
});

function added(before: WalletTotals, step: WalletTotals): WalletTotals {
  return {
    paid: before.paid.plus(step.paid),
    given: before.given.plus(step.given),
    applied: before.applied.plus(step.applied),
    earned: before.earned.plus(step.earned),
    breakage: before.breakage.plus(step.breakage),
  };
}
