import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { MIGRATIONS } from '../../migrations';
import { useMigrations } from '../support/migrations';

const migrated = useMigrations();

const UP_TO_IT = MIGRATIONS.findIndex(({ name }) => name === 'WidenIntervals1795314040000') + 1;
const [organisation, customer, plan, subscription] = Array.from({ length: 4 }, () => randomUUID());

async function insertPlan(source: DataSource, id: string, key: string, interval: string): Promise<void> {
  await source.query(
    `INSERT INTO plan (organisation_id, id, key, version, name, currency, interval, status, created_at)
     VALUES ($1, $2, $3, 1, 'Plan', 'USD', $4, 'draft', now())`,
    [organisation, id, key, interval],
  );
}

it('what is there stays a month and an anniversary, and going back is refused while something else is there', async () => {
  await migrated(UP_TO_IT - 1, async (source) => {
    await source.query(`INSERT INTO organisation (id, name, created_at) VALUES ($1, 'Org', now())`, [organisation]);
    await source.query(
      `INSERT INTO customer (organisation_id, id, key, name, time_zone, created_at) VALUES ($1, $2, 'c', 'C', 'UTC', now())`,
      [organisation, customer],
    );
    await insertPlan(source, plan!, 'pro', 'month');
    await source.query(`UPDATE plan SET status = 'published', published_at = now()`);
    await source.query(
      `INSERT INTO subscription (organisation_id, id, key, customer_id, plan_id, start_at, open_period, open_period_end, created_at)
       VALUES ($1, $2, 's', $3, $4, '2026-09-01', 1, '2026-11-01', now())`,
      [organisation, subscription, customer, plan],
    );
    await expect(insertPlan(source, randomUUID(), 'weekly', 'week')).rejects.toThrow('plan_interval_check');
  });
  await migrated(UP_TO_IT, async (source) => {
    const [{ interval, interval_count: count }] = await source.query('SELECT interval, interval_count FROM plan');
    expect({ interval, count }).toEqual({ interval: 'month', count: 1 });
    expect(await source.query('SELECT anchor FROM subscription')).toEqual([{ anchor: 'anniversary' }]);

    await insertPlan(source, randomUUID(), 'weekly', 'week');
    await expect(insertPlan(source, randomUUID(), 'decade', 'decade')).rejects.toThrow('plan_interval_check');
    await expect(source.undoLastMigration()).rejects.toThrow('plan_interval_check');
    await source.query(`DELETE FROM plan WHERE key = 'weekly'`);
    await source.query(`UPDATE subscription SET anchor = 'calendar'`);
    await expect(source.undoLastMigration()).rejects.toThrow('subscription');

    await source.query(`UPDATE subscription SET anchor = 'anniversary'`);
    await source.undoLastMigration();
    expect(await source.query('SELECT interval FROM plan')).toEqual([{ interval: 'month' }]);
    await expect(insertPlan(source, randomUUID(), 'weekly', 'week')).rejects.toThrow('plan_interval_check');
  });
});
