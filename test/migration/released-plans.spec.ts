import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { MIGRATIONS } from '../../migrations';
import { useMigrations } from '../support/migrations';

const migrated = useMigrations();

/** How many migrations there are up to the one of plans, it included. */
const UP_TO_IT = MIGRATIONS.findIndex(({ name }) => name === 'ExtendPlans1795313600000') + 1;
const organisation = randomUUID();

async function insertPlan(source: DataSource, key: string, status: string): Promise<string> {
  const id = randomUUID();
  await source.query(
    `INSERT INTO plan (organisation_id, id, key, version, name, currency, interval, status, created_at)
     VALUES ($1, $2, $3, 1, 'Plan', 'USD', 'month', $4, '2026-01-02T03:04:05Z')`,
    [organisation, id, key, status],
  );
  await source.query(
    `INSERT INTO price (organisation_id, id, plan_id, position, key, name, charge)
     VALUES ($1, $2, $3, 0, 'base', 'Base', '{"model": "flat", "amount": "20"}')`,
    [organisation, randomUUID(), id],
  );
  return id;
}

const PLANS = `SELECT key, status, terms, currencies, source, published_at = created_at AS published_then FROM plan ORDER BY key`;

it('plans of before are published since they were made, and stay as they are', async () => {
  await migrated(UP_TO_IT - 1, async (source) => {
    await source.query(`INSERT INTO organisation (id, name, created_at) VALUES ($1, 'Org', now())`, [organisation]);
    await insertPlan(source, 'released', 'published');
  });
  await migrated(UP_TO_IT, async (source) => {
    const released = { key: 'released', status: 'published', terms: {}, currencies: {}, source: 'api', published_then: true }; // prettier-ignore
    expect(await source.query(PLANS)).toEqual([released]);
    expect(await source.query(`SELECT key, charge, terms FROM price`)).toEqual([
      { key: 'base', charge: { model: 'flat', amount: '20' }, terms: {} },
    ]);
    await expect(source.query(`UPDATE plan SET name = 'Other'`)).rejects.toThrow('never changed');
    await expect(source.query(`DELETE FROM price`)).rejects.toThrow('never changed');

    await insertPlan(source, 'drafted', 'draft');
    await insertPlan(source, 'archived', 'draft');
    await source.query(`UPDATE plan SET status = 'published', published_at = now() WHERE key = 'archived'`);
    await source.query(`UPDATE plan SET status = 'archived', archived_at = now() WHERE key = 'archived'`);
    await expect(source.query(`UPDATE plan SET archived_at = now() WHERE key = 'archived'`)).rejects.toThrow('never changed'); // prettier-ignore

    await source.undoLastMigration();
    expect(await source.query(`SELECT key, status FROM plan ORDER BY key`)).toEqual([
      { key: 'archived', status: 'published' },
      { key: 'released', status: 'published' },
    ]);
    expect(await source.query(`SELECT count(*)::int AS prices FROM price`)).toEqual([{ prices: 2 }]);
    await expect(source.query(`UPDATE plan SET name = 'Other'`)).rejects.toThrow('never changed');
  });
});
