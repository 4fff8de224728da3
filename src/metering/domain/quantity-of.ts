import { decimalOf } from '../../catalog/domain';
import { scaledFromDecimal, SCALE } from '../../kernel';

/** One unit, as a count of 10^-24. */
export const ONE_QUANTITY = 10n ** BigInt(SCALE);

/** A JSON value as a count of 10^-24 units; null when it is no quantity, which is a decimal of 0 or more. */
export function quantityOf(value: unknown): bigint | null {
  const quantity = signedQuantityOf(value);
  return quantity === null || quantity < 0n ? null : quantity;
}

/** The same for what may be below zero. */
export function signedQuantityOf(value: unknown): bigint | null {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value < 1e15 && value > -1e15)
    return BigInt(value) * ONE_QUANTITY;
  const decimal = decimalOf(value);
  return decimal === null ? null : scaledFromDecimal(decimal);
}
