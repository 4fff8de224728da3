import { Decimal, decimalText, sum } from '../kernel';
import { type Client, ProgramError } from '../client';
import { CUSTOMER_KEYS, CUSTOMERS, type CustomerKey, type DemoPeriod } from './scenario';
import type { UploadCounts } from './upload';

/** A piece of a line as rating made it: an allowance, a tier, a markup. Amounts are exact. */
export interface BreakdownRow {
  readonly description: string;
  readonly from: string | null;
  readonly upTo: string | null;
  readonly quantity: string;
  readonly unitPrice: string | null;
  readonly amount: string;
}

export interface InvoiceLine {
  readonly id: string;
  readonly position: number;
  readonly description: string;
  readonly quantity: string;
  /** Rounded to the currency's minor unit. */
  readonly amount: string;
  /** Before rounding. */
  readonly exactAmount: string;
  /** The meter's key; null for a fee that counts nothing. */
  readonly meter: string | null;
}

export interface Invoice {
  readonly id: string;
  readonly number: string | null;
  readonly status: 'draft' | 'finalized';
  readonly currency: string;
  readonly customer: { readonly name: string };
  readonly servicePeriod: { readonly start: string; readonly end: string };
  readonly total: string;
  readonly exactTotal: string;
  readonly cost: { readonly amount: string; readonly pendingEvents: number };
  /** exactTotal − cost. */
  readonly margin: string;
  readonly lines: readonly InvoiceLine[];
}

export interface ExplainedEvent {
  readonly id: string;
  readonly time: string;
  readonly task: string | null;
  readonly cost: string | { readonly amount: string } | null;
  readonly data: Readonly<Record<string, unknown>> | null;
}

export interface Explanation {
  readonly steps: readonly string[];
  readonly breakdown: readonly BreakdownRow[];
  readonly events: { readonly count: number; readonly items: readonly ExplainedEvent[] };
}

export interface CustomerResult {
  readonly key: CustomerKey;
  readonly invoice: Invoice;
  /** The line that is explained down to its events: the first that counts usage. */
  readonly explained: { readonly line: InvoiceLine; readonly explanation: Explanation } | null;
}

export interface DemoResult {
  readonly events: UploadCounts;
  readonly period: DemoPeriod;
  readonly customers: readonly CustomerResult[];
}

const EVENTS_SHOWN = 3;

/** Finalizes each customer's invoice of the period, unless it is already, and reads it with one line explained. */
export async function collectCustomers(client: Client, period: DemoPeriod): Promise<CustomerResult[]> {
  const results: CustomerResult[] = [];
  for (const key of CUSTOMER_KEYS) results.push(await collectCustomer(client, key, period));
  return results;
}

async function collectCustomer(client: Client, key: CustomerKey, period: DemoPeriod): Promise<CustomerResult> {
  const found = await invoiceOf(client, key, period);
  if (found.status === 'draft') {
    await client.post(`/v1/invoices/${found.id}/finalize`, {}, `weir-demo-finalize-${found.id}`);
  }
  const invoice = await client.get<Invoice>(`/v1/invoices/${found.id}`);
  refuseDoubtful(invoice, key);

  const line = invoice.lines.find(({ meter }) => meter !== null);
  if (line === undefined) return { key, invoice, explained: null };
  const explanation = await client.get<Explanation>(
    `/v1/invoices/${invoice.id}/lines/${line.id}/explain?limit=${EVENTS_SHOWN}`,
  );
  return { key, invoice, explained: { line, explanation } };
}

async function invoiceOf(client: Client, key: CustomerKey, period: DemoPeriod): Promise<Invoice> {
  const startAt = new Date(period.start).getTime();
  const { items } = await client.get<{ items: Invoice[] }>(`/v1/customers/${key}/invoices?limit=100`);
  const ofPeriod = items.filter(({ servicePeriod }) => new Date(servicePeriod.start).getTime() === startAt);
  if (ofPeriod.length !== 1) {
    throw new ProgramError(`${CUSTOMERS[key].name} has ${ofPeriod.length} invoices from ${period.start}, and not one.`);
  }
  return ofPeriod[0]!;
}

/** A sum that doesn't add up or a cost that isn't known yet is no result to show. */
function refuseDoubtful(invoice: Invoice, key: CustomerKey): void {
  const ofLines = sum(invoice.lines.map(({ amount }) => new Decimal(amount)));
  const exactOfLines = sum(invoice.lines.map(({ exactAmount }) => new Decimal(exactAmount)));
  if (!ofLines.equals(invoice.total) || !exactOfLines.equals(invoice.exactTotal)) {
    throw new ProgramError(
      `The lines of ${key}'s invoice sum to ${decimalText(ofLines)} (exact: ${decimalText(exactOfLines)}), its total says ${invoice.total} (${invoice.exactTotal}).`,
    );
  }
  if (invoice.cost.pendingEvents > 0) {
    throw new ProgramError(`${invoice.cost.pendingEvents} events of ${key} have no cost: is gpt-4o in the price book?`);
  }
}

/** The result as `--json` writes it: counts are numbers, all else are decimal strings. */
export function resultJson({ events, customers }: DemoResult): string {
  const { sent, accepted, duplicates } = events;
  const document = {
    events: { sent, accepted, duplicates },
    customers: customers.map(({ key, invoice }) => ({
      key,
      cost: invoice.cost.amount,
      revenue: invoice.exactTotal,
      margin: invoice.margin,
      invoice: {
        number: invoice.number,
        currency: invoice.currency,
        total: invoice.total,
        lines: invoice.lines.map(({ description, quantity, amount }) => ({ description, quantity, amount })),
      },
    })),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

export function costOf(event: ExplainedEvent): string | null {
  return typeof event.cost === 'string' ? event.cost : (event.cost?.amount ?? null);
}

/** What is left of revenue, in per cent, to one digit; null where there is no revenue. */
export function marginPercent(margin: string, revenue: string): string | null {
  const whole = new Decimal(revenue);
  if (whole.isZero()) return null;
  return new Decimal(margin).times(100).dividedBy(whole).toFixed(1);
}
