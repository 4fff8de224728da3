import { csvLine, decimalText, formatAmount } from '../../kernel';
import type { InvoiceDocument } from './invoice-document';

const HEAD = [
  ...['invoice', 'position', 'kind', 'key', 'description', 'plan', 'plan_version', 'meter', 'quantity', 'events'],
  ...['exact_amount', 'amount', 'currency', 'service_start', 'service_end'],
];

/**
 * The lines of an invoice as a table (RFC 4180), with a first line of names. Numbers are exact and without separators;
 * `amount` adds up to the invoice's total.
 */
export function linesCsv(invoice: InvoiceDocument): string {
  const rows = invoice.lines.map((line) => [
    invoice.number ?? '',
    String(line.position),
    line.kind,
    line.key,
    plain(line.description),
    line.plan.key,
    String(line.plan.version),
    plain(line.meter ?? ''),
    decimalText(line.quantity),
    String(line.events),
    decimalText(line.exactAmount),
    formatAmount(line.amount, invoice.currency),
    invoice.currency,
    line.servicePeriod.start.toISOString(),
    line.servicePeriod.end.toISOString(),
  ]);
  return [HEAD, ...rows].map(csvLine).join('');
}

/** A name that a spreadsheet would take for a formula is told to be a text; numbers are left as they are. */
function plain(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}
