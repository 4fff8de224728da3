import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { MIGRATIONS } from '../../migrations';
import { useMigrations } from '../support/migrations';

const migrated = useMigrations();

const [organisation, customer] = [randomUUID(), randomUUID()];

/** An event as the first release stored it: the names are in its data and nowhere else. */
async function store(source: DataSource, id: string, data: string | null): Promise<void> {
  await source.query(
    `INSERT INTO event (key, organisation_id, batch, customer_id, time, time_given, received_at, type, source, id, cost_status, data)
     VALUES ($1, $2, nextval('event_batch'), $3, now(), true, now(), 'call', 'api', $4, 'n', $5)`,
    [randomUUID(), organisation, customer, id, data],
  );
}

const THROUGH_IT = MIGRATIONS.findIndex(({ name }) => name.startsWith('NameReleasedModels')) + 1;
const NAMES = `SELECT id, provider, model FROM event_now ORDER BY id`;

it('reads provider and model of events of the first release out of their data', async () => {
  await migrated(1, async (source) => {
    await source.query(`INSERT INTO organisation (id, name, created_at) VALUES ($1, 'Org', now())`, [organisation]);
    await store(source, 'both', '{"provider": "openai", "model": "gpt-4o", "input_tokens": 5}');
    await store(source, 'escaped', '{"provider": "a", "note": "\\u0000"}');
    await store(source, 'none', null);
    await store(source, 'number', '{"model": 4, "provider": ""}');
  });
  await migrated(THROUGH_IT, async (source) => {
    expect(await source.query(NAMES)).toEqual([
      { id: 'both', provider: 'openai', model: 'gpt-4o' },
      { id: 'escaped', provider: null, model: null },
      { id: 'none', provider: null, model: null },
      { id: 'number', provider: null, model: null },
    ]);
    // What is accepted now says its names itself.
    await store(source, 'later', '{"provider": "openai", "model": "gpt-4o"}');
    expect(await source.query(`${NAMES} LIMIT 1 OFFSET 2`)).toEqual([{ id: 'later', provider: null, model: null }]);

    await source.undoLastMigration();
    expect(await source.query(`${NAMES} LIMIT 1`)).toEqual([{ id: 'both', provider: null, model: null }]);
  });
});
