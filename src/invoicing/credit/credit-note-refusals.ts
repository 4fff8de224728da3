import {
  ConflictError,
  type Currency,
  type Decimal,
  type FieldProblem,
  formatAmount,
  fromPublicId,
  InvalidRequestError,
  NotFoundError,
  toPublicId,
} from '../../kernel';
import type { Creditable } from './credit-note-storage';
import { type CreditableInvoice, type CreditGivenAs, mostToNote, noteProblem } from '../domain';
import type { InvoiceEntity } from '../persistence/invoice.entity';

/** An amount that is to be taken back of a line. */
export interface WantedLine {
  /** Our id of the line or its position on the invoice, counted from 1. */
  readonly line: string;
  readonly amount: Decimal;
}

/** @throws ConflictError `invoice_not_open`: a draft is changed, and of what is void nothing is left to take back */
export function refuseNotOpen(invoice: InvoiceEntity): void {
  if (invoice.status !== 'draft' && invoice.status !== 'void') return;
  const name = invoice.number ?? toPublicId('invoice', invoice.id);
  throw new ConflictError(
    'invoice_not_open',
    invoice.status === 'draft'
      ? `The invoice ${name} is still a draft, so there is nothing to take back yet. Finalize it first.`
      : `The invoice ${name} is void: all of it is taken back already.`,
  );
}

/**
 * Credit that was bought may be used by now, and what it was paid for then stands on other invoices.
 *
 * @throws ConflictError `invoice_sells_credit`
 */
export function refuseBought({ number }: InvoiceEntity, { sellsCredit }: Creditable): void {
  if (!sellsCredit) return;
  throw new ConflictError(
    'invoice_sells_credit',
    `The invoice ${number} sold prepaid credit, which a credit note can't take back. While it isn't paid it can be voided.`,
  );
}

/**
 * The amounts asked for, by line; null where all that is left is.
 *
 * @throws NotFoundError       for a line that isn't on the invoice
 * @throws InvalidRequestError `invalid_credit_note`
 * @throws ConflictError       `credit_too_large`
 */
export function wantedAmounts(
  { lines }: Creditable,
  wanted: readonly WantedLine[] | null,
  currency: Currency,
): ReadonlyMap<string, Decimal> | null {
  if (wanted === null) return null;
  const amounts = new Map<string, Decimal>();
  const problems: (FieldProblem & { readonly kind: 'invalid' | 'too_large' })[] = [];
  for (const [index, { line: reference, amount }] of wanted.entries()) {
    const field = `lines[${index}]`;
    const id = fromPublicId('invoiceLine', reference);
    const line = lines.find((each) => (id === null ? String(each.position + 1) === reference : each.id === id));
    if (line === undefined) throw new NotFoundError('invoice line', reference, `${field}.line`);
    const problem = amounts.has(line.id)
      ? { kind: 'invalid' as const, detail: 'is a line that is named twice' }
      : noteProblem(line, amount, currency);
    if (problem !== null) problems.push({ field: `${field}.amount`, ...problem });
    amounts.set(line.id, amount);
  }
  refuseProblems(problems);
  return amounts;
}

function refuseProblems(problems: readonly (FieldProblem & { readonly kind: 'invalid' | 'too_large' })[]): void {
  const [first] = problems;
  if (first === undefined) return;
  const fields = problems.map(({ field, detail }) => ({ field, detail }));
  const message = `${first.field}: ${first.detail}`;
  if (problems.some(({ kind }) => kind === 'invalid')) {
    throw new InvalidRequestError('invalid_credit_note', message, fields);
  }
  throw new ConflictError('credit_too_large', message, fields);
}

/** @throws ConflictError `credit_too_large` for more than may go where it is to go, or for a note of nothing */
export function refuseTooMuch(invoice: CreditableInvoice, as: CreditGivenAs, total: Decimal, currency: Currency): void {
  const { most, what } = mostToNote(as, invoice);
  if (total.greaterThan(0) && total.lessThanOrEqualTo(most)) return;
  const shown = (amount: Decimal): string => `${formatAmount(amount, currency)} ${currency}`;
  throw new ConflictError(
    'credit_too_large',
    total.greaterThan(0)
      ? `The credit note would come to ${shown(total)}, but only ${shown(most)} ${what}.`
      : `Nothing is left of the invoice to take back: the credit note would come to ${shown(total)}.`,
  );
}
