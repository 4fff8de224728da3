import { Decimal, type FieldProblem, scaledFromDecimal } from '../../kernel';
import { QUANTITY_SCALE } from './quantity';

/** From an instant on, one unit of `base` is `rate` units of `quote`. */
export interface ExchangeRate {
  readonly base: string;
  readonly quote: string;
  /** Decimal text above zero, at most 12 digits after the point. */
  readonly rate: string;
  /** RFC 3339, to the millisecond. It holds until the next rate of the same pair begins. */
  readonly validFrom: string;
}

interface DatedRate {
  readonly fromMicros: number;
  /** Counting 10^-12. */
  readonly rate: bigint;
}

/** An organisation's rates, by `EUR>USD`, each list with the latest first. */
export type ExchangeRates = ReadonlyMap<string, readonly DatedRate[]>;

export const NO_RATES: ExchangeRates = new Map();

/** What ends a rate's digits: an amount times a rate counts this much finer than an amount. */
const ONE = 10n ** BigInt(QUANTITY_SCALE);

/** Puts rates in the form in which `convert` looks them up. Of two for one pair and instant the last counts. */
export function compileRates(rates: readonly ExchangeRate[]): ExchangeRates {
  const byPair = new Map<string, DatedRate[]>();
  for (const { base, quote, rate, validFrom } of rates) {
    const dated = {
      fromMicros: Date.parse(validFrom) * 1_000,
      rate: scaledFromDecimal(new Decimal(rate), QUANTITY_SCALE),
    };
    const pair = pairOf(base, quote);
    const list = byPair.get(pair);
    if (list === undefined) byPair.set(pair, [dated]);
    else list.push(dated);
  }
  // A stable sort of the reversed list keeps the last given first among equals.
  for (const list of byPair.values()) list.reverse().sort((a, b) => b.fromMicros - a.fromMicros);
  return byPair;
}

/**
 * An amount in another currency, by the rate in force: 10.00 EUR at 1.085 → 10.85 USD.
 *
 * A rate is used in the direction in which it was given, and alone. EUR to USD says nothing about USD to EUR: a bank's
 * two rates are not each other's inverse, and 1 / 1.085 has no last digit. There is no way through a third currency
 * either, whose two rates may be of different days. Who wants either gives the rate.
 *
 * @param amount   counting 10^-24 of a unit of `from`
 * @param atMicros the event's own time, microseconds since 1970
 * @returns        counting 10^-24 of a unit of `to`, rounded there half away from zero, the one place where a cost is
 *                 rounded at all; null when no rate is in force, which is never one to one
 */
export function convert(
  rates: ExchangeRates,
  amount: bigint,
  from: string,
  to: string,
  atMicros: number,
): bigint | null {
  if (from === to) return amount;
  const rate = rates.get(pairOf(from, to))?.find((dated) => dated.fromMicros <= atMicros);
  return rate === undefined ? null : dividedHalfAwayFromZero(amount * rate.rate, ONE);
}

/** `convert` with an organisation's rates, for a book that is asked for many events. */
export type Convert = (amount: bigint, from: string, to: string, atMicros: number) => bigint | null;

/** @see convert */
export function converter(rates: ExchangeRates): Convert {
  return (amount, from, to, atMicros) => convert(rates, amount, from, to, atMicros);
}

/** What is wrong with a list of rates as a whole: a pair with itself, a rate of zero, one instant with two rates. */
export function exchangeRateProblems(rates: readonly ExchangeRate[]): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const seen = new Map<string, string>();
  for (const [index, { base, quote, rate, validFrom }] of rates.entries()) {
    const at = (field: string) => `[${index}].${field}`;
    if (base === quote) problems.push({ field: at('quote'), detail: 'must be another currency than base' });
    if (!new Decimal(rate).greaterThan(0)) problems.push({ field: at('rate'), detail: 'must be more than 0' });
    const key = `${pairOf(base, quote)} ${validFrom}`;
    const other = seen.get(key);
    if (other !== undefined && !new Decimal(other).equals(rate)) {
      problems.push({
        field: at('validFrom'),
        detail: `${base} to ${quote} has another rate for this instant in the list`,
      });
    }
    seen.set(key, rate);
  }
  return problems;
}

function pairOf(base: string, quote: string): string {
  return `${base}>${quote}`;
}

function dividedHalfAwayFromZero(dividend: bigint, divisor: bigint): bigint {
  const half = divisor / 2n;
  return dividend < 0n ? -((-dividend + half) / divisor) : (dividend + half) / divisor;
}
