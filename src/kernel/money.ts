import { Decimal as DecimalJs } from 'decimal.js';
import { DomainError, invariant } from './errors';

/**
 * The one configured decimal. Money and quantities are `Decimal` everywhere between the request and the database.
 *
 * 120 significant digits: an input has at most 15 + 12 digits, cost is a product of two inputs, a charge multiplies
 * once more and a sum over a year adds a dozen. Products and sums are therefore exact; only division rounds.
 * `toExpNeg`/`toExpPos` keep `toString()` free of exponents, but `toFixed()` stays the way out.
 */
export const Decimal = DecimalJs.clone({
  precision: 120,
  rounding: DecimalJs.ROUND_HALF_UP, // in decimal.js: half away from zero
  toExpNeg: -200,
  toExpPos: 200,
  defaults: true,
});
export type Decimal = DecimalJs;

export const ZERO: Decimal = new Decimal(0);
export const ONE: Decimal = new Decimal(1);
export const HUNDRED: Decimal = new Decimal(100);

/** Digits an amount or quantity may have before and after the point when it comes from outside. */
export const MAX_INTEGER_DIGITS = 15;
export const MAX_FRACTION_DIGITS = 12;

const PLAIN_DECIMAL = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/;
/** A text longer than this cannot be a number that fits, whatever its zeros. */
const LONGEST_DECIMAL_TEXT = 64;

/** The text or number is not a decimal that Weir keeps exactly. */
export class DecimalFormatError extends DomainError {
  readonly code = 'invalid_decimal';
  readonly kind = 'invalid';
}

/**
 * Says why a text is not an acceptable decimal, or null when it is.
 * Acceptable: plain digits with an optional sign and fraction (no exponent, no leading zeros, no `NaN`),
 * at most 15 digits before and 12 after the point; trailing zeros after the point don't count.
 */
export function decimalProblem(text: string): string | null {
  if (text.length > LONGEST_DECIMAL_TEXT) return 'has too many digits: at most 15 before and 12 after the point';
  if (!PLAIN_DECIMAL.test(text))
    return 'must be a plain decimal such as "12.50": digits with an optional point, no exponent';
  const unsigned = text.startsWith('-') ? text.slice(1) : text;
  const [integer = '', fraction = ''] = unsigned.split('.');
  const significant = fraction.replace(/0+$/, '');
  if (integer.length > MAX_INTEGER_DIGITS || significant.length > MAX_FRACTION_DIGITS) {
    return 'has too many digits: at most 15 before and 12 after the point';
  }
  return null;
}

/** Reads a decimal from outside; "-0" is zero like any other. @throws DecimalFormatError when `decimalProblem` finds one */
export function parseDecimal(text: string): Decimal {
  const problem = decimalProblem(text);
  if (problem !== null) throw new DecimalFormatError(`'${text.slice(0, 40)}' ${problem}.`);
  return withoutMinusZero(new Decimal(text));
}

/** decimal.js has a -0 that its `toJSON()` and an equality check of two objects let through. */
function withoutMinusZero(value: Decimal): Decimal {
  return value.isZero() ? ZERO : value;
}

/** Sums exactly; the sum of nothing is zero. */
export function sum(values: Iterable<Decimal>): Decimal {
  let total = ZERO;
  for (const value of values) total = total.plus(value);
  return total;
}

/** An ISO 4217 currency code, upper case. */
export type Currency = string;
const CURRENCY_CODE = /^[A-Z]{3}$/;

/** Currencies whose minor unit is not a hundredth (ISO 4217, list one; the exponent is the number of decimals). */
const MINOR_UNIT_DECIMALS: ReadonlyMap<Currency, number> = new Map([
  ...currencies('BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF', 0),
  ...currencies('BHD IQD JOD KWD LYD OMR TND', 3),
  ...currencies('CLF UYW', 4),
]);

function currencies(codes: string, decimals: number): [Currency, number][] {
  return codes.split(' ').map((code) => [code, decimals]);
}

/** Decimals of a currency's minor unit: USD 2, JPY 0, KWD 3. @throws InvariantError for 'jpy', which would pass for 2 */
export function minorUnitDecimals(currency: Currency): number {
  invariant(CURRENCY_CODE.test(currency), 'a currency is three capital letters');
  return MINOR_UNIT_DECIMALS.get(currency) ?? 2;
}

/**
 * Rounds an amount to the currency's minor unit, half away from zero. Called in one place only: where a charge
 * becomes an invoice line.
 */
export function roundToMinorUnit(amount: Decimal, currency: Currency): Decimal {
  return withoutMinusZero(amount.toDecimalPlaces(minorUnitDecimals(currency), Decimal.ROUND_HALF_UP));
}

/** An amount at the currency's own number of decimals, such as "20.00" or "1234" (JPY). The amount must be rounded. */
export function formatAmount(amount: Decimal, currency: Currency): string {
  const decimals = minorUnitDecimals(currency);
  invariant(amount.decimalPlaces() <= decimals, `an amount shown in ${currency} is rounded to its minor unit`);
  return amount.toFixed(decimals);
}

/** The digits of a decimal, without exponent or trailing zeros; -0 is "0". */
export function decimalText(value: Decimal): string {
  return value.isZero() ? '0' : value.toFixed();
}

/**
 * Splits a total into parts proportional to the weights so that the parts add up to the total exactly
 * (largest remainder: everyone gets their share rounded towards zero, the units left over go to the largest
 * remainders, earlier first).
 *
 * @param total   what is split, a multiple of one minor unit
 * @param weights one per part, none negative, not all zero
 * @param unit    the smallest amount handed out, such as 0.01
 */
export function allocate(total: Decimal, weights: readonly Decimal[], unit: Decimal): Decimal[] {
  const weightSum = sum(weights);
  invariant(
    weights.every((weight) => !weight.lessThan(0)),
    'no weight is negative',
  );
  invariant(weightSum.greaterThan(0), 'some weight is above zero');
  invariant(total.mod(unit).isZero(), 'the total is a multiple of the unit');

  const units = total.dividedBy(unit).abs();
  const sign = total.lessThan(0) ? -1 : 1;
  // Remainders are kept as `units × weight mod weightSum`, not divided: 4/3 and 1/3 have the same remainder, but as
  // decimals of so many digits the second has one more 3, and would be served before an earlier part.
  const shares = weights.map((weight, index) => {
    const product = units.times(weight);
    return { index, whole: product.dividedToIntegerBy(weightSum), remainder: product.mod(weightSum) };
  });

  let left = units.minus(sum(shares.map((share) => share.whole))).toNumber();
  const byRemainder = [...shares].sort((a, b) => b.remainder.comparedTo(a.remainder) || a.index - b.index);
  for (const share of byRemainder) {
    if (left === 0) break;
    share.whole = share.whole.plus(1);
    left -= 1;
  }
  return shares.map((share) => withoutMinusZero(share.whole.times(unit).times(sign)));
}
