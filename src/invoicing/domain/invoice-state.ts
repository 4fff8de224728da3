import { Decimal, ZERO } from '../../kernel';
import { credit, debit, type Entry } from '../../wallet/domain';

/**
 * ```
 * draft ──► finalized ──► paid            paid in full; at once where nothing is due
 *                 ├─────► void            taken back, as if it had never been sent
 *                 └─────► uncollectible   given up; ──► paid, if the money comes after all
 * ```
 */
export const INVOICE_STATUSES = ['draft', 'finalized', 'paid', 'void', 'uncollectible'] as const;
export type InvoiceStatus = (typeof INVOICE_STATUSES)[number];

/** What of an invoice says how much of it is still to be paid. */
export interface InvoiceToPay {
  readonly status: InvoiceStatus;
  readonly total: Decimal;
  /** Credit of the customer that was used for it. */
  readonly creditApplied: Decimal;
  /** Prepaid credit that was used for it. */
  readonly prepaidApplied: Decimal;
  /** What credit notes took off what is due. */
  readonly credited: Decimal;
  readonly amountPaid: Decimal;
}

/** What is still to be paid: nothing of what is void, or of a total below zero. 142.80 − 40.00 of credit: 102.80. */
export function amountDueOf({
  status,
  total,
  creditApplied,
  prepaidApplied,
  credited,
  amountPaid,
}: InvoiceToPay): Decimal {
  if (status === 'void') return ZERO;
  return Decimal.max(total, ZERO).minus(credited).minus(creditApplied).minus(prepaidApplied).minus(amountPaid);
}

/** What a payment does. */
export interface AppliedPayment {
  /** What of it pays the invoice. */
  readonly applied: Decimal;
  /** What of it is more than was due, and becomes credit of the customer. */
  readonly credited: Decimal;
  readonly amountPaid: Decimal;
  readonly status: InvoiceStatus;
  readonly entries: readonly Entry[];
}

/**
 * Applies a payment to an invoice that is finalized, paid already (all of it becomes credit) or given up (it takes the
 * write-off back, as far as it goes).
 *
 * ```
 * due 20.00, paid 30.00    payments +30.00   accounts_receivable -20.00   customer_credit -10.00
 * ```
 */
export function applyPayment(invoice: InvoiceToPay, amount: Decimal): AppliedPayment {
  const due = amountDueOf(invoice);
  const applied = Decimal.min(amount, due);
  const credited = amount.minus(applied);
  const owed = invoice.status === 'uncollectible' ? 'write_offs' : 'accounts_receivable';
  return {
    applied,
    credited,
    amountPaid: invoice.amountPaid.plus(applied),
    status: applied.equals(due) ? 'paid' : invoice.status,
    entries: [debit('payments', amount), credit(owed, applied), credit('customer_credit', credited)],
  };
}

/** What voiding books beside the reversal of what finalizing booked: what was paid is credit of the customer now. */
export function voidedEntries({ amountPaid }: InvoiceToPay): Entry[] {
  return [debit('accounts_receivable', amountPaid), credit('customer_credit', amountPaid)];
}

/** What giving up books: what is still due is no longer expected. */
export function writtenOffEntries(invoice: InvoiceToPay): Entry[] {
  const due = amountDueOf(invoice);
  return [debit('write_offs', due), credit('accounts_receivable', due)];
}
