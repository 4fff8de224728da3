import { type Currency, type Decimal, invariant, sum } from '../../kernel';
import { applicableRates } from './applicable-rates';
import { type InvoiceTaxes, type RatedLine, type TaxBehaviour, taxInvoice } from './tax-invoice';
import type { Day, TaxPlace, TaxRate } from './tax-rate';
import { borneBy, type CustomerTax } from './tax-status';

/** A line whose taxes are asked for. */
export interface TaxRequestLine {
  /** By which the answer names it; unique in the request. */
  readonly key: string;
  /** Rounded to the minor unit, discounts taken off; below zero for a credit. */
  readonly amount: Decimal;
  /** Whether taxes come on top of the amount or lie within it. */
  readonly behaviour: TaxBehaviour;
  /** What is sold, by a code that rates name; null for nothing in particular. */
  readonly taxCode: string | null;
  /** The day whose rates hold: the last one of the service, in the customer's zone. */
  readonly on: Day;
}

/** An invoice, as far as taxes ask. */
export interface TaxRequest {
  readonly currency: Currency;
  readonly customer: CustomerTax & {
    readonly id: string;
    /** Null while the billing details don't tell. */
    readonly place: TaxPlace | null;
    /** As the customer gave it; nothing is looked up. */
    readonly taxId: string | null;
  };
  readonly lines: readonly TaxRequestLine[];
}

/** The answer of one's own tables: which rates each line bears, and what they come to. */
export function taxesByTable(rates: readonly TaxRate[], { currency, customer, lines }: TaxRequest): InvoiceTaxes {
  const rated = lines.map(({ key, amount, behaviour, taxCode, on }): RatedLine => {
    const query = { place: customer.place, taxCode, on, ownRates: customer.rates };
    return { key, amount, behaviour, rates: borneBy(customer, applicableRates(rates, query)) };
  });
  return taxInvoice(currency, rated);
}

/**
 * Holds an answer against what was asked, whoever gave it: a provider that computes elsewhere may not change a price or
 * lose a cent.
 *
 * @throws InvariantError when a line is missing, or something doesn't add up
 */
export function checkTaxes(request: TaxRequest, answer: InvoiceTaxes): InvoiceTaxes {
  invariant(
    answer.lines.length === request.lines.length &&
      answer.lines.every(({ key }, index) => key === request.lines[index]!.key),
    'every line has its taxes, in the order asked for',
  );
  for (const [index, line] of answer.lines.entries()) {
    const { amount, behaviour } = request.lines[index]!;
    invariant(line.tax.equals(sum(line.taxes.map((each) => each.amount))), 'the taxes of a line add up');
    invariant(line.gross.equals(line.net.plus(line.tax)), 'net and tax of a line are its gross');
    invariant(
      amount.equals(behaviour === 'inclusive' ? line.gross : line.net),
      'taxes leave a line’s own amount as it is',
    );
  }
  invariant(
    answer.tax.equals(sum(answer.lines.map(({ tax }) => tax))),
    'the taxes of the lines add up to the invoice’s',
  );
  invariant(answer.tax.equals(sum(answer.totals.map(({ amount }) => amount))), 'so do those of the rates');
  invariant(
    answer.net.equals(sum(answer.lines.map(({ net }) => net))) && answer.gross.equals(answer.net.plus(answer.tax)),
    'net and gross of the lines add up to the invoice’s',
  );
  return answer;
}
