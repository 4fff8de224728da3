import { createTestDatabase } from '../../test/support/postgres';
import { startTestServer, type TestServer } from '../../test/support/server';

it('is made by one of several servers that start at once on an empty database', async () => {
  const database = await createTestDatabase({ migrated: false });
  const servers: TestServer[] = [];
  try {
    servers.push(...(await Promise.all([1, 2, 3, 4].map(() => startTestServer({}, { databaseUrl: database.url })))));
    const keys = servers.map(({ apiKey }) => apiKey).filter((key) => key !== '');
    expect(keys).toHaveLength(1);
    for (const server of servers) {
      expect((await server.api('GET', '/v1/organisation', undefined, keys[0])).status).toBe(200);
    }

    const [server] = servers as [TestServer];
    expect(await server.query('SELECT count(*)::int AS made FROM organisation')).toEqual([{ made: 1 }]);
    // The price catalogue was stored once, too.
    expect(
      await server.query(
        `SELECT provider, model, definition_hash FROM model_price WHERE retired_at IS NULL GROUP BY 1, 2, 3 HAVING count(*) > 1`,
      ),
    ).toEqual([]);
    const [{ prices }] = (await server.query('SELECT count(*)::int AS prices FROM model_price')) as [
      { prices: number },
    ];
    expect(prices).toBeGreaterThan(500);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    await database.drop();
  }
});
