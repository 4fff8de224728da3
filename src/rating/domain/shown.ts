import { decimalText, type Decimal } from '../../kernel';

/** More digits behind the point than a product of prices and quantities has, so this is a quotient without an end. */
const QUOTIENT_DIGITS = 60;
const SHOWN_DIGITS = 12;

/**
 * A decimal in a sentence: all its digits, thousands set apart, such as `1,234.5`. A share that doesn't come out even
 * is cut where nobody reads on, and says so: `6.451612903225…`. The rows keep all digits there are.
 */
export function shown(value: Decimal): string {
  const [integer = '', digits] = decimalText(value).split('.');
  const fraction =
    digits !== undefined && digits.length > QUOTIENT_DIGITS ? `${digits.slice(0, SHOWN_DIGITS)}…` : digits;
  const grouped = integer.replace(/\B(?=(?:\d{3})+$)/g, ',');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** `1 event`, `2,000 events`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}
