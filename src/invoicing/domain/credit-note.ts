import { type Currency, Decimal, decimalText, minorUnitDecimals, roundToMinorUnit, sum, ZERO } from '../../kernel';
import { credit, debit, type Entry } from '../../wallet/domain';
import type { InvoiceStatus } from './invoice-state';
import { amountDueOf, type InvoiceToPay } from './invoice-state';
import type { LineTax } from './total-invoice';

/** Where the amount of a credit note goes: it lowers what is due, becomes credit of the customer, or is paid back. */
export const CREDIT_GIVEN_AS = ['invoice', 'balance', 'refund'] as const;
export type CreditGivenAs = (typeof CREDIT_GIVEN_AS)[number];

/** A line of a finalized invoice, with what credit notes have taken back of it so far. */
export interface CreditableLine {
  readonly id: string;
  readonly description: string;
  /** As the line says it: without a tax that is added, with one that is included. */
  readonly amount: Decimal;
  readonly net: Decimal;
  readonly taxes: readonly LineTax[];
  /** Of `amount`. */
  readonly noted: Decimal;
}

/** What a credit note takes back of a line. */
export interface NotedLine {
  readonly id: string;
  readonly amount: Decimal;
  readonly net: Decimal;
  readonly tax: Decimal;
  readonly taxes: readonly LineTax[];
}

export interface NotedAmounts {
  readonly lines: readonly NotedLine[];
  readonly subtotal: Decimal;
  readonly taxTotal: Decimal;
  readonly total: Decimal;
}

/** What of an invoice bounds its credit notes. */
export interface CreditableInvoice extends InvoiceToPay {
  /** What credit notes come to so far, and what of it was paid back. */
  readonly noted: Decimal;
  readonly refunded: Decimal;
}

/** What is left of a line: nothing once its credit notes have taken back all of it. */
export function leftOf({ amount, noted }: CreditableLine): Decimal {
  return amount.minus(noted);
}

/**
 * Why an amount can't be taken back of a line, or null when it can. `too_large` may become possible with less, or is
 * about what other notes have taken.
 */
export function noteProblem(
  line: CreditableLine,
  amount: Decimal,
  currency: Currency,
): { readonly kind: 'invalid' | 'too_large'; readonly detail: string } | null {
  const decimals = minorUnitDecimals(currency);
  if (!amount.greaterThan(0) || amount.decimalPlaces() > decimals) {
    return { kind: 'invalid', detail: `must be above zero with at most ${decimals} decimals, as ${currency} has` };
  }
  if (!line.amount.greaterThan(0)) {
    return { kind: 'invalid', detail: 'is of a line that charges nothing, so there is nothing to take back' };
  }
  if (amount.lessThanOrEqualTo(leftOf(line))) return null;
  return { kind: 'too_large', detail: `must be at most ${decimalText(leftOf(line))}, which is left of the line` };
}

/**
 * What a credit note takes back: of each line the amount asked for, with its share of the line's taxes; or all that is
 * left of every line, also of those that give something back, so that the notes together are the invoice.
 *
 * @param wanted amounts without a problem, by line id; null for all that is left
 */
export function noteAmounts(
  lines: readonly CreditableLine[],
  wanted: ReadonlyMap<string, Decimal> | null,
  currency: Currency,
): NotedAmounts {
  const noted = lines.flatMap((line) => {
    const amount = wanted === null ? leftOf(line) : (wanted.get(line.id) ?? ZERO);
    return amount.isZero() ? [] : [noteLine(line, amount, currency)];
  });
  const subtotal = sum(noted.map(({ net }) => net));
  const taxTotal = sum(noted.map(({ tax }) => tax));
  return { lines: noted, subtotal, taxTotal, total: subtotal.plus(taxTotal) };
}

/**
 * A part of a line. Of a tax goes back what its share in all that was taken back so far is more than before, so the part
 * that completes the line takes the rest, and no part before it takes more than there is:
 *
 * ```
 * 10.00 + 1.90 tax   note of 4.00: 0.76   note of 6.00: 1.90 − 0.76 = 1.14
 *  1.00 + 0.05 tax   notes of 0.10: round(0.005) = 0.01, round(0.010) − 0.01 = 0.00, round(0.015) − 0.01 = 0.01, …
 * ```
 */
function noteLine(line: CreditableLine, amount: Decimal, currency: Currency): NotedLine {
  const after = line.noted.plus(amount);
  const share = (of: Decimal, noted: Decimal): Decimal =>
    roundToMinorUnit(of.times(noted).dividedBy(line.amount), currency);
  const part = (of: Decimal): Decimal => share(of, after).minus(share(of, line.noted));

  const parts = line.taxes.map((tax) => ({ tax, amount: part(new Decimal(tax.amount)) }));
  const included = sum(parts.filter(({ tax }) => tax.behaviour === 'inclusive').map((each) => each.amount));
  const net = amount.minus(included);
  const taxes = parts.map(({ tax, amount: taken }) => {
    // What is taxed is the line without tax, unless the rate says something else.
    const base = line.net.equals(tax.base) ? net : part(new Decimal(tax.base));
    return { ...tax, base: decimalText(base), amount: decimalText(taken) };
  });
  return { id: line.id, amount, net, tax: sum(parts.map((each) => each.amount)), taxes };
}

/** What goes back of each rate, in the order in which lines first name them. */
export function sumTaxes(lines: readonly { readonly taxes: readonly LineTax[] }[]): LineTax[] {
  const byRate = new Map<string, LineTax>();
  for (const tax of lines.flatMap(({ taxes }) => taxes)) {
    const rate = [tax.key, tax.percent, tax.behaviour, tax.category].join(' ');
    const { base, amount } = byRate.get(rate) ?? { base: ZERO, amount: ZERO };
    byRate.set(rate, {
      ...tax,
      base: decimalText(new Decimal(base).plus(tax.base)),
      amount: decimalText(new Decimal(amount).plus(tax.amount)),
    });
  }
  return [...byRate.values()];
}

/**
 * The most a credit note may come to, and why.
 *
 * - Together they are never more than the invoice asked for.
 * - One that lowers what is due: what is due. Of what was given up, that is what was written off.
 * - One that is paid back: what was paid, less what was paid back already. Credit that was used up is given back as
 *   credit.
 */
export function mostToNote(as: CreditGivenAs, invoice: CreditableInvoice): { most: Decimal; what: string } {
  const left = Decimal.max(invoice.total, ZERO).minus(invoice.noted);
  const ofItsKind = {
    invoice: { most: amountDueOf(invoice), what: 'is due' },
    balance: { most: left, what: 'is left of the invoice' },
    refund: { most: invoice.amountPaid.minus(invoice.refunded), what: 'was paid and not paid back yet' },
  }[as];
  return left.lessThan(ofItsKind.most) ? { most: left, what: 'is left of the invoice' } : ofItsKind;
}

/** A note with how its net amount was booked when it was invoiced. */
export interface NoteToBook {
  readonly as: CreditGivenAs;
  /** Of the invoice. */
  readonly status: InvoiceStatus;
  readonly total: Decimal;
  readonly taxTotal: Decimal;
  /** Of what was earned, and of what was still to be. */
  readonly earned: Decimal;
  readonly deferred: Decimal;
}

/**
 * What a credit note books. 11.90 with 1.90 of tax:
 *
 * ```
 * off what is due    revenue +10.00   tax +1.90   accounts_receivable -11.90   of what was given up: write_offs
 * as credit          revenue +10.00   tax +1.90   customer_credit     -11.90
 * paid back          revenue +10.00   tax +1.90   payments            -11.90
 * ```
 */
export function creditNoteEntries({ as, status, total, taxTotal, earned, deferred }: NoteToBook): Entry[] {
  const owed = status === 'uncollectible' ? 'write_offs' : 'accounts_receivable';
  const account = { invoice: owed, balance: 'customer_credit', refund: 'payments' } as const;
  return [
    debit('revenue', earned),
    debit('deferred_revenue', deferred),
    debit('tax', taxTotal),
    credit(account[as], total),
  ];
}

/** What is still to be earned of a line in a month. */
export interface MonthToEarn {
  readonly id: string;
  readonly month: string;
  /** Below zero of a line that gives something back. */
  readonly left: Decimal;
}

/**
 * Takes an amount from the months that are still to earn it, the last one first; what they don't have was earned.
 *
 * ```
 * 50.00 of a line whose months are still to earn 30.00 in March and 31.00 in April
 *   April 31.00, March 19.00: all of it is off what was to be earned
 * ```
 */
export function takeFromMonths(
  months: readonly MonthToEarn[],
  net: Decimal,
): { readonly taken: ReadonlyMap<string, Decimal>; readonly deferred: Decimal; readonly earned: Decimal } {
  const taken = new Map<string, Decimal>();
  let rest = net;
  for (const { id, left } of [...months].sort((a, b) => b.month.localeCompare(a.month))) {
    if (rest.isZero()) break;
    if (left.isZero() || left.lessThan(0) !== rest.lessThan(0)) continue;
    const part = left.abs().lessThan(rest.abs()) ? left : rest;
    taken.set(id, part);
    rest = rest.minus(part);
  }
  return { taken, deferred: net.minus(rest), earned: rest };
}
