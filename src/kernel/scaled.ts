import { DomainError } from './errors';
import { Decimal } from './money';

/**
 * Decimals held as scaled integers, for the places where millions are added up and `Decimal` would be too slow:
 * a `bigint` that counts the smallest part, 10^-24 of a unit.
 *
 * Why 24: a quantity has at most 12 decimals and so has a price of one unit, so their product has at most 24.
 */
export const SCALE = 24;

/** The decimal has more digits after the point than the scale keeps, or is not a number. Nothing is ever rounded here. */
export class ScaleError extends DomainError {
  readonly code = 'too_many_decimals';
  readonly kind = 'invalid';
}

/** The decimal that a scaled integer stands for: 2_500_000n at scale 12 is 0.0000025. */
export function scaledToDecimal(scaled: bigint, scale: number = SCALE): Decimal {
  return new Decimal(scaledText(scaled, scale));
}

/** The scaled integer of a decimal, exactly. @throws ScaleError when the decimal has more digits than the scale keeps */
export function scaledFromDecimal(value: Decimal, scale: number = SCALE): bigint {
  if (!value.isFinite()) throw new ScaleError(`${value.toFixed()} is not a number.`);
  if (value.decimalPlaces() > scale) {
    throw new ScaleError(`${value.toFixed()} has more than ${scale} digits after the point.`);
  }
  const [integer = '', fraction = ''] = value.abs().toFixed().split('.');
  const magnitude = BigInt(integer + fraction.padEnd(scale, '0'));
  return value.lessThan(0) ? -magnitude : magnitude;
}

/** The scaled integer of plain digits as `scaledText` and PostgreSQL write them, "-0.25": no exponent, no white space. */
export function scaledFromText(text: string, scale: number = SCALE): bigint {
  const point = text.indexOf('.');
  if (point < 0) return BigInt(text) * 10n ** BigInt(scale);
  const fraction = text.slice(point + 1);
  // PostgreSQL keeps zeros at the end; any other digit past the scale would be lost.
  if (fraction.length > scale && /[1-9]/.test(fraction.slice(scale))) {
    throw new ScaleError(`${text} has more than ${scale} digits after the point.`);
  }
  return BigInt(text.slice(0, point) + fraction.slice(0, scale).padEnd(scale, '0'));
}

/** The plain digits of a scaled integer, without exponent or trailing zeros: "0.0000025", "-3", "0". */
export function scaledText(scaled: bigint, scale: number = SCALE): string {
  const negative = scaled < 0n;
  const digits = (negative ? -scaled : scaled).toString().padStart(scale + 1, '0');
  const integer = digits.slice(0, digits.length - scale);
  let end = digits.length;
  while (end > integer.length && digits.charCodeAt(end - 1) === 48) end -= 1;
  const fraction = digits.slice(integer.length, end);
  return (negative ? '-' : '') + (fraction === '' ? integer : `${integer}.${fraction}`);
}
