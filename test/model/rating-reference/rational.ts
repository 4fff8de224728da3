/**
 * Fractions of two BigInts, so that nothing is ever rounded. Shares nothing with `src/`: figures come in as decimal text
 * and are compared as fractions.
 */
export interface Rational {
  readonly over: bigint;
  /** Above zero. */
  readonly under: bigint;
}

function divisor(a: bigint, b: bigint): bigint {
  return b === 0n ? (a < 0n ? -a : a) : divisor(b, a % b);
}

export function fraction(over: bigint, under = 1n): Rational {
  if (under <= 0n) throw new Error('a fraction is over something above zero');
  const common = divisor(over, under);
  return { over: over / common, under: under / common };
}

export const NOTHING = fraction(0n);
export const WHOLE = fraction(1n);
export const HUNDRED = fraction(100n);

/** Of decimal text, `-1.50`, or of a whole number. */
export function of(value: string | number): Rational {
  const text = String(value);
  if (!/^-?\d+(\.\d+)?$/.test(text)) throw new Error(`${text} is no plain decimal`);
  const [integer = '', digits = ''] = text.split('.');
  return fraction(BigInt(integer + digits), 10n ** BigInt(digits.length));
}

export const plus = (a: Rational, b: Rational): Rational =>
  fraction(a.over * b.under + b.over * a.under, a.under * b.under);
export const minus = (a: Rational, b: Rational): Rational => plus(a, fraction(-b.over, b.under));
export const times = (a: Rational, b: Rational): Rational => fraction(a.over * b.over, a.under * b.under);
export function through(a: Rational, b: Rational): Rational {
  if (b.over === 0n) throw new Error('nothing is divided by zero');
  return b.over < 0n ? fraction(-a.over * b.under, a.under * -b.over) : fraction(a.over * b.under, a.under * b.over);
}
export const percentOf = (percent: Rational, of: Rational): Rational => through(times(percent, of), HUNDRED);
export const total = (values: readonly Rational[]): Rational => values.reduce(plus, NOTHING);

/** Below, at or above zero when a is less than, equal to or more than b. */
export function compare(a: Rational, b: Rational): number {
  const left = a.over * b.under;
  const right = b.over * a.under;
  return left < right ? -1 : left > right ? 1 : 0;
}
export const isLess = (a: Rational, b: Rational): boolean => compare(a, b) < 0;
export const isSame = (a: Rational, b: Rational): boolean => compare(a, b) === 0;
export const least = (a: Rational, b: Rational): Rational => (isLess(b, a) ? b : a);
export const most = (a: Rational, b: Rational): Rational => (isLess(a, b) ? b : a);
export const isNothing = (value: Rational): boolean => value.over === 0n;

/** The whole number at or above. */
export function roundedUp(value: Rational): bigint {
  const cut = value.over / value.under;
  return value.over > 0n && cut * value.under !== value.over ? cut + 1n : cut;
}

/** To so many decimals; below zero of them, to tens, hundreds, … Nearest is half away from zero. */
export function rounded(value: Rational, decimals: number, mode: 'up' | 'down' | 'nearest'): Rational {
  const grain = decimals >= 0 ? fraction(1n, 10n ** BigInt(decimals)) : fraction(10n ** BigInt(-decimals));
  const size = through(value.over < 0n ? minus(NOTHING, value) : value, grain);
  const down = size.over / size.under;
  const left = minus(size, fraction(down));
  const up = mode === 'up' ? !isNothing(left) : mode === 'down' ? false : compare(left, fraction(1n, 2n)) >= 0;
  const grains = times(fraction(up ? down + 1n : down), grain);
  return value.over < 0n ? minus(NOTHING, grains) : grains;
}

/** Decimal text with so many decimals, rounded half away from zero: how an invoice line shows an amount. */
export function asLine(value: Rational, decimals: number): string {
  const units = rounded(times(value, fraction(10n ** BigInt(decimals))), 0, 'nearest').over;
  const digits = (units < 0n ? -units : units).toString().padStart(decimals + 1, '0');
  const integer = digits.slice(0, digits.length - decimals);
  return (units < 0n ? '-' : '') + (decimals === 0 ? integer : `${integer}.${digits.slice(-decimals)}`);
}

/** For messages. */
export const text = (value: Rational): string =>
  value.under === 1n ? `${value.over}` : `${value.over}/${value.under} (${asLine(value, 12)})`;
