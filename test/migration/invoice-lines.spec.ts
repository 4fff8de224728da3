import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { MIGRATIONS } from '../../migrations';
import { useMigrations } from '../support/migrations';

const migrated = useMigrations();

const THIS = MIGRATIONS.findIndex(({ name }) => name.startsWith('WidenInvoiceLines'));

const [organisation, customer, plan, price, subscription, invoice] = Array.from({ length: 6 }, () => randomUUID());

/** A draft without lines. */
async function storeDraft(source: DataSource): Promise<void> {
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
     VALUES ($1, $2, 's', $3, $4, '2026-09-01', 1, '2026-11-01', now())`,
    [organisation, subscription, customer, plan],
  );
  await source.query(
    `INSERT INTO invoice (organisation_id, id, customer_id, subscription_id, status, currency, period_start, period_end,
       total, exact_total, cost, pending_events, created_at)
     VALUES ($1, $2, $3, $4, 'draft', 'USD', '2026-09-01', '2026-10-01', 20, 20, 0, 0, now())`,
    [organisation, invoice, customer, subscription],
  );
}

async function storeLine(source: DataSource, more: string, values: string = ''): Promise<void> {
  await source.query(
    `INSERT INTO invoice_line (organisation_id, id, invoice_id, position, price_id, description, quantity, events,
       exact_amount, amount, period_start, period_end, breakdown, steps${more})
     VALUES ($1, gen_random_uuid(), $2, 0, $3, 'Base', 1, 0, 20, 20, '2026-09-01', '2026-10-01', '[]', '[]'${values})`,
    [organisation, invoice, price],
  );
}

const LINE = 'SELECT kind, key, plan_id, price_id, amount FROM invoice_line';

it('lines that were billed get their price’s key and plan, and their invoice stays as it was', async () => {
  await migrated(THIS, async (source) => {
    await storeDraft(source);
    await storeLine(source, '');
    await source.query(
      `UPDATE invoice SET status = 'finalized', number = 'INV-000001', events_through = 1, finalized_at = now()`,
    );
  });
  await migrated(THIS + 1, async (source) => {
    expect(await source.query(LINE)).toEqual([
      { kind: 'price', key: 'base', plan_id: plan, price_id: price, amount: '20' },
    ]);
    // The guard is back.
    await expect(source.query('UPDATE invoice_line SET amount = 1')).rejects.toThrow(
      'a finalized invoice never changes',
    );
    await expect(storeLine(source, ', kind, key, plan_id', `, 'price', 'more', '${plan}'`)).rejects.toThrow(
      'never changes',
    );

    await source.undoLastMigration();
    expect(await source.query('SELECT price_id, amount FROM invoice_line')).toEqual([
      { price_id: price, amount: '20' },
    ]);
  });
});

it('a line of a price names it, a line of the plan doesn’t, and none is there twice', async () => {
  await migrated(THIS + 1, async (source) => {
    await storeDraft(source);
    const more = ', kind, key, plan_id';
    await expect(storeLine(source, '')).rejects.toThrow('null value in column "kind"');
    await expect(storeLine(source, more, `, 'minimum', 'plan:minimum', '${plan}'`)).rejects.toThrow('check constraint');
    await storeLine(source, more, `, 'price', 'base', '${plan}'`);
    await expect(storeLine(source, more, `, 'price', 'base', '${plan}'`)).rejects.toThrow('unique constraint');
  });
});
