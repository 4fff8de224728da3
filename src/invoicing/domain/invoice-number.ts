/** Digits a number is filled up to at most. */
const MOST_DIGITS = 12;
/** Literal text of letters, digits and `. _ -`, a year or month, and the running number at the end. */
const FORMAT = /^((?:[A-Za-z0-9._-]|\{year\}|\{month\})*)\{number(?::(\d{1,2}))?\}$/;
const LONGEST = 40;

/** What an invoice is numbered by where nothing else is said. */
export const DEFAULT_NUMBER_FORMAT = 'INV-{number:6}';

/**
 * Why a text is no format of invoice numbers, or null when it is one.
 *
 * The running number stands at the end and no digit before it: then a number's last digits say which one it is, so that
 * no two invoices have the same number, whatever formats an organisation has had.
 */
export function numberFormatProblem(format: string): string | null {
  if (format.length > LONGEST) return `must have at most ${LONGEST} characters`;
  const match = FORMAT.exec(format);
  if (match === null) {
    return 'must be letters, digits and . _ - with {year} or {month} in between and {number} or {number:6} at the end, such as INV-{year}-{number:6}';
  }
  const [, before = '', digits] = match;
  if (/(?:\d|\})$/.test(before)) return 'must have something that is no digit before {number}, such as a hyphen';
  if (digits !== undefined && (Number(digits) < 1 || Number(digits) > MOST_DIGITS)) {
    return `must fill the number up to 1 to ${MOST_DIGITS} digits`;
  }
  // Such a text would be taken for our id where an invoice is asked for.
  return before.startsWith('inv_') ? 'must not begin like our ids, with inv_' : null;
}

/**
 * The number of an invoice: `INV-{year}-{number:6}` makes `INV-2026-000042` of the 42nd. The running number goes on
 * without gaps over years and changes of format; one with more digits than the format asks for is written in full.
 *
 * @param format   one without a problem
 * @param running  how many invoices of the organisation were numbered, this one included
 * @param issuedOn the day it is finalized, in the customer's time zone: `2026-03-31`
 */
export function invoiceNumber(format: string, running: string, issuedOn: string): string {
  const [year = '', month = ''] = issuedOn.split('-');
  return format
    .replaceAll('{year}', year)
    .replaceAll('{month}', month)
    .replace(/\{number(?::(\d+))?\}$/, (_, digits?: string) => running.padStart(Number(digits ?? 1), '0'));
}
