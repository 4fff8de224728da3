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

/** What of an invoice decides what a payment does to it. */
export interface PayableInvoice {
  readonly status: InvoiceStatus;
  readonly total: Decimal;
  readonly amountPaid: Decimal;
}

/** What is still to be paid: nothing of what is void, or of a total below zero. */
export function amountDue({ status, total, amountPaid }: PayableInvoice): Decimal {
  return status === 'void' ? ZERO : Decimal.max(total, ZERO).minus(amountPaid);
}

/**
 * What finalizing books. The customer owes the total; of a total below zero they are owed it, as credit.
 *
 * ```
 * total 20.00    accounts_receivable +20.00   revenue -20.00
 * total -5.00    customer_credit      -5.00   revenue  +5.00
 * ```
 */
export function finalizedEntries(total: Decimal): Entry[] {
  return [debit(total.lessThan(0) ? 'customer_credit' : 'accounts_receivable', total), credit('revenue', total)];
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
export function applyPayment(invoice: PayableInvoice, amount: Decimal): AppliedPayment {
  const due = amountDue(invoice);
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
export function voidedEntries({ amountPaid }: PayableInvoice): Entry[] {
  return [debit('accounts_receivable', amountPaid), credit('customer_credit', amountPaid)];
}

/** What giving up books: what is still due is no longer expected. */
export function writtenOffEntries(invoice: PayableInvoice): Entry[] {
  const due = amountDue(invoice);
  return [debit('write_offs', due), credit('accounts_receivable', due)];
}
