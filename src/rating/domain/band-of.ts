import { invariant, type Decimal } from '../../kernel';

/**
 * Finds the band that a total falls in. Bounds are inclusive: a total equal to `upTo` is still in that band, and 0 is
 * in the first.
 *
 * @param bands ascending, the last one open, as `chargeProblems` demands
 * @returns     its index
 */
export function bandOf(total: Decimal, bands: readonly { readonly upTo: Decimal | null }[]): number {
  const index = bands.findIndex(({ upTo }) => upTo === null || !total.greaterThan(upTo));
  invariant(index >= 0, 'the last band is open');
  return index;
}
