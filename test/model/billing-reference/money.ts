import * as r from '../rating-reference/rational';
import type { Rational } from '../rating-reference/rational';
import type { RefLine } from './definitions';

/** Minor units, rounded half away from zero. */
export const cents = (amount: Rational, decimals: number): bigint =>
  r.rounded(r.times(amount, r.fraction(10n ** BigInt(decimals))), 0, 'nearest').over;

/** One tax on top, on the sum of the lines, rounded once. */
export function taxOf(lines: readonly RefLine[], percent: string): bigint {
  const base = lines.reduce((sum, { amount }) => sum + amount, 0n);
  return r.rounded(r.percentOf(r.of(percent), r.fraction(base)), 0, 'nearest').over;
}
