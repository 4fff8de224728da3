import { fromPublicId, newUuid } from '../../src/kernel';
import { startTestServer, type TestServer } from '../support/server';

/** First key of the advisory lock that whoever counts holds. */
const COUNTING_LOCK_CLASS = 0x77636e74;
const DAY = '2026-03-10';

let server: TestServer;
let second: TestServer;

beforeAll(async () => {
  server = await startTestServer({ WEIR_EVENT_MAX_AGE: '3650d' });
  second = await startTestServer(
    { WEIR_EVENT_MAX_AGE: '3650d' },
    { databaseUrl: server.databaseUrl, apiKey: server.apiKey },
  );
});
afterAll(async () => {
  await second.stop();
  await server.stop();
});

let customers = 0;

/** A customer with caps of its own that are far away: what they count is looked at. */
async function customerUnderCaps(
  caps: readonly Readonly<Record<string, unknown>>[],
  first: (customer: string) => Promise<void> = () => Promise.resolve(),
): Promise<string> {
  const customer = `c-${(customers += 1)}`;
  await made('/v1/customers', { key: customer, name: customer });
  await first(customer);
  for (const [place, cap] of caps.entries()) {
    const { scope = {}, ...rest } = cap;
    await made('/v1/caps', {
      ...{ key: `${customer}-${place}`, measure: 'cost', period: 'day', kind: 'hard', limit: '1000000' },
      ...{ ...rest, scope: { customer, ...(scope as object) } },
    });
  }
  return customer;
}

async function made(path: string, body: object): Promise<void> {
  const answer = await server.api('POST', path, body);
  if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
}

function event(customer: string, cost: string, change: object = {}): Record<string, unknown> {
  const time = `${DAY}T12:00:00Z`;
  return { id: newUuid(), type: 'work', customer, time, cost: { amount: cost, currency: 'USD' }, ...change };
}

async function send(events: readonly object[], to = server): Promise<void> {
  const { status, body } = await to.api('POST', '/v1/events', events);
  expect([status, body.rejected]).toEqual([200, 0]);
}

/** What a customer's caps say to whoever asks for a hold now, by their places. */
async function settled(customer: string, from = server, scope: object = {}): Promise<Record<string, string>> {
  const { status, body } = await from.api('POST', '/v1/holds', { customer, ...scope, estimate: { cost: '0', actions: '0' } });
  expect([status, body.decision]).toEqual([200, 'allow']);
  const caps = body.caps as { key: string; settled: string }[];
  return Object.fromEntries(caps.map((cap) => [cap.key.slice(customer.length + 1), cap.settled]));
} // prettier-ignore

describe('what was accepted', () => {
  it('is counted for whoever asks afterwards, on any server', async () => {
    const customer = await customerUnderCaps([
      { period: 'lifetime' },
      { period: 'lifetime', measure: 'actions' },
      { period: 'lifetime', scope: { agent: 'a' } },
      { period: 'lifetime', each: ['session'] },
    ]);
    for (let turn = 1; turn <= 20; turn += 1) {
      await send([event(customer, '0.1', { agent: 'a', session: 's' }), event(customer, '0.2')], server);
      expect(await settled(customer, second, { agent: 'a', session: 's' })).toEqual({
        0: (0.3 * turn).toFixed(1).replace('.0', ''),
        1: String(2 * turn),
        2: (0.1 * turn).toFixed(1).replace('.0', ''),
        3: (0.1 * turn).toFixed(1).replace('.0', ''),
      });
    }
  });

  it('counts in the day it happened', async () => {
    const customer = await customerUnderCaps([{ period: 'day' }]);
    await send([
      event(customer, '1', { time: `${DAY}T23:59:59.999999Z` }),
      event(customer, '2', { time: `${DAY}T00:00:00Z` }),
      event(customer, '4', { time: '2026-03-11T00:00:00Z' }),
    ]);
    await settled(customer);
    const counters = await server.query(
      `SELECT period_start::text AS day, settled::text FROM cap_counter JOIN cap ON cap.id = cap_id
        WHERE cap.key = $1 AND settled <> 0 ORDER BY 1`,
      [`${customer}-0`],
    );
    expect(counters).toEqual([
      { day: '2026-03-10 00:00:00+00', settled: '3' },
      { day: '2026-03-11 00:00:00+00', settled: '4' },
    ]);
  });

  it('and is corrected counts as corrected', async () => {
    const customer = await customerUnderCaps([{ period: 'lifetime' }, { period: 'lifetime', measure: 'actions' }]);
    const [voided, amended] = [event(customer, '3'), event(customer, '5')];
    await send([voided, amended, event(customer, '7')]);
    expect(await settled(customer)).toEqual({ 0: '15', 1: '3' });

    await made(`/v1/events/${String(voided['id'])}/void`, { reason: 'a test' });
    expect(await settled(customer)).toEqual({ 0: '12', 1: '2' });
    await made(`/v1/events/${String(amended['id'])}/amend`, {
      reason: 'too much',
      event: { type: 'work', customer, cost: { amount: '0.5', currency: 'USD' } },
    });
    expect(await settled(customer, second)).toEqual({ 0: '7.5', 1: '2' });
  });

  it('without a price counts once it has one', async () => {
    const customer = await customerUnderCaps([{ period: 'lifetime' }]);
    const model = `model-${customer}`;
    const data = { provider: 'acme-ai', model, input_tokens: 1_000_000, output_tokens: 0 };
    await send([event(customer, '0', { cost: null, data })]);
    expect(await settled(customer)).toEqual({ 0: '0' });
    const units = { input: { per: '1000000', amount: '2.5' } };
    await made('/v1/price-book', {
      provider: 'acme-ai',
      model,
      currency: 'USD',
      units,
      validFrom: '2026-01-01T00:00:00Z',
    });
    let counted = '0';
    // A job looks for what can be priced.
    while (counted === '0') counted = (await settled(customer))['0']!;
    expect(counted).toBe('2.5');
  });
});

describe('an event that names a hold', () => {
  it('settles it in every measure, and what is charged for it is burned from credit', async () => {
    await made('/v1/meters', { key: 'calls', name: 'Calls', eventType: 'call', aggregation: 'sum', value: 'data.n' });
    const price = { key: 'calls', name: 'Calls', meter: 'calls', charge: { model: 'unit', unitPrice: '0.0045' } };
    await made('/v1/plans', { key: 'usage', name: 'Usage', currency: 'USD', interval: 'month', prices: [price] });
    const lifetime = { period: 'lifetime' };
    const caps = [
      lifetime,
      { ...lifetime, measure: 'units', meter: 'calls' },
      { ...lifetime, measure: 'spend', currency: 'USD' },
      { ...lifetime, measure: 'actions' },
    ];
    const customer = await customerUnderCaps(caps, (key) =>
      made('/v1/subscriptions', { key: `${key}-sub`, customer: key, plan: 'usage' }),
    );
    await made('/v1/wallets', { key: `${customer}-w`, customer, currency: 'USD' });
    await made(`/v1/wallets/${customer}-w/grants`, { kind: 'bought', amount: '10' });

    const estimate = { cost: '3', spend: '4', currency: 'USD', units: { calls: '2000' }, actions: '1' };
    const held = await server.api('POST', '/v1/holds', { customer, key: `${customer}-h`, estimate });
    expect(held.body).toMatchObject({
      decision: 'allow',
      caps: ['3', '2000', '4', '1'].map((amount) => ({ settled: '0', held: amount })),
      wallets: [{ settled: '10', held: '4', available: '6' }],
    });

    // 1,001 calls at 0.0045 are 4.5045: more than the 4 that were held for it.
    const named = event(customer, '2.5', { type: 'call', time: null, hold: `${customer}-h`, data: { n: 1001 } });
    await send([named]);
    expect(await settled(customer, second)).toEqual({ 0: '2.5', 1: '1001', 2: '4.5045', 3: '1' });
    const [hold] = await server.query(
      `SELECT status, flags, booked::jsonb ->> 'cost' AS cost, booked::jsonb #>> '{spend,USD}' AS spend FROM hold WHERE key = $1`,
      [`${customer}-h`],
    );
    expect(hold).toEqual({ status: 'settled', flags: ['overrun'], cost: '2.5', spend: '4.5045' });
    const { body: wallet } = await server.api('GET', `/v1/wallets/${customer}-w`);
    expect(wallet.balance).toMatchObject({ settled: '5.4955', held: '0', available: '5.4955' });
    const alerts = await server.query(
      `SELECT kind FROM entitlement_alert WHERE kind = 'overrun' AND customer_id = (SELECT id FROM customer WHERE key = $1)`,
      [customer],
    );
    expect(alerts).toEqual([{ kind: 'overrun' }]);

    // Taken back, it burns nothing and counts nothing.
    await made(`/v1/events/${String(named['id'])}/void`, { reason: 'a test' });
    expect(await settled(customer)).toEqual({ 0: '0', 1: '0', 2: '0', 3: '0' });
    expect((await server.api('GET', `/v1/wallets/${customer}-w`)).body.balance).toMatchObject({ settled: '10', held: '0' });
  });

  it('costs count although nobody can tell what is charged', async () => {
    const customer = await customerUnderCaps([{ period: 'lifetime' }]);
    await made('/v1/wallets', { key: `${customer}-w`, customer, currency: 'USD' });
    await send([event(customer, '2', { type: 'call', time: null, data: { n: 5 } })]);
    // Without credit nothing more may be spent, which is another matter.
    const { body } = await server.api('POST', '/v1/holds', { customer, estimate: { cost: '0', spend: '1', currency: 'USD' } });
    expect(body).toMatchObject({ decision: 'deny', caps: [{ settled: '2', exceeded: false }] });
  });
}); // prettier-ignore

describe('an organisation without caps', () => {
  it('leaves nothing to count, unless an event names a hold', async () => {
    const other = await server.organisation();
    const id = fromPublicId('organisation', other.id);
    const waiting = () =>
      server.query<{ rows: number }>(
        `SELECT count(*)::int AS rows FROM entitlement_pending WHERE organisation_id = $1`,
        [id],
      );
    await server.api('POST', '/v1/customers', { key: 'c', name: 'c' }, other.apiKey);
    await server.api('POST', '/v1/events', event('c', '1'), other.apiKey);
    expect(await waiting()).toEqual([{ rows: 0 }]);

    const held = await server.api('POST', '/v1/holds', { customer: 'c', key: 'mine', estimate: { amount: '3' } }, other.apiKey);
    expect(held).toMatchObject({ status: 200, body: { decision: 'allow', caps: [] } });
    await server.api('POST', '/v1/events', event('c', '1', { hold: 'mine' }), other.apiKey);
    await server.api('POST', '/v1/holds', { customer: 'c', estimate: { amount: '1' } }, other.apiKey);
    const [hold] = await server.query(
      `SELECT status, booked::jsonb ->> 'cost' AS cost FROM hold WHERE organisation_id = $1 AND key = 'mine'`,
      [id],
    );
    expect(hold).toEqual({ status: 'settled', cost: '1' });
  }); // prettier-ignore
});

/** Random numbers that are the same for the same seed. */
function dice(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

/** What one hold was told to come to, in thousandths. */
interface Told {
  readonly held: number;
  stated: number | null;
  estimated: boolean;
  released: boolean;
  used: number | null;
}

/**
 * Several at once send events, hold, settle, release and void on two servers of one database, while the connection of
 * whoever counts is cut again and again, in the middle of it.
 */
describe('counting that is killed in the middle', () => {
  it.each([1, 2])('counts all of it once (seed %d)', async (seed) => {
    const customer = await customerUnderCaps([
      { period: 'lifetime' },
      { period: 'lifetime', measure: 'actions' },
      { period: { rolling: '744h' } },
      { period: 'lifetime', each: ['session'] },
    ]);
    const holds = new Map<string, Told>();
    let [cost, actions] = [0, 0];
    const sessions = new Map<string, number>();
    const servers = [server, second];

    const actor = async (name: string, roll: (bound: number) => number): Promise<void> => {
      const session = `s-${name}`;
      const mine: string[] = [];
      const plain: { id: string; amount: number }[] = [];
      const ask = async (path: string, body: object): Promise<void> => {
        for (;;) {
          const answer = await servers[roll(2)]!.api('POST', path, body);
          if (answer.status < 300) return;
          if (answer.status < 500) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
        }
      };
      for (let turn = 0; turn < 15; turn += 1) {
        const amount = roll(1_000);
        const what = roll(10);
        if (what < 4 || mine.length === 0) {
          const isHeld = mine.length > 0 && roll(2) === 0;
          const key = isHeld ? mine[roll(mine.length)]! : null;
          const sent = event(customer, String(amount / 1_000), { session, hold: key, time: null });
          await ask('/v1/events', { events: [sent, sent] });
          if (key === null) {
            plain.push({ id: sent['id'] as string, amount });
            [cost, actions] = [cost + amount, actions + 1];
            sessions.set(session, (sessions.get(session) ?? 0) + amount);
          } else {
            const hold = holds.get(key)!;
            hold.used = (hold.used ?? 0) + amount;
          }
        }
        if (what < 6) {
          const key = `${customer}-${name}-${turn}`;
          await ask('/v1/holds', { customer, session, key, estimate: { cost: String(amount / 1_000), actions: '0' } });
          holds.set(key, { held: amount, stated: null, estimated: false, released: false, used: null });
          mine.push(key);
        } else if (what === 6 && plain.length > 0) {
          const { id, amount: was } = plain.splice(roll(plain.length), 1)[0]!;
          await ask(`/v1/events/${id}/void`, { reason: 'a test' });
          [cost, actions] = [cost - was, actions - 1];
          sessions.set(session, sessions.get(session)! - was);
        } else if (mine.length > 0) {
          const key = mine.splice(roll(mine.length), 1)[0]!;
          const hold = holds.get(key)!;
          // One that its events have settled can't be released, and says so.
          if (hold.used === null && what === 7) {
            await ask(`/v1/holds/${key}/release`, {});
            hold.released = true;
          } else {
            await ask(`/v1/holds/${key}/settle`, what === 8 ? {} : { cost: String(amount / 1_000), actions: '0' });
            hold.stated = what === 8 ? hold.held : amount;
            hold.estimated = what === 8;
          }
        }
      }
    };

    let kills = 0;
    const over = new AbortController();
    const killer = (async () => {
      while (!over.signal.aborted) {
        const killed = await server.query(
          `SELECT pg_terminate_backend(pid) FROM pg_locks
            WHERE locktype = 'advisory' AND classid = $1 AND granted AND random() < 0.2
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
          [COUNTING_LOCK_CLASS],
        );
        kills += killed.length;
      }
    })();
    try {
      await Promise.all(Array.from({ length: 6 }, (_, place) => actor(String(place), dice(seed * 100 + place))));
    } finally {
      over.abort();
      await killer;
    }

    for (const [key, { stated, estimated, used }] of holds) {
      const booked = used === null ? (stated ?? 0) : stated === null || estimated ? used : Math.max(stated, used);
      cost += booked;
      const session = `s-${key.split('-')[2]!}`;
      sessions.set(session, (sessions.get(session) ?? 0) + booked);
    }
    await settled(customer);
    const counters = await server.query<{ key: string; each: string[]; settled: string; held: string }>(
      `SELECT cap.key, each_values AS each, settled, held FROM cap_counter JOIN cap ON cap.id = cap_id
        WHERE cap.customer_id = (SELECT id FROM customer WHERE key = $1)`,
      [customer],
    );
    const sumOf = (place: number, of: 'settled' | 'held' = 'settled'): number[] =>
      counters.filter(({ key }) => key === `${customer}-${place}`).map((counter) => Math.round(Number(counter[of]) * 1_000));
    const open = [...holds.values()].filter(({ stated, used, released }) => stated === null && used === null && !released);
    const held = open.reduce((sum, hold) => sum + hold.held, 0);
    expect({ cost: sumOf(0), rolling: sumOf(2), held: sumOf(0, 'held') }).toEqual({ cost: [cost], rolling: [cost], held: [held] });
    const bySession = counters.filter(({ key }) => key === `${customer}-3`);
    const heldEvents = await server.query<{ events: string }>(
      `SELECT count(*) AS events FROM event_now WHERE customer_id = (SELECT id FROM customer WHERE key = $1) AND hold IS NOT NULL`,
      [customer],
    );
    expect(sumOf(1)).toEqual([(actions + Number(heldEvents[0]!.events)) * 1_000]);
    expect(Object.fromEntries(bySession.map(({ each, settled: sum }) => [each.at(-1), Math.round(Number(sum) * 1_000)]))).toEqual(
      Object.fromEntries(sessions),
    );
    expect(kills).toBeGreaterThan(0);
    const [database] = await server.query<{ deadlocks: number }>(
      'SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()',
    );
    expect(database).toEqual({ deadlocks: 0 });
  });
}); // prettier-ignore
