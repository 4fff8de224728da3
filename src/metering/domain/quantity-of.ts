import { Decimal, decimalProblem, decimalText, scaledFromDecimal, SCALE } from '../../kernel';

/** One unit, as a count of 10^-24. */
export const ONE_QUANTITY = 10n ** BigInt(SCALE);

/** A JSON value as a decimal; null when it is neither a number nor a string of plain digits that we keep exactly. */
export function decimalOf(value: unknown): Decimal | null {
  if (typeof value !== 'number' && typeof value !== 'string') return null;
  // JavaScript prints small numbers with an exponent (1e-7), which is not how a sender may write them.
  const text = typeof value === 'string' ? value : decimalText(new Decimal(value));
  return decimalProblem(text) === null ? new Decimal(text) : null;
}

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
