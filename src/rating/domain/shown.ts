import { decimalText, type Decimal } from '../../kernel';

/** A decimal in a sentence: all its digits, thousands set apart, such as `1,234.5`. */
export function shown(value: Decimal): string {
  const [integer = '', fraction] = decimalText(value).split('.');
  const grouped = integer.replace(/\B(?=(?:\d{3})+$)/g, ',');
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** `1 event`, `2,000 events`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}
