import { invoiceNumber } from './invoice-number';

/** Credit notes have a row of numbers of their own, in one format. */
const FORMAT = 'CN-{number:6}';

/** The number of a credit note: `CN-000042` of the 42nd. @param running how many were numbered, this one included */
export function creditNoteNumber(running: string): string {
  return invoiceNumber(FORMAT, running, '');
}
