import { Client } from 'pg';
import { advance, made, subscribe } from '../support/books';
import { startTestServer, type TestServer } from '../support/server';

/** Two servers on one database: what fills a meter may be either. */
let servers: TestServer[];
let jobs: Client;

beforeAll(async () => {
  const first = await startTestServer();
  servers = [first, await startTestServer({}, { databaseUrl: first.databaseUrl, apiKey: first.apiKey })];
  jobs = new Client({ connectionString: first.databaseUrl });
  await jobs.connect();
});
afterAll(async () => {
  await jobs.end();
  await servers[1]!.stop();
  await servers[0]!.stop();
});

/** Keeps the job that fills meters from running anywhere, as a process does that runs it. */
async function withoutFillJob<T>(work: () => Promise<T>): Promise<T> {
  await jobs.query(`SELECT pg_advisory_lock(6975330, hashtext('fill meters'))`);
  try {
    return await work();
  } finally {
    await jobs.query(`SELECT pg_advisory_unlock(6975330, hashtext('fill meters'))`);
  }
}

interface Organisation {
  api(method: string, path: string, body?: unknown): ReturnType<TestServer['api']>;
  readonly id: string;
}

/** An organisation of its own, which is asked now here, now there. */
async function organisation(): Promise<Organisation> {
  const { id, apiKey } = await servers[0]!.organisation();
  let asked = 0;
  return { id, api: (method, path, body) => servers[(asked += 1) % 2]!.api(method, path, body, apiKey) };
}

const DAY = '2026-11-20T';
const NOON = `${DAY}12:00:00Z`;

function calls(count: number, name: string, data: (index: number) => object = () => ({ tokens: 2 })): object[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `${name}-${index}`,
    type: index % 10 === 9 ? 'other' : 'call',
    customer: index % 2 === 0 ? 'ada' : 'ben',
    time: new Date(Date.UTC(2026, 10, 20) + (index % 86_400) * 1_000).toISOString(),
    data: data(index),
  }));
}

async function send(to: Organisation, events: readonly object[]): Promise<void> {
  for (let at = 0; at < events.length; at += 10_000) {
    const { accepted } = await made(to.api('POST', '/v1/events', events.slice(at, at + 10_000)));
    expect(accepted).toBe(Math.min(10_000, events.length - at));
  }
}

/** What two customers have of a meter on the day, added up. */
async function usageOf(of: Organisation, meter: string): Promise<{ quantity: number; events: number }> {
  const total = { quantity: 0, events: 0 };
  for (const customer of ['ada', 'ben']) {
    const path = `/v1/customers/${customer}/usage?from=${DAY}00:00:00Z&to=2026-11-21T00:00:00Z`;
    const { meters } = await made(of.api('GET', path));
    const found = meters.find(({ key }: { key: string }) => key === meter);
    total.quantity += Number(found.quantity);
    total.events += Number(found.events);
  }
  return total;
}

async function untilReady(of: Organisation, meter: string): Promise<unknown> {
  for (;;) {
    const found = await made(of.api('GET', `/v1/meters/${meter}`));
    if (found.filling === null) return found;
    await new Promise((soon) => setTimeout(soon, 20));
  }
}

async function withCustomers(): Promise<Organisation> {
  const empty = await organisation();
  for (const key of ['ada', 'ben']) await made(empty.api('POST', '/v1/customers', { key, name: key }));
  return empty;
}

const COUNT = { name: 'Calls', eventType: 'call', aggregation: 'count' };
const SUM = { name: 'Tokens', eventType: 'call', aggregation: 'sum', value: 'data.tokens' };

describe('a small store', () => {
  let here: Organisation;
  beforeAll(async () => {
    here = await withCustomers();
    await send(here, calls(100, 'early'));
  });

  it('is counted when the answer comes, for a meter that is made', async () => {
    const meter = await withoutFillJob(() => made(here.api('POST', '/v1/meters', { key: 'calls', ...COUNT })));
    expect(meter).toMatchObject({ status: 'ready', revision: 1, filling: null });
    expect(meter.revisions).toMatchObject([
      { revision: 1, status: 'ready', inForce: true, progress: { percent: 100 } },
    ]);
    expect(await usageOf(here, 'calls')).toEqual({ quantity: 90, events: 90 });
  });

  it('and for one that is changed: its next revision takes the place of the first', async () => {
    const changed = await withoutFillJob(() => made(here.api('PUT', '/v1/meters/calls', SUM)));
    expect(changed).toMatchObject({ key: 'calls', name: 'Tokens', aggregation: 'sum', status: 'ready', revision: 2 });
    expect(changed.revisions).toMatchObject([
      { revision: 1, status: 'retired', inForce: false, aggregation: 'count' },
      { revision: 2, status: 'ready', inForce: true, aggregation: 'sum' },
    ]);
    await send(here, calls(10, 'late'));
    expect(await usageOf(here, 'calls')).toEqual({ quantity: 198, events: 99 });
  });

  it('the same definition again answers the stored one, by name or by id; another name is no revision', async () => {
    const { id } = await made(here.api('GET', '/v1/meters/calls'));
    for (const reference of ['calls', id]) {
      const again = await made(here.api('PUT', `/v1/meters/${reference}`, { ...SUM, name: 'All tokens' }));
      expect(again).toMatchObject({ id, revision: 2, name: 'All tokens' });
      expect(again.revisions).toHaveLength(2);
    }
  });

  it('a definition that can’t be changes nothing, nor does one of a meter that isn’t there', async () => {
    expect(await here.api('PUT', '/v1/meters/calls', { ...COUNT, value: 'data.tokens' })).toMatchObject({
      status: 422,
      body: { code: 'invalid_meter', errors: [{ field: 'value' }] },
    });
    expect(await here.api('PUT', '/v1/meters/nobody', COUNT)).toMatchObject({
      status: 404,
      body: { code: 'meter_not_found' },
    });
    expect(await made(here.api('GET', '/v1/meters/calls'))).toMatchObject({ revision: 2, aggregation: 'sum' });
  });

  it('usage of the revision before is deleted, once nothing can be added to it any more', async () => {
    const left = async () => {
      const [row] = await servers[0]!.query<{ rows: number; removed: boolean }>(
        `SELECT (SELECT count(*)::int FROM usage WHERE meter_id = r.usage_id) AS rows, usage_removed_at IS NOT NULL AS removed
           FROM meter_revision AS r WHERE organisation_id = (SELECT organisation_id FROM meter WHERE key = 'calls') AND status = 'retired'`,
      );
      return row!;
    };
    while (!(await left()).removed) await new Promise((soon) => setTimeout(soon, 50));
    expect(await left()).toEqual({ rows: 0, removed: true });
    expect(await usageOf(here, 'calls')).toEqual({ quantity: 198, events: 99 });
  }, 60_000);
});

describe('a large store', () => {
  const EVENTS = 30_000;
  let here: Organisation;
  beforeAll(async () => {
    here = await withCustomers();
    await send(here, calls(EVENTS, 'early'));
  }, 120_000);

  it('a new meter says how far it is, counts what comes, and an invoice waits for it', async () => {
    await withoutFillJob(async () => {
      const meter = await made(here.api('POST', '/v1/meters', { key: 'tokens', ...SUM }));
      expect(meter).toMatchObject({
        status: 'filling',
        filling: { revision: 1, counted: 20_000, total: EVENTS, percent: 66.6 },
      });
      const before = await usageOf(here, 'tokens');
      expect(before.events).toBeLessThan(27_000);
      await send(here, calls(10, 'meanwhile'));
      expect((await usageOf(here, 'tokens')).events).toBe(before.events + 9);
      const { items } = await made(here.api('GET', '/v1/meters'));
      expect(items).toMatchObject([{ key: 'tokens', status: 'filling', filling: { counted: 20_000 } }]);

      const prices = [{ key: 'tokens', name: 'Tokens', meter: 'tokens', charge: { model: 'unit', unitPrice: '1' } }];
      await made(
        here.api('POST', '/v1/plans', { key: 'plan', name: 'Plan', currency: 'USD', interval: 'month', prices }),
      );
      const { clock } = await subscribe(here, 'cyd', { plan: 'plan', startAt: '2026-10-01T00:00:00Z' });
      await advance(here, clock, '2026-11-01T00:00:00Z');
      const { items: invoices } = await made(here.api('GET', '/v1/customers/cyd/invoices'));
      expect(await here.api('POST', `/v1/invoices/${invoices[0].id}/finalize`)).toMatchObject({
        status: 409,
        body: { code: 'meter_filling' },
      });
    });
    expect(await untilReady(here, 'tokens')).toMatchObject({ status: 'ready', revision: 1 });
    expect(await usageOf(here, 'tokens')).toEqual({ quantity: 2 * 27_009, events: 27_009 });
    const { items: invoices } = await made(here.api('GET', '/v1/customers/cyd/invoices'));
    expect(await made(here.api('POST', `/v1/invoices/${invoices[0].id}/finalize`))).toMatchObject({
      number: expect.stringMatching(/^INV-/),
    });
  }, 60_000);

  it('a changed meter is what it was until the change is counted, while events pour in and are voided', async () => {
    const before = await usageOf(here, 'tokens');
    const sending: Promise<void>[] = [];
    await withoutFillJob(async () => {
      const changed = await made(here.api('PUT', '/v1/meters/tokens', COUNT));
      expect(changed).toMatchObject({ aggregation: 'sum', revision: 1, status: 'ready', filling: { revision: 2 } });
      expect(await usageOf(here, 'tokens')).toEqual(before);
      // Of what the fill has passed, and of what it has yet to see.
      for (const id of ['early-0', 'early-1', 'early-20', 'early-29991']) {
        await made(here.api('POST', `/v1/events/${id}/void`, { reason: 'A test' }));
      }
      expect(await usageOf(here, 'tokens')).toEqual({ quantity: before.quantity - 8, events: before.events - 4 });
    });
    for (let part = 0; part < 4; part += 1) sending.push(send(here, calls(500, `pouring-${part}`)));
    await Promise.all(sending);
    expect(await untilReady(here, 'tokens')).toMatchObject({ aggregation: 'count', revision: 2 });
    const events = before.events - 4 + 4 * 450;
    expect(await usageOf(here, 'tokens')).toEqual({ quantity: events, events });
  }, 60_000);

  it('a change is taken back by the definition in force, and replaced by a further change', async () => {
    await withoutFillJob(async () => {
      await made(here.api('PUT', '/v1/meters/tokens', SUM));
      const back = await made(here.api('PUT', '/v1/meters/tokens', COUNT));
      expect(back).toMatchObject({ aggregation: 'count', revision: 2, filling: null });
      expect(back.revisions.at(-1)).toMatchObject({ revision: 3, status: 'retired', inForce: false });

      await made(here.api('PUT', '/v1/meters/tokens', SUM));
      const further = await made(here.api('PUT', '/v1/meters/tokens', { ...SUM, groupBy: ['feature'] }));
      expect(further).toMatchObject({ aggregation: 'count', revision: 2, filling: { revision: 5 } });
      expect(further.revisions.map(({ status }: { status: string }) => status)).toEqual([
        'retired',
        'ready',
        'retired',
        'retired',
        'filling',
      ]);
    });
    const events = 27_009 - 4 + 4 * 450;
    expect(await untilReady(here, 'tokens')).toMatchObject({ aggregation: 'sum', revision: 5, groupBy: ['feature'] });
    expect(await usageOf(here, 'tokens')).toEqual({ quantity: 2 * events, events });
  }, 60_000);
});

describe('an archived meter', () => {
  it('keeps what it has counted and counts no more; nothing is made of it', async () => {
    const here = await withCustomers();
    await made(here.api('POST', '/v1/meters', { key: 'calls', ...COUNT }));
    await send(here, calls(20, 'early'));
    const archived = await made(here.api('POST', '/v1/meters/calls/archive'));
    expect(archived).toMatchObject({ status: 'archived', archivedAt: expect.any(String) });
    expect(await made(here.api('POST', '/v1/meters/calls/archive'))).toEqual(archived);
    await send(here, calls(20, 'late'));
    expect((await made(here.api('GET', '/v1/meters'))).items).toEqual([]);
    expect((await made(here.api('GET', '/v1/meters?archived=true'))).items).toMatchObject([{ key: 'calls' }]);
    const [counted] = await servers[0]!.query<{ events: number }>(
      `SELECT sum(events)::int AS events FROM (
         SELECT meter_id, events FROM usage WHERE customer_id <> '00000000-0000-0000-0000-000000000000'
         UNION ALL SELECT u.* FROM usage_pending, unnest(meter_ids, events) AS u) AS all_events
        WHERE meter_id = (SELECT usage_id FROM meter WHERE archived_at IS NOT NULL)`,
    );
    expect(counted).toEqual({ events: 18 });

    for (const [method, path, body] of [
      ['PUT', '/v1/meters/calls', SUM],
      ['POST', '/v1/meters', { key: 'calls', ...COUNT }],
      ['POST', '/v1/plans', planWith('calls')],
    ] as const) {
      expect(await here.api(method, path, body)).toMatchObject({ status: 409, body: { code: 'meter_archived' } });
    }
  });

  it('is none that a price charges', async () => {
    const here = await organisation();
    await made(here.api('POST', '/v1/meters', { key: 'calls', ...COUNT }));
    await made(here.api('POST', '/v1/plans', planWith('calls')));
    expect(await here.api('POST', '/v1/meters/calls/archive')).toMatchObject({
      status: 409,
      body: { code: 'meter_in_use', detail: expect.stringContaining("'price' of the plan 'plan'") },
    });
  });

  it('leaves none behind when a plan takes it at the same moment', async () => {
    const here = await organisation();
    for (let round = 0; round < 5; round += 1) {
      await made(here.api('POST', '/v1/meters', { key: `meter-${round}`, ...COUNT }));
      const [archive, publish] = await Promise.all([
        here.api('POST', `/v1/meters/meter-${round}/archive`),
        here.api('POST', '/v1/plans', { ...planWith(`meter-${round}`), key: `plan-${round}` }),
      ]);
      expect([archive.status, publish.status].sort()).toEqual(archive.status === 200 ? [200, 409] : [201, 409]);
    }
  });
});

function planWith(meter: string): object {
  const prices = [{ key: 'price', name: 'Calls', meter, charge: { model: 'unit', unitPrice: '1' } }];
  return { key: 'plan', name: 'Plan', currency: 'USD', interval: 'month', prices };
}

it('finalized invoices explain themselves by what the meter said then', async () => {
  const here = await organisation();
  await made(here.api('POST', '/v1/meters', { key: 'calls', ...COUNT }));
  await made(here.api('POST', '/v1/plans', planWith('calls')));
  const { clock } = await subscribe(here, 'ada', { plan: 'plan', startAt: '2026-11-01T00:00:00Z' });
  await advance(here, clock, NOON);
  await made(
    here.api('POST', '/v1/events', [{ id: 'e', type: 'call', customer: 'ada', time: NOON, data: { tokens: 7 } }]),
  );
  await advance(here, clock, '2026-12-01T00:00:00Z');
  const { items } = await made(here.api('GET', '/v1/customers/ada/invoices'));
  const invoice = await made(here.api('POST', `/v1/invoices/${items[0].id}/finalize`));
  await made(here.api('PUT', '/v1/meters/calls', SUM));

  const { events } = await made(here.api('GET', `/v1/invoices/${invoice.id}/lines/1/explain`));
  expect(events.items).toMatchObject([{ id: 'e', quantity: '1' }]);
});
