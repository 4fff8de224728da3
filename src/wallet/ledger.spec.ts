import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres';

/** What the database itself keeps of the ledger, whoever writes. */
let database: TestDatabase;
let client: Client;
const [organisation, customer] = [randomUUID(), randomUUID()];

beforeAll(async () => {
  database = await createTestDatabase();
  client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query(`INSERT INTO organisation (id, name, created_at) VALUES ($1, 'Org', now())`, [organisation]);
  await client.query(
    `INSERT INTO customer (organisation_id, id, key, name, time_zone, created_at) VALUES ($1, $2, 'c', 'C', 'UTC', now())`,
    [organisation, customer],
  );
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

/** Stores a posting that says it has so many entries, with these amounts; fails when it commits, or before. */
async function store(entries: number, amounts: readonly string[], source = randomUUID()): Promise<string> {
  const id = randomUUID();
  await client.query('BEGIN');
  try {
    await client.query(
      `INSERT INTO ledger_posting (organisation_id, id, source_kind, source_id, purpose, customer_id, currency, at, description, entries)
       VALUES ($1, $2, 'invoice', $3, 'finalized', $4, 'USD', now(), 'Invoice', $5)`,
      [organisation, id, source, customer, entries],
    );
    for (const [position, amount] of amounts.entries()) await add(id, position, amount);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
  return id;
}

async function add(posting: string, position: number, amount: string): Promise<void> {
  await client.query(
    `INSERT INTO ledger_entry (organisation_id, id, posting_id, position, account, amount) VALUES ($1, $2, $3, $4, 'revenue', $5)`,
    [organisation, randomUUID(), posting, position, amount],
  );
}

it.each`
  entries | amounts               | refused                     | because
  ${2}    | ${['10', '-9.99']}    | ${/sum to zero, not 0\.01/} | ${'a cent is missing'}
  ${2}    | ${[]}                 | ${/of 2 entries has 0/}     | ${'it has no entries'}
  ${2}    | ${['10', '-5', '-5']} | ${/of 2 entries has 3/}     | ${'it has more than it says'}
  ${1}    | ${['10']}             | ${/check constraint/}       | ${'one entry is no posting'}
  ${2}    | ${['0', '0']}         | ${/check constraint/}       | ${'an entry of nothing says nothing'}
`('refuses a posting of $amounts: $because', async ({ entries, amounts, refused }) => {
  await expect(store(entries, amounts)).rejects.toThrow(refused);
});

it('takes one that sums to zero, once for a source; then nothing is added to it, changed or taken away', async () => {
  const source = randomUUID();
  const posting = await store(3, ['10', '-4', '-6'], source);
  await expect(store(2, ['10', '-10'], source)).rejects.toThrow(/unique constraint/);
  await expect(add(posting, 3, '1')).rejects.toThrow(/sum to zero/);
  for (const table of ['ledger_posting', 'ledger_entry']) {
    await expect(client.query(`UPDATE ${table} SET organisation_id = organisation_id`)).rejects.toThrow(
      /never changed/,
    );
    await expect(client.query(`DELETE FROM ${table}`)).rejects.toThrow(/never changed/);
  }
});
