import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { startTestServer, type TestServer } from '../support/server';

/**
 * The exporters of OpenTelemetry as they come from npm, against a server: what they send is stored, costed and counted
 * once, and they understand what they are answered.
 */
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await server.api('POST', '/v1/customers', { key: 'acme', name: 'Acme' });
  await server.api('POST', '/v1/meters', {
    key: 'input',
    name: 'Input tokens',
    eventType: 'gen_ai.chat',
    aggregation: 'sum',
    value: 'data.input_tokens',
  });
});
afterAll(() => server.stop());

interface Exported {
  /** What each of the two exports came to: code 0 is success. */
  readonly results: readonly { code: number; error?: string }[];
  /** Warnings and errors of the SDK. */
  readonly logged: readonly string[];
  /** The id of each span's event, by the span's name. */
  readonly ids: Readonly<Record<string, string>>;
}

async function runApplication(environment: Record<string, string>): Promise<Exported> {
  const program = join(__dirname, '../support/otel-application.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [program], {
    env: { ...process.env, WEIR: server.url, KEY: server.apiKey, ...environment },
  });
  return JSON.parse(stdout) as Exported;
}

const storedEvents = async () => (await server.rowCounts())['event']!;
const eventOf = async (id: string | undefined) => (await server.api('GET', `/v1/events/${id}?source=otel`)).body;

async function inputTokens(): Promise<number> {
  const { body } = await server.api('GET', '/v1/customers/acme/usage');
  return Number(body.meters[0].quantity);
}

describe.each(['json', 'protobuf'])('the exporter for %s', (ENCODING) => {
  it.each(['none', 'gzip'])(
    'stores, costs and counts its spans once, however often it sends them (%s)',
    async (COMPRESSION) => {
      const service = `app-${ENCODING}-${COMPRESSION}`;
      const RESOURCE = JSON.stringify({ 'service.name': service, 'weir.customer': 'acme' });
      const events = await storedEvents();
      const tokens = await inputTokens();

      const { results, logged, ids } = await runApplication({ ENCODING, COMPRESSION, RESOURCE });

      expect({ results, logged }).toEqual({ results: [{ code: 0 }, { code: 0 }], logged: [] });
      expect(await storedEvents()).toBe(events + 4);
      // The agent's own 3,155 are those of its two requests.
      expect(await inputTokens()).toBe(tokens + 3_155);
      expect(await eventOf(ids['first'])).toMatchObject({
        type: 'gen_ai.chat',
        session: 'conversation-1',
        feature: 'research',
        data: {
          provider: 'openai',
          model: 'gpt-4o-2024-08-06',
          request_model: 'gpt-4o',
          input_tokens: 1_155,
          output_tokens: 211,
          duration_ms: expect.any(Number),
          service,
          scope: 'an-instrumentation',
          parent_span_id: ids['agent']!.slice(33),
        },
        // At the provider's prices: 1,155 × 2.50 + 211 × 10.00 USD per million.
        cost: { status: 'priced', amount: '0.0049975' },
      });
      // 500 × 3.00 + 1,500 × 0.30 + 100 × 15.00 USD per million.
      expect((await eventOf(ids['second'])).cost).toMatchObject({ status: 'priced', amount: '0.00345' });
      expect(await eventOf(ids['tool'])).toMatchObject({
        type: 'gen_ai.execute_tool',
        data: { tool: 'search', tool_call_id: 'call-1', error: true },
        cost: { status: 'none' },
      });
      expect(await eventOf(ids['agent'])).toMatchObject({
        type: 'gen_ai.invoke_agent',
        agent: 'researcher',
        data: { not_counted: { input_tokens: 3_155, output_tokens: 311 } },
        cost: { status: 'none' },
      });
      expect((await eventOf(ids['http'])).code).toBe('event_not_found');
    },
  );

  it('is told which span was refused and why, and has the others stored', async () => {
    const events = await storedEvents();
    const SPAN = JSON.stringify({ 'gen_ai.usage.input_tokens': -5 });

    const { results, logged, ids } = await runApplication({ ENCODING, RESOURCE: '{"weir.customer":"acme"}', SPAN });

    expect(results).toEqual([{ code: 0 }, { code: 0 }]);
    expect(await storedEvents()).toBe(events + 3);
    expect(logged).toHaveLength(2);
    expect(logged[0]).toContain('1 span refused');
    expect(logged[0]).toContain(`span ${ids['first']!.slice(33)}: gen_ai.usage.input_tokens is -5`);
  });

  it('fails on a wrong key, and says with what', async () => {
    const { results } = await runApplication({ ENCODING, KEY: 'weir_wrong', RESOURCE: '{"weir.customer":"acme"}' });
    expect(results).toEqual([
      { code: 1, error: expect.stringContaining('401') },
      { code: 1, error: expect.stringContaining('401') },
    ]);
  });

  it('sends again by itself what was answered with 503, and is counted once', async () => {
    const events = await storedEvents();
    const blocker = new Client({ connectionString: server.databaseUrl });
    await blocker.connect();
    await blocker.query('BEGIN; LOCK TABLE event IN EXCLUSIVE MODE');
    const exported = runApplication({ ENCODING, RESOURCE: '{"weir.customer":"acme"}' });
    // The database goes while it stores the first export.
    const blocked = `SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity
                      WHERE datname = current_database() AND cardinality(pg_blocking_pids(pid)) > 0`;
    while ((await server.query<{ ended: boolean }>(blocked)).length === 0);
    await blocker.query('ROLLBACK');
    await blocker.end();

    expect((await exported).results).toEqual([{ code: 0 }, { code: 0 }]);
    expect(await storedEvents()).toBe(events + 4);
  });
});
