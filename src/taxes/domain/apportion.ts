import { invariant } from '../../kernel';

/** An exact share, counted in minor units: 1900/100 is 19 cents. A tax inside of a price has no last digit otherwise. */
export interface Share {
  readonly numerator: bigint;
  /** Above zero. */
  readonly denominator: bigint;
}

/**
 * Rounds the sum of shares to whole minor units, half away from zero: once, whatever the order of the shares.
 * Shares of 12.35, 12.35 and 12.35 cents are 37 cents, not 36.
 */
export function roundedSum(shares: readonly Share[]): bigint {
  const denominators = new Set(shares.map(({ denominator }) => denominator));
  let common = 1n;
  for (const denominator of denominators) {
    invariant(denominator > 0n, 'a share has a denominator above zero');
    common = (common / greatestDivisor(common, denominator)) * denominator;
  }
  let total = 0n;
  for (const { numerator, denominator } of shares) total += numerator * (common / denominator);
  const rounded = (2n * magnitude(total) + common) / (2n * common);
  return total < 0n ? -rounded : rounded;
}

/**
 * Whole minor units for each share, which together are the rounded sum: everyone gets theirs rounded towards zero, and
 * what is missing goes to those who lost most of it, the earlier first. So nobody is a whole unit off, nobody who owes
 * nothing pays, and the opposite of every share gets the opposite.
 *
 * Shares of 12.35, 12.35 and 12.35: 37 in all, given out as 13, 12 and 12.
 * Shares of 10.6 and -0.6:          10 in all, given out as 10 and 0.
 */
export function apportion(shares: readonly Share[]): bigint[] {
  const whole = shares.map(({ numerator, denominator }) => numerator / denominator);
  let missing = roundedSum(shares) - whole.reduce((all, each) => all + each, 0n);
  const step = missing < 0n ? -1n : 1n;

  const losses = shares
    .map(({ numerator, denominator }, index) => ({ index, lost: (numerator % denominator) * step, denominator }))
    .filter(({ lost }) => lost > 0n)
    .sort((a, b) => compare(b.lost * a.denominator, a.lost * b.denominator) || a.index - b.index);
  for (const { index } of losses) {
    if (missing === 0n) break;
    whole[index] = whole[index]! + step;
    missing -= step;
  }
  invariant(missing === 0n, 'what is given out adds up to what there is');
  return whole;
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function greatestDivisor(a: bigint, b: bigint): bigint {
  let [one, other] = [a, b];
  while (other !== 0n) [one, other] = [other, one % other];
  return one;
}
