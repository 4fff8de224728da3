import { ConflictError, decimalText, sum } from '../../kernel';
import type { InvoiceEntity } from '../persistence/invoice.entity';
import type { InvoiceLineEntity } from '../persistence/invoice-line.entity';
import { placeOf } from '../drafts/stored-line';

/** More lines than any bill has that somebody reads. */
const MOST_LINES = 10_000;
/** In units of the currency: more than any bill comes to. */
const MOST_TOTAL = 1_000_000_000;

/**
 * Stops what can only be a fault before anyone is asked to pay it.
 *
 * @throws ConflictError `safety_bound`
 */
export function refuseUnsafe(
  invoice: Pick<InvoiceEntity, 'total' | 'subtotal' | 'taxTotal' | 'currency'>,
  lines: readonly InvoiceLineEntity[],
): void {
  if (lines.length > MOST_LINES) refuse(`has ${lines.length} lines, and ${MOST_LINES} are the most`);
  if (invoice.total.abs().greaterThan(MOST_TOTAL)) {
    refuse(`comes to ${decimalText(invoice.total)} ${invoice.currency}, which is past all reason`);
  }
  if (new Set(lines.map(placeOf)).size < lines.length) refuse('has two lines for one place');
  const net = sum(lines.map((line) => line.net));
  const tax = sum(lines.map((line) => line.tax));
  if (!net.equals(invoice.subtotal) || !tax.equals(invoice.taxTotal) || !net.plus(tax).equals(invoice.total)) {
    refuse(`comes to ${decimalText(invoice.total)}, but its lines to ${decimalText(net.plus(tax))}`);
  }
}

function refuse(why: string): never {
  throw new ConflictError('safety_bound', `The invoice ${why}. It can only be a fault, so nobody is asked to pay it.`);
}
