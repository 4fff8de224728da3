import {
  type Currency,
  type Decimal,
  HUNDRED,
  minorUnitDecimals,
  scaledFromDecimal,
  scaledToDecimal,
  sum,
} from '../../kernel';
import { apportion, type Share } from './apportion';
import type { TaxCategory } from './tax-category';
import type { TaxBehaviour } from './tax-rate';

/** A rate as a line bears it. It is copied to the line, so that an invoice says by itself what it was made of. */
export interface TaxRate {
  readonly key: string;
  /** As it stands on the invoice. */
  readonly name: string;
  /** In per cent; 0 for what isn't taxed. */
  readonly percent: Decimal;
  /** Whether it comes on top of the line's amount or lies within it. */
  readonly behaviour: TaxBehaviour;
  readonly category: TaxCategory;
  /** Why nothing is asked; null for what is taxed. */
  readonly reason: string | null;
}

/** A line with the rates it bears. */
export interface RatedLine {
  /** Rounded to the minor unit; below zero for a credit. */
  readonly amount: Decimal;
  readonly rates: readonly TaxRate[];
}

/** What is owed of one rate: of a line, or of a whole invoice. */
export interface OwedTax {
  readonly rate: TaxRate;
  /** What is taxed: without any tax. */
  readonly base: Decimal;
  readonly amount: Decimal;
}

export interface TaxedLine {
  /** Without tax: what is earned. */
  readonly net: Decimal;
  readonly tax: Decimal;
  /** net + tax: what the customer is asked. Where all taxes lie within the amount it is that, to the last cent. */
  readonly gross: Decimal;
  /** In the order of its rates. */
  readonly taxes: readonly OwedTax[];
}

export interface InvoiceTaxes {
  /** In the order given. */
  readonly lines: readonly TaxedLine[];
  /** By rate, in the order in which the lines first name them. They add up to `tax`. */
  readonly taxes: readonly OwedTax[];
  readonly net: Decimal;
  readonly tax: Decimal;
  readonly gross: Decimal;
}

/** Decimals that percentages are counted in: as many as a decimal from outside may have. */
const PERCENT_DECIMALS = 12;
const WHOLE = scaledFromDecimal(HUNDRED, PERCENT_DECIMALS);

/** What an invoice owes of one rate, line by line, before it is rounded. */
interface Owed {
  readonly rate: TaxRate;
  readonly lines: { readonly line: number; readonly share: Share }[];
}

/**
 * The taxes of an invoice. What a rate asks is found on the sum of all lines that bear it, rounded **once**, half away
 * from zero, and given back to the lines, so that they add up to it: docs/decisions/tax-rounding.md.
 *
 * - On top of a price a rate asks `amount × percent ÷ 100`. Three lines of 0.35 at 19 %: 0.1995, so 0.20; of it the
 *   lines have 0.07, 0.07 and 0.06. Rounded line by line it were 0.21.
 * - Within a price it is `amount × percent ÷ (100 + all percentages within)`. 119.00 at 19 % has 19.00 of tax; 110.00 at
 *   7 % and 3 % has 7.00 and 3.00. The net is what is left, so that net and tax are the price to the cent.
 * - Where a line has both, those on top are asked on what is left without those within. No tax is taxed.
 *
 * Lines below zero count in the sum with their sign. Negating every line negates every tax.
 *
 * @param currency whose minor unit is rounded to
 * @throws ScaleError when an amount isn't rounded to the minor unit
 */
export function taxInvoice(currency: Currency, lines: readonly RatedLine[]): InvoiceTaxes {
  const decimals = minorUnitDecimals(currency);
  const ofLines = lines.map((): [rate: TaxRate, amount: Decimal][] => []);
  const ofRates = owedBy(lines, decimals).map((owed) => {
    const amounts = apportion(owed.lines.map(({ share }) => share)).map((units) => scaledToDecimal(units, decimals));
    owed.lines.forEach(({ line }, index) => ofLines[line]!.push([owed.rate, amounts[index]!]));
    return { ...owed, amount: sum(amounts) };
  });

  const taxed = lines.map((line, index) => taxedLine(line, ofLines[index]!));
  const net = sum(taxed.map((line) => line.net));
  const tax = sum(ofRates.map(({ amount }) => amount));
  return {
    lines: taxed,
    taxes: ofRates.map(({ rate, amount, lines: bearing }) => {
      return { rate, base: sum(bearing.map(({ line }) => taxed[line]!.net)), amount };
    }),
    net,
    tax,
    gross: net.plus(tax),
  };
}

/** By rate, and by line within it. Versions of a rate that say the same are the same. */
function owedBy(lines: readonly RatedLine[], decimals: number): Owed[] {
  const owed = new Map<string, Owed>();
  lines.forEach(({ amount, rates }, line) => {
    const units = scaledFromDecimal(amount, decimals);
    const percents = rates.map(({ percent }) => scaledFromDecimal(percent, PERCENT_DECIMALS));
    let divisor = WHOLE;
    rates.forEach(({ behaviour }, index) => (divisor += behaviour === 'inclusive' ? percents[index]! : 0n));
    rates.forEach((rate, index) => {
      const { key, name, percent, behaviour, category, reason } = rate;
      const identity = JSON.stringify([key, name, percent.toFixed(), behaviour, category, reason]);
      if (!owed.has(identity)) owed.set(identity, { rate, lines: [] });
      owed.get(identity)!.lines.push({ line, share: { numerator: units * percents[index]!, denominator: divisor } });
    });
  });
  return [...owed.values()];
}

function taxedLine({ amount, rates }: RatedLine, taxes: readonly (readonly [TaxRate, Decimal])[]): TaxedLine {
  const tax = sum(taxes.map(([, each]) => each));
  const within = sum(taxes.filter(([{ behaviour }]) => behaviour === 'inclusive').map(([, each]) => each));
  const net = amount.minus(within);
  const place = ({ key }: TaxRate): number => rates.findIndex((rate) => rate.key === key);
  const ordered = [...taxes].sort(([one], [other]) => place(one) - place(other));
  return {
    net,
    tax,
    gross: net.plus(tax),
    taxes: ordered.map(([rate, of]) => ({ rate, base: net, amount: of })),
  };
}
