import { type Decimal, HUNDRED } from '../../kernel';

/** Digits that a percentage is shown with. It is for reading: nothing is computed from it. */
const SHOWN_DECIMALS = 4;

/** `part` of `whole` in per cent, half away from zero to four digits: 1 of 3 → 33.3333. Null of nothing. */
export function percentOf(part: Decimal, whole: Decimal): Decimal | null {
  if (whole.isZero()) return null;
  return part.times(HUNDRED).dividedBy(whole).toDecimalPlaces(SHOWN_DECIMALS);
}
