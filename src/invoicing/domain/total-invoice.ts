import { type Currency, type Decimal, decimalText, sum } from '../../kernel';
import { type OwedTax, type TaxBehaviour, type TaxCategory, taxInvoice, type TaxRate } from '../../taxes/domain';

/** A line with what it was rated at and the rates it bears. */
export interface LineToTotal {
  /** Rounded: the price's own terms, discounts taken off, tax on top or within as its rates say. */
  readonly amount: Decimal;
  readonly exactAmount: Decimal;
  readonly rates: readonly TaxRate[];
}

/** What is owed of one rate, as it is stored with a line and with an invoice. */
export interface LineTax {
  readonly key: string;
  readonly name: string;
  /** In per cent. */
  readonly percent: string;
  readonly behaviour: TaxBehaviour;
  readonly category: TaxCategory;
  /** What is taxed: without any tax. */
  readonly base: string;
  readonly amount: string;
  /** Why nothing is asked; null for what is taxed. */
  readonly reason: string | null;
}

export interface TotalledInvoice {
  /** In the order given. */
  readonly lines: readonly { readonly net: Decimal; readonly tax: Decimal; readonly taxes: readonly LineTax[] }[];
  /** By rate, in the order in which the lines first name them. */
  readonly taxes: readonly LineTax[];
  /** Without tax: what is earned. */
  readonly subtotal: Decimal;
  readonly taxTotal: Decimal;
  /** subtotal + taxTotal: what is asked. */
  readonly total: Decimal;
  /** The lines before they were rounded, in their own terms. */
  readonly exactTotal: Decimal;
}

/**
 * Totals an invoice. The order in which an amount becomes what is due, once and for all:
 *
 * 1. **Charges**, by what was used and agreed (`rating`).
 * 2. **Discounts** (`rating`): they are off a charge, so a minimum is held against what is left of it.
 * 3. **Minimums, maximums, commitments** (`rating`): promises about what is paid in the end for the service.
 * 4. **Tax** (here): it is owed on what is asked for the service, so on all of the above and on nothing below.
 * 5. **Credit notes** (`amountDueOf`): they take back what was asked, with its tax.
 * 6. **Credit** of the customer: it is money, and pays what is left with the tax in it. Were it taken off before tax, less
 *    tax would be owed for having paid early.
 * 7. **Prepaid credit**: money too, that was paid for something to come. It is what is left for it to pay, so that credit
 *    which has no other use goes first.
 * 8. What was **paid**. What is left is due.
 *
 * Lines 100.00 and 20.00 at 19 % on top: subtotal 120.00, tax 22.80, total 142.80.
 *
 * @see taxInvoice for how taxes are rounded and shared out
 */
export function totalInvoice(lines: readonly LineToTotal[], currency: Currency): TotalledInvoice {
  const taxed = taxInvoice(currency, lines);
  return {
    lines: taxed.lines.map(({ net, tax, taxes }) => ({ net, tax, taxes: taxes.map(toLineTax) })),
    taxes: taxed.taxes.map(toLineTax),
    subtotal: taxed.net,
    taxTotal: taxed.tax,
    total: taxed.gross,
    exactTotal: sum(lines.map(({ exactAmount }) => exactAmount)),
  };
}

function toLineTax({ rate, base, amount }: OwedTax): LineTax {
  const { key, name, percent, behaviour, category, reason } = rate;
  return {
    key,
    name,
    percent: decimalText(percent),
    behaviour,
    category,
    base: decimalText(base),
    amount: decimalText(amount),
    reason,
  };
}
