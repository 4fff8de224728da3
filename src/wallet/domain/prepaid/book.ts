import { type Currency, type Decimal, invariant, minorUnitDecimals, roundToMinorUnit, ZERO } from '../../../kernel';
import type { Account } from '../accounts';
import { credit, debit, type Entry } from '../posting';

/**
 * What has happened to a wallet in its whole life, in the currency of its books, unrounded. A wallet in money is booked at
 * its face: a gift of 10.00 is a debt of 10.00. One in own units is booked at what was paid for the units: a gift is nothing.
 */
export interface WalletTotals {
  /** What was paid for grants, in minor units. */
  readonly paid: Decimal;
  /** Of grants in money: what was granted beyond what was paid for it, less what of that expired. */
  readonly given: Decimal;
  /** What has paid invoices, in minor units: wallets in money. */
  readonly applied: Decimal;
  /** What was earned by burning: wallets in own units. */
  readonly earned: Decimal;
  /** What was paid for, and expired. */
  readonly breakage: Decimal;
}

/** What a wallet is counted in. */
export type WalletMeasure = 'money' | 'units';

export const NO_TOTALS: WalletTotals = { paid: ZERO, given: ZERO, applied: ZERO, earned: ZERO, breakage: ZERO };

/** What is still owed in credit, unrounded. */
export function owedOf({ paid, given, applied, earned, breakage }: WalletTotals): Decimal {
  return paid.plus(given).minus(applied).minus(earned).minus(breakage);
}

/**
 * What the ledger books for a step of a wallet. Each account gets the difference of its rounded totals, so however many
 * steps there are, and however small, its balance is its total, rounded, and never drifts away from it. A third of a cent
 * each time:
 *
 * ```
 * earned so far   0.00333…   0.00666…   0.01
 * rounded         0.00       0.01       0.01
 * booked             —       0.01          —
 * ```
 *
 * What is owed is rounded by itself, so that a wallet that is used up owes nothing. What makes the entries sum to zero
 * falls to what was given (money) or earned (units).
 *
 * @param funding what a purchase is booked against: the payment, or what the customer owes
 * @returns       entries that sum to zero; those of zero amounts say nothing
 */
export function walletEntries(
  before: WalletTotals,
  after: WalletTotals,
  { measure, currency }: { readonly measure: WalletMeasure; readonly currency: Currency },
  funding: Account = 'payments',
): Entry[] {
  const from = rounded(before, measure, currency);
  const to = rounded(after, measure, currency);
  const moved = (of: (totals: RoundedTotals) => Decimal): Decimal => of(to).minus(of(from));
  return [
    debit(
      funding,
      moved(({ paid }) => paid),
    ),
    debit(
      'promotional_credit',
      moved(({ given }) => given),
    ),
    credit(
      'prepaid_credit',
      moved(({ owed }) => owed),
    ),
    credit(
      'accounts_receivable',
      moved(({ applied }) => applied),
    ),
    credit(
      'revenue',
      moved(({ earned }) => earned),
    ),
    credit(
      'breakage',
      moved(({ breakage }) => breakage),
    ),
  ];
}

interface RoundedTotals extends WalletTotals {
  readonly owed: Decimal;
}

function rounded(totals: WalletTotals, measure: WalletMeasure, currency: Currency): RoundedTotals {
  const { paid, given, applied, earned } = totals;
  const isRounded = (amount: Decimal): boolean => amount.decimalPlaces() <= minorUnitDecimals(currency);
  invariant(isRounded(paid) && isRounded(applied), 'what is paid, and what pays an invoice, is in minor units');
  invariant(
    measure === 'money' ? earned.isZero() : given.isZero() && applied.isZero(),
    'money is given and pays invoices, units are earned',
  );
  const owed = roundToMinorUnit(owedOf(totals), currency);
  const breakage = roundToMinorUnit(totals.breakage, currency);
  const rest = owed.minus(paid).plus(applied).plus(breakage);
  return measure === 'money'
    ? { paid, applied, owed, breakage, given: rest, earned: ZERO }
    : { paid, applied, owed, breakage, given: ZERO, earned: rest.negated() };
}
