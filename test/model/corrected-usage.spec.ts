import fc from 'fast-check';
import { Pool } from 'pg';
import { foldUsageJob } from '../../src/metering';
import { JobLocks } from '../../src/platform/jobs/job-locks';
import { advance, eventsBehind, invoicesOf, made, subscribe } from '../support/books';
import { type Answer, startTestServer, type TestServer } from '../support/server';
import { counted, METERS, recounted, type Sum } from './usage-recount';

/**
 * The model of corrected usage is a recount as well: while events of today and of long ago arrive at two servers, are
 * voided, amended, priced later and costed again, all at once, the sums equal what plain SQL finds in the events that
 * count, and as many count as were accepted and not voided.
 */
const CUSTOMERS = ['ada', 'ben', 'cyd'];
const DAY_MS = 86_400_000;

let servers: [TestServer, TestServer];
let server: TestServer;
let pool: Pool;

beforeAll(async () => {
  server = await startTestServer({ WEIR_EVENT_MAX_AGE: '40d' });
  const second = await startTestServer({}, { databaseUrl: server.databaseUrl, apiKey: server.apiKey });
  servers = [server, second];
  pool = new Pool({ connectionString: server.databaseUrl, max: 2 });
  for (const key of CUSTOMERS) await made(server.api('POST', '/v1/customers', { key, name: key }));
  for (const { request } of METERS) await made(server.api('POST', '/v1/meters', request));
});
afterAll(async () => {
  await pool.end();
  await servers[1].stop();
  await server.stop();
});

const content = fc.record({
  type: fc.constantFrom('llm.request', 'llm.request', 'task.outcome'),
  customer: fc.constantFrom(...CUSTOMERS),
  daysAgo: fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 0, max: 2 }) },
    { weight: 1, arbitrary: fc.constant(300) },
  ),
  minute: fc.integer({ min: 0, max: 200 }),
  feature: fc.constantFrom('chat', 'internal', undefined),
  agent: fc.constantFrom('a1', undefined),
  cost: fc.constantFrom(undefined, undefined, { amount: '0.00000000017', currency: 'USD' }),
  data: fc.record({
    provider: fc.constant('openai'),
    model: fc.constantFrom('gpt-4o', 'unpriced-0', 'unpriced-1', 'unpriced-2'),
    input_tokens: fc.integer({ min: 0, max: 4_000 }),
    output_tokens: fc.constantFrom(0, 7, 300, '0.5', '3.000000000001'),
    region: fc.constantFrom('eu', 'us'),
    success: fc.boolean(),
  }),
});
type Content = typeof content extends fc.Arbitrary<infer T> ? T : never;

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('send' as const), content }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('again' as const), which: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('void' as const), which: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('amend' as const), which: fc.nat(), content }) },
);

function toEvent({ daysAgo, minute, ...rest }: Content): Record<string, unknown> {
  const day = Math.floor(Date.now() / DAY_MS) * DAY_MS - DAY_MS;
  return { ...rest, time: new Date(day - daysAgo * DAY_MS + minute * 60_000).toISOString() };
}

/** Sums of which nothing is left are as good as none. */
const left = (sums: readonly Sum[]): Sum[] =>
  sums.filter(({ quantity, cost, events, pending }) => [quantity, cost, events, pending].some((sum) => sum !== '0'));

async function expectRecounted(): Promise<void> {
  expect(left(await counted(server.query))).toEqual(left(await recounted(server.query)));
}

async function whenIdle(path: string, isIdle: (body: Answer['body']) => boolean): Promise<Answer['body']> {
  for (;;) {
    const body = await made(server.api('GET', path));
    if (isIdle(body)) return body;
  }
}

it('equals a recount of the events that count, whatever was corrected, and however it was mixed', async () => {
  const outcomes = new Map<string, number>();
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 150, maxLength: 200 }), async (steps) => {
      run += 1;
      const source = `run-${run}`;
      const [before] = await server.query<{ count: number }>('SELECT count(*)::int AS count FROM event_now');
      const sent: { id: string; event: Record<string, unknown> }[] = [];
      let effective = before!.count;
      const todo = [...steps.entries()];
      const work = async (api: TestServer['api']): Promise<void> => {
        for (let next = todo.shift(); next !== undefined; next = todo.shift()) {
          const [index, what] = next;
          const earlier = what.kind === 'send' ? undefined : sent[what.which % Math.max(1, sent.length)];
          if (what.kind === 'send' || earlier === undefined || what.kind === 'again') {
            const fresh = what.kind === 'send' ? { id: `e-${index}`, event: toEvent(what.content) } : earlier;
            if (fresh === undefined) continue;
            const request = [{ id: fresh.id, source, ...fresh.event }];
            const { body } = await api('POST', '/v1/events?backfill=true', request);
            effective += Number(body.accepted);
            if (what.kind === 'send') sent.push(fresh);
            count(body.accepted === 1 ? 'accepted' : 'duplicate');
            continue;
          }
          const reason = `${what.kind} ${index}`;
          const body = what.kind === 'void' ? { reason, source } : { reason, source, event: toEvent(what.content) };
          const query = what.kind === 'void' ? '' : '?backfill=true';
          const answer = await api('POST', `/v1/events/${earlier.id}/${what.kind}${query}`, body);
          // Another may have voided it a moment before.
          expect([200, 409]).toContain(answer.status);
          if (what.kind === 'void' && answer.status === 200) effective -= 1;
          count(`${what.kind} ${answer.status}`);
        }
      };
      const count = (outcome: string): void => void outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);

      const working = Promise.all([0, 1, 2, 3, 4, 5].map((each) => work(servers[each % 2]!.api)));
      await new JobLocks(pool).runAlone(foldUsageJob(pool, 0), new AbortController().signal);
      // A price arrives while all that goes on, for models that events wait for.
      const units = { input: { amount: String(run) }, output: { amount: '3' } };
      const price = { provider: 'openai', model: `unpriced-${run}`, units };
      await made(servers[1].api('POST', '/v1/price-book', price));
      await working;
      await expectRecounted();

      const pending = await whenIdle('/v1/costs/pending', ({ pricing }) => pricing.state === 'idle');
      expect(pending.groups.map(({ model }: Answer['body']) => model)).not.toContain(`unpriced-${run}`);
      const range = { from: new Date(Date.now() - 400 * DAY_MS).toISOString(), to: new Date().toISOString() };
      const { id } = await made(server.api('POST', '/v1/recostings', { reason: 'as it is now', ...range }));
      const preview = await whenIdle(`/v1/recostings/${id}`, ({ status }) => status !== 'previewing');
      expect(preview).toMatchObject({ status: 'previewed' });
      await made(server.api('POST', `/v1/recostings/${id}/apply`));
      const applied = await whenIdle(`/v1/recostings/${id}`, ({ status }) => status !== 'applying');
      expect(applied).toMatchObject({ status: 'applied', progress: { skipped: 0, applied: preview.effect.changed } });

      await expectRecounted();
      await new JobLocks(pool).runAlone(foldUsageJob(pool, 0), new AbortController().signal);
      await expectRecounted();
      const [after] = await server.query<{ count: number }>('SELECT count(*)::int AS count FROM event_now');
      expect(after!.count).toBe(effective);
    }),
    { numRuns: 2, endOnFailure: true },
  );
  for (const outcome of ['accepted', 'duplicate', 'void 200', 'amend 200', 'amend 409']) {
    expect({ outcome, times: outcomes.get(outcome) ?? 0 }).toEqual({ outcome, times: expect.any(Number) });
    expect(outcomes.get(outcome) ?? 0).toBeGreaterThan(0);
  }
}, 240_000);

it('voids while events arrive and the invoice is finalized: each event is on it or not, as its answer said', async () => {
  const api = server.api;
  await made(
    api('POST', '/v1/plans', {
      key: 'requests',
      name: 'Requests',
      currency: 'USD',
      interval: 'month',
      prices: [{ key: 'r', name: 'Requests', meter: 'requests', charge: { model: 'unit', unitPrice: '1' } }],
    }),
  );
  const { clock } = await subscribe(server, 'busy', { plan: 'requests', startAt: '2026-03-01T00:00:00Z' });
  await advance(server, clock, '2026-04-01T00:00:00Z');
  const [draft] = await invoicesOf(server, 'busy');

  const ids: string[] = [];
  const voided = new Map<string, string>();
  let stop = false;
  const pour = async (to: TestServer, name: string): Promise<void> => {
    for (let index = 0; !stop; index += 1) {
      const batch = [0, 1, 2].map((each) => `${name}-${index}-${each}`);
      const events = batch.map((id) => ({ id, type: 'llm.request', customer: 'busy', time: '2026-03-15T12:30:00Z' }));
      expect(await made(to.api('POST', '/v1/events?backfill=true', events))).toMatchObject({ accepted: 3 });
      ids.push(...batch);
    }
  };
  const correct = async (to: TestServer): Promise<void> => {
    while (!stop) {
      const id = ids.shift();
      if (id === undefined) {
        await to.api('GET', '/healthz');
        continue;
      }
      const { invoices } = await made(to.api('POST', `/v1/events/${id}/void`, { reason: 'r' }));
      voided.set(id, invoices[0].status);
    }
  };
  const working = Promise.all([pour(servers[0], 'a'), pour(servers[1], 'b'), correct(servers[0]), correct(servers[1])]);
  while (voided.size < 20) await api('GET', '/healthz');
  const finalized = await made(servers[1].api('POST', `/v1/invoices/${draft.id}/finalize`));
  const then = voided.size;
  while (voided.size < then + 20) await api('GET', '/healthz');
  stop = true;
  await working;

  const behind = new Set((await eventsBehind(server, finalized.id, 1, 200)).map(({ id }) => id));
  expect(behind.size).toBe(finalized.lines[0].events);
  expect(String(behind.size)).toBe(finalized.lines[0].quantity);
  // What was voided before the invoice was finalized is not on it; what is voided afterwards may be, and stays there.
  for (const [id, status] of voided) if (status === 'draft') expect(behind).not.toContain(id);
  expect([...voided].filter(([id, status]) => status === 'finalized' && behind.has(id)).length).toBeGreaterThan(0);
  const usage = await made(api('GET', '/v1/customers/busy/usage?from=2026-03-01T00:00:00Z&to=2026-04-01T00:00:00Z'));
  const [stored] = await server.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM event_now JOIN customer ON customer.id = customer_id WHERE customer.key = 'busy'`,
  );
  expect(usage.allEvents.events).toBe(stored!.count);
}, 120_000);
