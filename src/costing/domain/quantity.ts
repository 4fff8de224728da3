import {
  Decimal,
  decimalProblem,
  MAX_FRACTION_DIGITS,
  MAX_INTEGER_DIGITS,
  scaledFromDecimal,
  scaledText,
  scaledToDecimal,
} from '../../kernel';

/**
 * How much of a unit was used, never negative, exactly:
 *
 * - a whole quantity is a `number`, at most 15 digits, so that nine of them still add up below 2^53;
 * - a quantity with a fraction is a `bigint` that counts 10^-12 of a unit.
 *
 * Each quantity has one form only (a `bigint` is never whole, save one too large for a `number`), because nearly all
 * usage is whole and the hot path then multiplies plain numbers.
 */
export type Quantity = number | bigint;

/** Digits a quantity keeps after the point. */
export const QUANTITY_SCALE = MAX_FRACTION_DIGITS;

const ONE_UNIT = 10n ** BigInt(QUANTITY_SCALE);
const LARGEST_WHOLE = 10 ** MAX_INTEGER_DIGITS - 1;
/** A double gives back every decimal of up to 15 significant digits, and not every one of 16. */
const DIGITS_OF_A_DOUBLE = 15;

/** Digits that are a safe integer whatever they are, and so need no `Decimal` to be read. */
const WHOLE_TEXT = /^(?:0|[1-9]\d{0,14})$/;

const NOT_A_QUANTITY = 'must be a number of 0 or more, such as 1155 or "1155"';
const TOO_MANY_DIGITS = `has too many digits: at most ${MAX_INTEGER_DIGITS} before and ${MAX_FRACTION_DIGITS} after the point`;
const NEGATIVE = 'must not be negative';

/**
 * Reads a quantity from a field of an event: a JSON number or a string of plain digits.
 *
 * @returns null when the field is absent (undefined or null), undefined when it is not a quantity; `quantityProblem`
 *          then says why. Two steps, so that the hot path makes nothing but the quantity.
 */
export function readQuantity(value: unknown): Quantity | null | undefined {
  if (typeof value === 'number') {
    // Adding 0 turns the -0 that JSON can spell into 0.
    if (Number.isInteger(value) && value >= 0 && value <= LARGEST_WHOLE) return value + 0;
    return quantityProblem(value) === null ? quantityFromText(plainText(value)) : undefined;
  }
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string') return undefined;
  if (WHOLE_TEXT.test(value)) return Number(value);
  return quantityProblem(value) === null ? quantityFromText(value) : undefined;
}

/** Says why a field that is present is not a quantity, or null when it is one. */
export function quantityProblem(value: unknown): string | null {
  if (typeof value === 'string') {
    const problem = decimalProblem(value);
    if (problem !== null) return problem;
    return value.startsWith('-') && !new Decimal(value).isZero() ? NEGATIVE : null;
  }
  if (typeof value !== 'number' || !Number.isFinite(value)) return NOT_A_QUANTITY;
  if (value < 0) return NEGATIVE;
  if (value > LARGEST_WHOLE) return TOO_MANY_DIGITS;
  if (Number.isInteger(value)) return null;
  const digits = plainText(value).replace('.', '').replace(/^0+/, '');
  if (digits.length > DIGITS_OF_A_DOUBLE) return 'has more digits than a JSON number keeps: send it as a string';
  return decimalProblem(plainText(value));
}

/** The shortest digits that name this double, without exponent. */
function plainText(value: number): string {
  return new Decimal(String(value)).toFixed();
}

function quantityFromText(text: string): Quantity {
  return fromScaled(scaledFromDecimal(new Decimal(text), QUANTITY_SCALE));
}

/** The quantity that counts this many 10^-12 of a unit. */
export function fromScaled(scaled: bigint): Quantity {
  if (scaled % ONE_UNIT !== 0n) return scaled;
  const whole = scaled / ONE_UNIT;
  return whole <= Number.MAX_SAFE_INTEGER ? Number(whole) : scaled;
}

/** The quantity as a count of 10^-12 of a unit. */
export function toScaled(quantity: Quantity): bigint {
  return typeof quantity === 'bigint' ? quantity : BigInt(quantity) * ONE_UNIT;
}

export function quantityToDecimal(quantity: Quantity): Decimal {
  return typeof quantity === 'bigint' ? scaledToDecimal(quantity, QUANTITY_SCALE) : new Decimal(quantity);
}

/** Plain digits, such as "1155" or "0.5". */
export function quantityText(quantity: Quantity): string {
  return typeof quantity === 'bigint' ? scaledText(quantity, QUANTITY_SCALE) : String(quantity);
}

/** a + b. Whole quantities of 15 digits stay safe for nine additions; an event adds four. */
export function add(a: Quantity, b: Quantity): Quantity {
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  return fromScaled(toScaled(a) + toScaled(b));
}

/** a − b. The caller has seen that a is not less than b. */
export function subtract(a: Quantity, b: Quantity): Quantity {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return fromScaled(toScaled(a) - toScaled(b));
}

export function isMore(a: Quantity, b: Quantity): boolean {
  if (typeof a === 'number' && typeof b === 'number') return a > b;
  return toScaled(a) > toScaled(b);
}
