import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { MIGRATIONS } from '../../migrations';
import { useMigrations } from '../support/migrations';

const migrated = useMigrations();

const MINE = MIGRATIONS.findIndex(({ name }) => name === 'AddMeterRevisions1795312850000');

const organisation = randomUUID();
const [count, sum] = [randomUUID(), randomUUID()];
const USAGE = `SELECT meter_id, quantity::text FROM usage ORDER BY quantity`;

/** Two meters and what they have counted, as the release before left them. */
async function rowsBefore(source: DataSource): Promise<void> {
  await source.query(`INSERT INTO organisation (id, name, created_at) VALUES ($1, 'Org', now())`, [organisation]);
  await source.query(
    `INSERT INTO meter (organisation_id, id, key, name, event_type, aggregation, value_field, filters, group_by, created_at)
     VALUES ($1, $2, 'count', 'Count', 'call', 'count', NULL, '[{"field": "agent", "operator": "exists"}]', '{feature}', '2026-01-02'),
            ($1, $3, 'sum', 'Sum', 'call', 'sum', 'data.tokens', '[]', '{}', '2026-01-03')`,
    [organisation, count, sum],
  );
  await source.query(
    `INSERT INTO usage SELECT $1, gen_random_uuid(), meter, '2026-01-05', '', quantity, 0, 1, 0
       FROM (VALUES ($2::uuid, 1), ($3, 2)) AS counted (meter, quantity)`,
    [organisation, count, sum],
  );
}

it('makes of each released meter its own first revision, with its usage where it is', async () => {
  await migrated(MINE, rowsBefore);
  await migrated(MINE + 1, async (source) => {
    expect(await source.query(`SELECT id, revision, usage_id, status, archived_at FROM meter ORDER BY key`)).toEqual([
      { id: count, revision: 1, usage_id: count, status: 'ready', archived_at: null },
      { id: sum, revision: 1, usage_id: sum, status: 'ready', archived_at: null },
    ]);
    const plain = { eventType: 'call', timeUnit: null };
    expect(
      await source.query(
        `SELECT meter_id, revision, usage_id, definition, status, counts_from_batch, current_from_batch
           FROM meter_revision ORDER BY created_at`,
      ),
    ).toEqual([
      {
        meter_id: count,
        revision: 1,
        usage_id: count,
        definition: {
          ...plain,
          aggregation: 'count',
          valueField: null,
          filters: [{ field: 'agent', operator: 'exists' }],
          groupBy: ['feature'],
        },
        status: 'ready',
        counts_from_batch: '0',
        current_from_batch: '0',
      },
      {
        meter_id: sum,
        revision: 1,
        usage_id: sum,
        definition: { ...plain, aggregation: 'sum', valueField: 'data.tokens', filters: [], groupBy: [] },
        status: 'ready',
        counts_from_batch: '0',
        current_from_batch: '0',
      },
    ]);
    expect(await source.query(USAGE)).toEqual([
      { meter_id: count, quantity: '1' },
      { meter_id: sum, quantity: '2' },
    ]);
  });
});

it('taken back, leaves each meter what it says now, under its own id', async () => {
  await migrated(MINE, rowsBefore);
  await migrated(MINE + 1, async (source) => {
    const usageId = randomUUID();
    await source.query(`UPDATE meter_revision SET status = 'retired', retired_at_batch = 7 WHERE meter_id = $1`, [sum]);
    await source.query(
      `INSERT INTO meter_revision (organisation_id, meter_id, revision, usage_id, definition, status, counts_from_batch, filled_at, current_from_batch, created_at)
       VALUES ($1, $2, 2, $3, '{}', 'ready', 6, now(), 7, now())`,
      [organisation, sum, usageId],
    );
    await source.query(`UPDATE meter SET revision = 2, usage_id = $2 WHERE id = $1`, [sum, usageId]);
    await source.query(`INSERT INTO usage SELECT $1, gen_random_uuid(), $2, '2026-01-05', '', 3, 0, 1, 0`, [
      organisation,
      usageId,
    ]);
    await source.query(
      `INSERT INTO meter_sample SELECT $1, $2, gen_random_uuid(), '', '2026-01-05', gen_random_uuid(), 4, NULL`,
      [organisation, usageId],
    );

    await source.undoLastMigration();
    expect(await source.query(USAGE)).toEqual([
      { meter_id: count, quantity: '1' },
      { meter_id: sum, quantity: '3' },
    ]);
    expect(await source.query('SELECT meter_id FROM meter_sample')).toEqual([{ meter_id: sum }]);
  });
});
