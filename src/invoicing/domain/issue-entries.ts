import { Decimal, ZERO } from '../../kernel';
import { credit, debit, type Entry } from '../../wallet/domain';

/** What an invoice comes to when it is finalized: `earned + deferred + prepaid + taxTotal = total`. */
export interface IssuedAmounts {
  /** What is asked, tax included. */
  readonly total: Decimal;
  readonly taxTotal: Decimal;
  /** Without tax, for service up to the end of the month of issue. */
  readonly earned: Decimal;
  /** Without tax, for service in later months. */
  readonly deferred: Decimal;
  /** Without tax, for prepaid credit: it is owed until it is used. */
  readonly prepaid: Decimal;
}

/**
 * What finalizing books. The customer owes the total; of a total below zero they are owed it, as credit.
 *
 * ```
 * total 142.80, tax 22.80, of 120.00 for a year 10.19 in January
 *   accounts_receivable +142.80   revenue -10.19   deferred_revenue -109.81   tax -22.80
 * total -5.00
 *   customer_credit       -5.00   revenue  +5.00
 * ```
 */
export function issueEntries({ total, taxTotal, earned, deferred, prepaid }: IssuedAmounts): Entry[] {
  return [
    debit(total.lessThan(0) ? 'customer_credit' : 'accounts_receivable', total),
    credit('revenue', earned),
    credit('deferred_revenue', deferred),
    credit('prepaid_credit', prepaid),
    credit('tax', taxTotal),
  ];
}

/** What of a customer's credit pays an invoice: as far as it goes. Of one of nothing, or of less, there is nothing to pay. */
export function creditToApply(balance: Decimal, total: Decimal): Decimal {
  return Decimal.max(Decimal.min(balance, total), ZERO);
}

/** What using credit up books: the customer owes less, and has less. 9.00: `customer_credit +9.00, accounts_receivable -9.00`. */
export function creditAppliedEntries(amount: Decimal): Entry[] {
  return [debit('customer_credit', amount), credit('accounts_receivable', amount)];
}
