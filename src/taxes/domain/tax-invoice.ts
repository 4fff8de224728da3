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

/** Whether a tax comes on top of an amount or lies within it. */
export const TAX_BEHAVIOURS = ['exclusive', 'inclusive'] as const;
export type TaxBehaviour = (typeof TAX_BEHAVIOURS)[number];

/** A rate as a line bears it. It is copied to the line, so that an invoice says by itself what it was made of. */
export interface AppliedRate {
  /** The stored version of the rate; null where the customer's status, not a rate, says it. */
  readonly rateId: string | null;
  readonly key: string;
  readonly name: string;
  /** In per cent; 0 for what isn't taxed. */
  readonly percent: Decimal;
  readonly category: TaxCategory;
  readonly reason: string | null;
  readonly reasonCode: string | null;
}

/** A line with the rates it bears. */
export interface RatedLine {
  /** By which the caller finds it again; unique among the lines. */
  readonly key: string;
  /** Rounded to the minor unit; below zero for a credit. */
  readonly amount: Decimal;
  readonly behaviour: TaxBehaviour;
  readonly rates: readonly AppliedRate[];
}

/** What a line owes of one rate. */
export interface LineTax extends AppliedRate {
  readonly behaviour: TaxBehaviour;
  /** What is taxed: the line without any tax. */
  readonly taxable: Decimal;
  readonly amount: Decimal;
}

export interface TaxedLine {
  readonly key: string;
  /** Without tax: what is earned. */
  readonly net: Decimal;
  readonly tax: Decimal;
  /** net + tax: what the customer is asked. An inclusive line's amount, to the last cent. */
  readonly gross: Decimal;
  /** In the order of its rates. */
  readonly taxes: readonly LineTax[];
}

/** What an invoice owes of one rate, on top of prices or within them. */
export interface TaxTotal extends AppliedRate {
  readonly behaviour: TaxBehaviour;
  readonly taxable: Decimal;
  readonly amount: Decimal;
}

export interface InvoiceTaxes {
  /** In the order of the request. */
  readonly lines: readonly TaxedLine[];
  /** By rate, in the order in which the lines first name them. They add up to `tax`. */
  readonly totals: readonly TaxTotal[];
  readonly net: Decimal;
  readonly tax: Decimal;
  readonly gross: Decimal;
}

/** Decimals that percentages are counted in: as many as a decimal from outside may have. */
const PERCENT_DECIMALS = 12;
const WHOLE = scaledFromDecimal(HUNDRED, PERCENT_DECIMALS);

/** What an invoice owes of one rate, line by line, before it is rounded. */
interface Owed {
  readonly rate: AppliedRate;
  readonly behaviour: TaxBehaviour;
  readonly lines: { readonly line: number; readonly share: Share }[];
}

/**
 * The taxes of an invoice. What a rate asks is found on the sum of all lines that bear it, rounded **once**, half away
 * from zero, and given back to the lines, so that they add up to it: docs/decisions/tax-rounding.md.
 *
 * - On top of a price a rate asks `amount × percent ÷ 100`. Three lines of 0.35 at 19 %: 0.1995, so 0.20; of it the
 *   lines have 0.07, 0.07 and 0.06. Rounded line by line it were 0.21.
 * - Within a price it is `amount × percent ÷ (100 + all percentages of the line)`. 119.00 at 19 % has 19.00 of tax;
 *   110.00 at 7 % and 3 % has 7.00 and 3.00. The net is what is left, so that net and tax are the price to the cent.
 *
 * Lines below zero count in the sum with their sign. Negating every line negates every tax.
 *
 * @param currency whose minor unit is rounded to
 * @throws ScaleError when an amount isn't rounded to the minor unit
 */
export function taxInvoice(currency: Currency, lines: readonly RatedLine[]): InvoiceTaxes {
  const decimals = minorUnitDecimals(currency);
  const taxesOf: Map<Owed, Decimal>[] = lines.map(() => new Map());
  const owedTaxes = owedBy(lines, decimals);
  for (const owed of owedTaxes) {
    const amounts = apportion(owed.lines.map(({ share }) => share));
    owed.lines.forEach(({ line }, index) => taxesOf[line]!.set(owed, scaledToDecimal(amounts[index]!, decimals)));
  }

  const taxed = lines.map((line, index) => taxedLine(line, taxesOf[index]!));
  return {
    lines: taxed,
    totals: owedTaxes.map((owed) => totalOf(owed, taxed, taxesOf)),
    net: sum(taxed.map(({ net }) => net)),
    tax: sum(taxed.map(({ tax }) => tax)),
    gross: sum(taxed.map(({ gross }) => gross)),
  };
}

function owedBy(lines: readonly RatedLine[], decimals: number): Owed[] {
  const owed = new Map<string, Owed>();
  lines.forEach(({ amount, behaviour, rates }, line) => {
    const units = scaledFromDecimal(amount, decimals);
    const percents = rates.map(({ percent }) => scaledFromDecimal(percent, PERCENT_DECIMALS));
    const within = behaviour === 'inclusive' ? percents.reduce((all, each) => all + each, 0n) : 0n;
    rates.forEach((rate, index) => {
      const name = identityOf(rate, behaviour);
      if (!owed.has(name)) owed.set(name, { rate, behaviour, lines: [] });
      const share = { numerator: units * percents[index]!, denominator: WHOLE + within };
      owed.get(name)!.lines.push({ line, share });
    });
  });
  return [...owed.values()];
}

/** What two lines must agree in to be rounded together. */
function identityOf(rate: AppliedRate, behaviour: TaxBehaviour): string {
  const { rateId, key, percent, category, reason } = rate;
  return JSON.stringify([behaviour, rateId, key, percent.toFixed(), category, reason]);
}

function taxedLine({ key, amount, behaviour }: RatedLine, taxes: ReadonlyMap<Owed, Decimal>): TaxedLine {
  const tax = sum(taxes.values());
  const net = behaviour === 'inclusive' ? amount.minus(tax) : amount;
  return {
    key,
    net,
    tax,
    gross: net.plus(tax),
    taxes: [...taxes].map(([{ rate }, of]) => ({ ...rate, behaviour, taxable: net, amount: of })),
  };
}

function totalOf(owed: Owed, lines: readonly TaxedLine[], taxesOf: readonly Map<Owed, Decimal>[]): TaxTotal {
  return {
    ...owed.rate,
    behaviour: owed.behaviour,
    taxable: sum(owed.lines.map(({ line }) => lines[line]!.net)),
    amount: sum(owed.lines.map(({ line }) => taxesOf[line]!.get(owed)!)),
  };
}
