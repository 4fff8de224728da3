import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { MIGRATIONS } from '../../migrations';
import { useMigrations } from '../support/migrations';

const migrated = useMigrations();

const BEFORE = MIGRATIONS.findIndex(({ name }) => name.startsWith('GatherInvoices'));

const [organisation, customer, plan, price, subscription] = Array.from({ length: 5 }, () => randomUUID());

/** Three months of a subscription: a void invoice, a finalized one and a draft, each with a line. */
async function storeInvoices(source: DataSource): Promise<void> {
  await source.query(`INSERT INTO organisation (id, name, created_at) VALUES ($1, 'Org', now())`, [organisation]);
  await source.query(
    `INSERT INTO customer (organisation_id, id, key, name, time_zone, created_at) VALUES ($1, $2, 'c', 'C', 'UTC', now())`,
    [organisation, customer],
  );
  await source.query(
    `INSERT INTO plan (organisation_id, id, key, version, name, currency, interval, status, created_at)
     VALUES ($1, $2, 'pro', 1, 'Pro', 'USD', 'month', 'draft', now())`,
    [organisation, plan],
  );
  await source.query(
    `INSERT INTO price (organisation_id, id, plan_id, position, key, name, charge)
     VALUES ($1, $2, $3, 0, 'base', 'Base', '{"model": "flat", "amount": "20"}')`,
    [organisation, price, plan],
  );
  await source.query(
    `INSERT INTO subscription (organisation_id, id, key, customer_id, plan_id, start_at, open_period, open_period_end, created_at)
     VALUES ($1, $2, 's', $3, $4, '2026-01-01', 3, '2026-05-01', now())`,
    [organisation, subscription, customer, plan],
  );
  for (const month of [0, 1, 2]) {
    const invoice = randomUUID();
    await source.query(
      `INSERT INTO invoice (organisation_id, id, customer_id, subscription_id, status, currency, period_start, period_end,
         total, exact_total, cost, pending_events, created_at)
       VALUES ($1, $2, $3, $4, 'draft', 'USD', timestamptz '2026-01-01' + $5 * interval '1 month',
         timestamptz '2026-02-01' + $5 * interval '1 month', 20, 20, 3, 1, now())`,
      [organisation, invoice, customer, subscription, month],
    );
    await source.query(
      `INSERT INTO invoice_line (organisation_id, id, invoice_id, position, kind, key, plan_id, price_id, description,
         quantity, events, exact_amount, amount, period_start, period_end, breakdown, steps)
       VALUES ($1, gen_random_uuid(), $2, 0, 'price', 'base', $3, $4, 'Base', 1, 0, 20, 20, '2026-01-01', '2026-02-01', '[]', '[]')`,
      [organisation, invoice, plan, price],
    );
    if (month === 2) continue;
    await source.query(
      `UPDATE invoice SET status = 'finalized', number = $2, events_through = 1, finalized_at = now(), issued_at = now(),
         due_on = '2026-06-01' WHERE id = $1`,
      [invoice, `INV-00000${month + 1}`],
    );
    if (month === 0) {
      await source.query(
        `UPDATE invoice SET status = 'void', closed_at = now(), closed_reason = 'Twice' WHERE id = $1`,
        [invoice],
      );
    }
  }
}

const PARTS = `SELECT part.kind, part.period_index, part.ordinal, part.period_start = invoice.period_start AS starts,
    part.closes_at = invoice.period_end AS ends, part.exact_total, part.cost, part.pending_events, part.live, invoice.status
  FROM invoice_part AS part JOIN invoice ON invoice.id = part.invoice_id ORDER BY invoice.period_start`;

it('every invoice has one part of its period, its lines belong to it, and back again nothing has changed', async () => {
  await migrated(BEFORE, storeInvoices);
  await migrated(BEFORE + 1, async (source) => {
    const same = {
      kind: 'period',
      ordinal: 0,
      starts: true,
      ends: true,
      exact_total: '20',
      cost: '3',
      pending_events: '1',
    };
    expect(await source.query(PARTS)).toEqual([
      { ...same, period_index: 0, live: false, status: 'void' },
      { ...same, period_index: 1, live: true, status: 'finalized' },
      { ...same, period_index: 2, live: true, status: 'draft' },
    ]);
    expect(
      await source.query(
        `SELECT DISTINCT line.subscription_id, line.net, line.tax, line.taxes, part.invoice_id = line.invoice_id AS own
           FROM invoice_line AS line JOIN invoice_part AS part ON part.id = line.part_id`,
      ),
    ).toEqual([{ subscription_id: subscription, net: '20', tax: '0', taxes: [], own: true }]);
    expect(
      await source.query(
        'SELECT DISTINCT subtotal, tax_total, credit_applied, closes_at = period_end AS closes, gathers_on FROM invoice',
      ),
    ).toEqual([{ subtotal: '20', tax_total: '0', credit_applied: '0', closes: true, gathers_on: null }]);

    await source.undoLastMigration();
    expect(await source.query('SELECT status, subscription_id, total FROM invoice ORDER BY period_start')).toEqual(
      ['void', 'finalized', 'draft'].map((status) => ({ status, subscription_id: subscription, total: '20' })),
    );
    expect(await source.query('SELECT key, price_id FROM invoice_line LIMIT 1')).toEqual([
      { key: 'base', price_id: price },
    ]);
    await expect(source.query(`UPDATE invoice SET total = 1 WHERE status = 'finalized'`)).rejects.toThrow(
      'never changes',
    );
  });
});

it('the database keeps what is billed from being billed twice, changed or removed', async () => {
  await migrated(BEFORE, storeInvoices);
  await migrated(BEFORE + 1, async (source) => {
    const part = (index: number): Promise<unknown> =>
      source.query(
        `INSERT INTO invoice_part (organisation_id, id, invoice_id, subscription_id, kind, period_index, period_start,
           period_end, closes_at, exact_total, cost, pending_events)
         SELECT organisation_id, gen_random_uuid(), id, $1, 'period', $2, period_start, period_end, period_end, 0, 0, 0
           FROM invoice WHERE status = 'draft'`,
        [subscription, index],
      );
    await expect(part(1)).rejects.toThrow('invoice_part_live');
    // That of the void invoice ended with it.
    await part(0);
    await expect(source.query(`UPDATE invoice_part SET live = true WHERE NOT live`)).rejects.toThrow();
    await expect(source.query('DELETE FROM invoice_part')).rejects.toThrow('a part of an invoice is never removed');
    await expect(
      source.query(
        `UPDATE invoice_part SET cost = 1 FROM invoice WHERE invoice.id = invoice_id AND invoice.status = 'finalized'`,
      ),
    ).rejects.toThrow('a finalized invoice never changes');
    await expect(source.query(`UPDATE invoice_line SET fee_id = 'x', kind = 'item'`)).rejects.toThrow();
    // The draft has two parts by now, which no column of the invoice could say.
    await expect(source.undoLastMigration()).rejects.toThrow('more than the period of one subscription');
  });
});
