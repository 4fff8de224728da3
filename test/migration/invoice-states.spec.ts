import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { MIGRATIONS } from '../../migrations';
import { useMigrations } from '../support/migrations';

const migrated = useMigrations();

const BEFORE = MIGRATIONS.findIndex(({ name }) => name.startsWith('AddInvoiceStates'));

const [organisation, customer, plan, subscription] = Array.from({ length: 4 }, () => randomUUID());

/** A customer in Auckland, whose day begins half a day before ours, with invoices of each total and a draft. */
async function storeInvoices(source: DataSource): Promise<void> {
  await source.query(`INSERT INTO organisation (id, name, created_at) VALUES ($1, 'Org', now())`, [organisation]);
  await source.query(
    `INSERT INTO customer (organisation_id, id, key, name, time_zone, created_at)
     VALUES ($1, $2, 'c', 'C', 'Pacific/Auckland', now())`,
    [organisation, customer],
  );
  await source.query(
    `INSERT INTO plan (organisation_id, id, key, version, name, currency, interval, status, created_at)
     VALUES ($1, $2, 'pro', 1, 'Pro', 'USD', 'month', 'draft', now())`,
    [organisation, plan],
  );
  await source.query(
    `INSERT INTO subscription (organisation_id, id, key, customer_id, plan_id, start_at, open_period, open_period_end, created_at)
     VALUES ($1, $2, 's', $3, $4, '2026-01-01', 1, '2026-11-01', now())`,
    [organisation, subscription, customer, plan],
  );
  for (const [month, total] of ['20', '0', '-5', '7'].entries()) {
    const number = month === 3 ? null : `INV-00000${month + 1}`;
    await source.query(
      `INSERT INTO invoice (organisation_id, id, customer_id, subscription_id, number, status, currency, period_start,
         period_end, total, exact_total, cost, pending_events, events_through, finalized_at, created_at)
       VALUES ($1, gen_random_uuid(), $2, $3, $4, CASE WHEN $4::text IS NULL THEN 'draft' ELSE 'finalized' END, 'USD',
         timestamptz '2026-01-01' + $5 * interval '1 month', timestamptz '2026-02-01' + $5 * interval '1 month', $6, $6,
         0, 0, CASE WHEN $4 IS NULL THEN NULL ELSE 1 END,
         CASE WHEN $4 IS NULL THEN NULL ELSE timestamptz '2026-03-31 20:00:00+00' END, now())`,
      [organisation, customer, subscription, number, month, total],
    );
  }
}

const INVOICES = `SELECT number, status, total, issued_at IS NOT NULL AS issued, due_on::text, closed_at IS NOT NULL AS closed
  FROM invoice ORDER BY period_start`;

it('finalized invoices are due and booked, those of nothing or less are paid; back again they are finalized', async () => {
  await migrated(BEFORE, storeInvoices);
  await migrated(BEFORE + 1, async (source) => {
    // Eight in the evening in UTC is the first of April in Auckland.
    const issued = { issued: true, due_on: '2026-05-01' };
    expect(await source.query(INVOICES)).toEqual([
      { number: 'INV-000001', status: 'finalized', total: '20', ...issued, closed: false },
      { number: 'INV-000002', status: 'paid', total: '0', ...issued, closed: true },
      { number: 'INV-000003', status: 'paid', total: '-5', ...issued, closed: true },
      { number: null, status: 'draft', total: '7', issued: false, due_on: null, closed: false },
    ]);
    expect(
      await source.query(
        `SELECT posting.description, entry.account, entry.amount FROM ledger_entry AS entry
           JOIN ledger_posting AS posting ON posting.id = entry.posting_id
          WHERE purpose = 'finalized' ORDER BY 1, entry.position`,
      ),
    ).toEqual([
      { description: 'Invoice INV-000001', account: 'accounts_receivable', amount: '20' },
      { description: 'Invoice INV-000001', account: 'revenue', amount: '-20' },
      { description: 'Invoice INV-000003', account: 'customer_credit', amount: '-5' },
      { description: 'Invoice INV-000003', account: 'revenue', amount: '5' },
    ]);
    // The guard is back, and lets a state through.
    await expect(source.query(`UPDATE invoice SET total = 1 WHERE number = 'INV-000001'`)).rejects.toThrow(
      'a finalized invoice never changes',
    );
    await source.query(
      `UPDATE invoice SET status = 'void', closed_at = now(), closed_reason = 'Twice' WHERE number = 'INV-000001'`,
    );

    await source.undoLastMigration();
    expect(await source.query('SELECT DISTINCT status FROM invoice ORDER BY 1')).toEqual([
      { status: 'draft' },
      { status: 'finalized' },
    ]);
    await expect(source.query(`UPDATE invoice SET total = 1 WHERE number = 'INV-000001'`)).rejects.toThrow(
      'a finalized invoice never changes',
    );
  });
});
