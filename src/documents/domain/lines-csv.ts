import { csvLine, decimalText, formatAmount } from '../../kernel';
import type { InvoiceDocument } from './invoice-document';

const HEAD = [
  ...['invoice', 'position', 'kind', 'key', 'description', 'plan', 'plan_version', 'meter', 'quantity', 'events'],
  ...['exact_amount', 'amount', 'currency', 'service_start', 'service_end'],
  // Behind the others, so that a reader who counts columns finds the earlier ones where they were.
  ...['subscription', 'net', 'tax', 'tax_rates'],
];

/**
 * The lines of an invoice as a table (RFC 4180), with a first line of names. Numbers are exact and without separators;
 * `net` adds up to the invoice's subtotal, `net` and `tax` together to its total.
 */
export function linesCsv(invoice: InvoiceDocument): string {
  const rows = invoice.lines.map((line) => [
    invoice.number ?? '',
    String(line.position),
    line.kind,
    line.key,
    plain(line.description),
    line.plan?.key ?? '',
    line.plan === null ? '' : String(line.plan.version),
    plain(line.meter ?? ''),
    decimalText(line.quantity),
    String(line.events),
    decimalText(line.exactAmount),
    formatAmount(line.amount, invoice.currency),
    invoice.currency,
    line.servicePeriod.start.toISOString(),
    line.servicePeriod.end.toISOString(),
    line.part === null ? '' : plain(invoice.parts[line.part]!.subscription),
    formatAmount(line.net, invoice.currency),
    formatAmount(line.tax, invoice.currency),
    plain(line.taxes.map(({ name, percent }) => `${name} ${decimalText(percent)}%`).join('; ')),
  ]);
  return [HEAD, ...rows].map(csvLine).join('');
}

/** A name that a spreadsheet would take for a formula is told to be a text; numbers are left as they are. */
function plain(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}
