import type { Client } from 'pg';

/** Everything that billing has left, by names that two runs share: ids and the order of numbers are each run's own. */
export interface BilledState {
  readonly invoices: readonly Record<string, unknown>[];
  readonly lines: readonly Record<string, unknown>[];
  readonly parts: readonly Record<string, unknown>[];
  readonly subscriptions: readonly Record<string, unknown>[];
  readonly postings: readonly Record<string, unknown>[];
  readonly billed: readonly Record<string, unknown>[];
  readonly pools: readonly Record<string, unknown>[];
  readonly numbers: { readonly taken: number; readonly distinct: number; readonly last: number };
  readonly audited: number;
  /** Of all entries together. */
  readonly balance: string;
}

/** Which invoice it is: of one customer several may close at once, each of other subscriptions. */
const OF_INVOICE = `customer.key AS customer, invoice.closes_at,
  (SELECT string_agg(DISTINCT billed.key, ' ') FROM invoice_part AS part
     JOIN subscription AS billed ON (billed.organisation_id, billed.id) = (part.organisation_id, part.subscription_id)
    WHERE (part.organisation_id, part.invoice_id) = (invoice.organisation_id, invoice.id)) AS bills`;
const JOINED = `JOIN customer ON (customer.organisation_id, customer.id) = (invoice.organisation_id, invoice.customer_id)`;

export async function billedState(client: Client): Promise<BilledState> {
  const all = async (sql: string): Promise<Record<string, unknown>[]> => (await client.query(sql)).rows as never;
  const one = async <Row>(sql: string): Promise<Row> => (await client.query(sql)).rows[0] as Row;
  return {
    invoices: await all(
      `SELECT ${OF_INVOICE}, invoice.status, invoice.currency, invoice.period_start, invoice.period_end, invoice.issued_at,
              invoice.due_on::text, invoice.subtotal::text, invoice.tax_total::text, invoice.total::text,
              invoice.exact_total::text, invoice.cost::text, invoice.credit_applied::text, invoice.closed_at,
              invoice.number IS NOT NULL AS numbered
         FROM invoice ${JOINED} ORDER BY 1, 2, 3`,
    ),
    lines: await all(
      `SELECT ${OF_INVOICE}, line.position, subscription.key AS subscription, line.kind, line.key, line.fee_id,
              line.description, line.quantity::text, line.events, line.exact_amount::text, line.amount::text, line.net::text,
              line.tax::text, line.period_start, line.period_end, line.breakdown, line.steps, line.daily
         FROM invoice_line AS line
         JOIN invoice ON (invoice.organisation_id, invoice.id) = (line.organisation_id, line.invoice_id) ${JOINED}
         JOIN subscription ON (subscription.organisation_id, subscription.id) = (line.organisation_id, line.subscription_id)
        ORDER BY 1, 2, 3, 5, line.period_start, line.kind, line.key, line.fee_id, line.amount`,
    ).then(withoutOrderOfIds),
    parts: await all(
      `SELECT subscription.key AS subscription, part.kind, part.period_index, part.ordinal, part.period_start,
              part.period_end, part.closes_at, part.exact_total::text, part.cost::text, part.live
         FROM invoice_part AS part
         JOIN subscription ON (subscription.organisation_id, subscription.id) = (part.organisation_id, part.subscription_id)
        ORDER BY 1, 2, 3, 4`,
    ),
    subscriptions: await all(
      'SELECT key, open_period, open_period_end, start_due, due_at, parked_reason FROM subscription ORDER BY 1',
    ),
    postings: await all(
      `SELECT ${OF_INVOICE}, posting.source_kind, posting.purpose, posting.at, entry.account, entry.amount::text
         FROM ledger_posting AS posting
         JOIN ledger_entry AS entry ON (entry.organisation_id, entry.posting_id) = (posting.organisation_id, posting.id)
         JOIN invoice ON (invoice.organisation_id, invoice.id) = (posting.organisation_id, posting.source_id) ${JOINED}
        ORDER BY 1, 2, 3, 4, 5, 7, entry.amount`,
    ),
    billed: await all(
      `SELECT subscription.key AS subscription, noted.period_start, noted.events
         FROM period_billed AS noted
         JOIN subscription ON (subscription.organisation_id, subscription.id) = (noted.organisation_id, noted.subscription_id)
        ORDER BY 1, 2, noted.through_batch`,
    ),
    pools: await all(
      `SELECT subscription.key AS subscription, pool, period, granted::text, rolled_in::text, used::text, lots
         FROM pool_balance AS kept
         JOIN subscription ON (subscription.organisation_id, subscription.id) = (kept.organisation_id, kept.subscription_id)
        ORDER BY 1, 2, 3`,
    ),
    numbers: await one(
      `SELECT count(number)::int AS taken, count(DISTINCT number)::int AS distinct,
              (SELECT invoices_numbered::int FROM organisation) AS last FROM invoice`,
    ),
    audited: (
      await one<{ count: number }>(`SELECT count(*)::int AS count FROM audit_entry WHERE action = 'invoice.finalized'`)
    ).count,
    balance: (await one<{ sum: string }>('SELECT COALESCE(sum(amount), 0)::text AS sum FROM ledger_entry')).sum,
  };
}

/** Parts of several subscriptions are in the order of their ids on an invoice, so positions are compared within a part. */
function withoutOrderOfIds(lines: Record<string, unknown>[]): Record<string, unknown>[] {
  const firsts = new Map<string, number>();
  const placeOf = (line: Record<string, unknown>): string =>
    JSON.stringify([line['customer'], line['closes_at'], line['bills'], line['subscription']]);
  for (const line of lines) {
    const place = placeOf(line);
    firsts.set(place, Math.min(firsts.get(place) ?? Infinity, line['position'] as number));
  }
  return lines.map((line) => ({
    ...withoutNumbers(line),
    position: (line['position'] as number) - firsts.get(placeOf(line))!,
  }));
}

/** The sentences of an adjustment name the invoice by its number, which is each run's own. */
function withoutNumbers({ breakdown, steps, ...line }: Record<string, unknown>): Record<string, unknown> {
  const told = JSON.stringify({ breakdown, steps }).replaceAll(/INV-\d+/g, 'INV');
  return { ...line, ...(JSON.parse(told) as object) };
}
