import { Client } from 'pg';
import { createTestDatabase, type TestDatabase, withDatabase } from './postgres';

async function names(url: string): Promise<string[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`,
    );
    return rows.map((row) => row.name);
  } finally {
    await client.end();
  }
}

it.each`
  url                                                | expected                                            | because
  ${'postgresql://weir@/weir?host=%2Ftmp&port=5432'} | ${'postgresql://weir@/other?host=%2Ftmp&port=5432'} | ${'a socket has no host'}
  ${'postgres://a:b@db.example:5433/weir'}           | ${'postgres://a:b@db.example:5433/other'}           | ${'the usual kind'}
  ${'postgres://db.example?sslmode=require'}         | ${'postgres://db.example/other?sslmode=require'}    | ${'no database was named'}
`('names another database on the same server: $because', ({ url, expected }: { url: string; expected: string }) => {
  expect(withDatabase(url, 'other')).toBe(expected);
});

it('makes many at once, each its own, and drops them with clients connected', async () => {
  const databases = await Promise.all(Array.from({ length: 8 }, () => createTestDatabase({ migrated: false })));
  expect(new Set(databases.map((database) => database.url)).size).toBe(8);
  expect(await names(databases[0]!.url)).toEqual([]);

  const client = new Client({ connectionString: databases[1]!.url });
  client.on('error', () => undefined);
  await client.connect();
  await Promise.all(databases.map((database) => database.drop()));
  await databases[0]!.drop();
  await expect(names(databases[1]!.url)).rejects.toThrow('does not exist');
});

it('makes them migrated, from one template', async () => {
  const databases: TestDatabase[] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  const [one, other] = await Promise.all(databases.map((database) => names(database.url)));
  expect(one).toContain('migration');
  expect(other!.sort()).toEqual(one!.sort());
  await Promise.all(databases.map((database) => database.drop()));
});
