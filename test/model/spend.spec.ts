import fc from 'fast-check';
import { Decimal, fromPublicId, sum } from '../../src/kernel';
import { made } from '../support/books';
import { type Answer, startTestServer, type TestServer } from '../support/server';

/**
 * Lives of customers at random: events, corrections, changes of plan, periods that end. After each step, what is written down of
 * spend is held against itself and against what the invoices' own preview says: entries add up to the totals, totals to what
 * is rated, narrow counters to the customer's.
 */
const RUNS = Number(process.env.WEIR_SPEND_RUNS ?? 5);
const SEED = process.env.WEIR_SPEND_SEED === undefined ? Date.now() % 1_000_000 : Number(process.env.WEIR_SPEND_SEED);
const START = Date.UTC(2026, 3, 1);

let server: TestServer;
/** How often something was charged by what the preview says. */
let compared = 0;
beforeAll(async () => (server = await startTestServer()));
afterAll(() => server.stop());

type Command =
  | { readonly do: 'use'; readonly n: number; readonly feature: number; readonly backHours: number; readonly kind: 'call' | 'doc' } // prettier-ignore
  | { readonly do: 'void' | 'amend'; readonly which: number; readonly n: number; readonly feature: number }
  | { readonly do: 'wait'; readonly hours: number }
  | { readonly do: 'move'; readonly plan: number };

const FEATURES = ['chat', 'search', undefined];
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('use' as const),
      n: fc.integer({ min: 0, max: 900 }),
      feature: fc.nat(2),
      backHours: fc.nat(40),
      kind: fc.constantFrom('call' as const, 'doc' as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('void' as const, 'amend' as const),
      which: fc.nat(20),
      n: fc.nat(900),
      feature: fc.nat(2),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), hours: fc.integer({ min: 1, max: 500 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('move' as const), plan: fc.nat(2) }) },
);

const DOCS = {
  key: 'docs',
  name: 'Docs',
  meter: 'docs',
  charge: { model: 'package', packageSize: '3', packagePrice: '1' },
};
const PLANS: readonly (readonly object[])[] = [
  [
    { key: 'calls', name: 'Calls', meter: 'calls', allowance: '100', charge: { model: 'graduated', tiers: [{ upTo: '1000', unitPrice: '0.1' }, { upTo: null, unitPrice: '0.03' }] } }, // prettier-ignore
    DOCS,
  ],
  [
    // The price of all units falls as they grow, and so may the charge.
    { key: 'calls', name: 'Calls', meter: 'calls', charge: { model: 'volume', tiers: [{ upTo: '500', unitPrice: '0.2' }, { upTo: null, unitPrice: '0.05' }] } }, // prettier-ignore
    DOCS,
  ],
  [{ key: 'calls', name: 'Calls', meter: 'calls', charge: { model: 'percentage', percent: '1.7', fixedPerEvent: '0.03' } }], // prettier-ignore
];

async function life(commands: readonly Command[]): Promise<void> {
  const { id, apiKey } = await server.organisation();
  const organisationId = fromPublicId('organisation', id);
  const call = (method: string, path: string, body?: unknown) => server.api(method, path, body, apiKey);
  const post = (path: string, body?: unknown): Promise<Answer['body']> => made(call('POST', path, body));
  const { id: testClock } = await post('/v1/test-clocks', { now: new Date(START).toISOString() });
  await post('/v1/customers', { key: 'acme', name: 'Acme', timeZone: 'Europe/Berlin', testClock });
  await post('/v1/meters', { key: 'calls', name: 'Calls', eventType: 'call', aggregation: 'sum', value: 'data.n' });
  await post('/v1/meters', { key: 'docs', name: 'Docs', eventType: 'doc', aggregation: 'count' });
  for (const [place, prices] of PLANS.entries())
    await post('/v1/plans', { key: `plan-${place}`, name: 'Plan', currency: 'USD', interval: 'month', prices });
  await post('/v1/subscriptions', {
    key: 'sub',
    customer: 'acme',
    plan: 'plan-0',
    startAt: new Date(START).toISOString(),
  });
  const cap = { measure: 'spend', currency: 'USD', kind: 'soft', limit: '1', period: 'lifetime' };
  await post('/v1/caps', { ...cap, key: 'all', scope: { customer: 'acme' } });
  await post('/v1/caps', { ...cap, key: 'each', scope: { customer: 'acme' }, each: ['feature'] });

  let now = START;
  let sent = 0;
  const events: { id: string; type: string }[] = [];
  for (const each of commands) {
    if (each.do === 'wait') {
      now += each.hours * 3_600_000;
      await post(`/v1/test-clocks/${testClock}/advance`, { now: new Date(now).toISOString() });
    } else if (each.do === 'move') {
      await call('POST', '/v1/subscriptions/sub/changes', { plan: `plan-${each.plan}` });
    } else if (each.do === 'use') {
      const time = new Date(Math.max(START, now - each.backHours * 3_600_000)).toISOString();
      const event = { id: `e-${(sent += 1)}`, type: each.kind, customer: 'acme', time, data: { n: each.n } };
      await post('/v1/events', { ...event, ...feature(each.feature) });
      events.push(event);
    } else if (events.length > 0) {
      const event = events[each.which % events.length]!;
      const reason = 'it was otherwise';
      if (each.do === 'void') {
        await call('POST', `/v1/events/${event.id}/void`, { reason });
      } else {
        const stated = { ...event, id: undefined, data: { n: each.n }, ...feature(each.feature) };
        await call('POST', `/v1/events/${event.id}/amend`, { reason, event: stated });
      }
    }
    await check();
  }

  async function check(): Promise<void> {
    // A change of the clock or plan alone leaves nothing to count: an event does, and a hold counts it.
    await post('/v1/events', {
      id: `t-${(sent += 1)}`,
      type: 'tick',
      customer: 'acme',
      time: new Date(now).toISOString(),
    });
    await post('/v1/holds', { customer: 'acme', estimate: { cost: '0.000001', spend: '0' }, ttl: '1s' });
    const rows = await server.query<{ charge: string; entries: string; total: string }>(
      `SELECT period_index || ' ' || charge AS charge, trim_scale(sum(entries))::text AS entries, trim_scale(sum(total))::text AS total
         FROM (SELECT period_index, charge, amount AS entries, 0 AS total FROM spend_entry WHERE organisation_id = $1
               UNION ALL SELECT period_index, charge, 0, amount FROM spend_total WHERE organisation_id = $1) AS both_of
        GROUP BY 1 ORDER BY 1`,
      [organisationId],
    );
    for (const { charge, entries, total } of rows) expect(`${charge} ${entries}`).toBe(`${charge} ${total}`);

    // The open period as its invoice would be: all prices are of usage, and none is discounted.
    const preview = await call('GET', '/v1/customers/acme/invoices/preview');
    if (preview.status === 200 && preview.body.lines !== undefined) {
      const lines = preview.body.lines as { kind: string; exactAmount: string; servicePeriod: { start: string } }[];
      const [open] = await server.query<{ i: number }>('SELECT open_period AS i FROM subscription WHERE organisation_id = $1', [organisationId]); // prettier-ignore
      const rated = sum(
        lines.filter(({ kind }) => kind === 'price').map(({ exactAmount }) => new Decimal(exactAmount)),
      );
      const written = rows
        .filter(({ charge }) => charge.startsWith(`${open!.i} `))
        .map(({ total }) => new Decimal(total));
      expect(sum(written).toFixed()).toBe(rated.toFixed());
      if (!rated.isZero()) compared += 1;
    }

    const [{ total, features, scopeless }] = (await server.query<{
      total: string;
      features: string;
      scopeless: string;
    }>(
      `SELECT (SELECT trim_scale(COALESCE(sum(settled), 0))::text FROM cap_counter JOIN cap ON cap.id = cap_id WHERE cap.organisation_id = $1 AND key = 'all') AS total,
              (SELECT trim_scale(COALESCE(sum(settled), 0))::text FROM cap_counter JOIN cap ON cap.id = cap_id WHERE cap.organisation_id = $1 AND key = 'each') AS features,
              (SELECT trim_scale(COALESCE(sum(amount), 0))::text FROM spend_entry WHERE organisation_id = $1 AND NOT scope ? 'feature') AS scopeless`,
      [organisationId],
    )) as [{ total: string; features: string; scopeless: string }];
    const all = sum(rows.map(({ total: of }) => new Decimal(of)));
    expect(total).toBe(all.toFixed());
    expect(new Decimal(features).plus(scopeless).toFixed()).toBe(all.toFixed());
  }
}

function feature(place: number): { feature?: string } {
  const name = FEATURES[place];
  return name === undefined ? {} : { feature: name };
}

it(`entries, totals, caps and what is rated agree after each step (${RUNS} lives, seed ${SEED})`, async () => {
  await fc.assert(fc.asyncProperty(fc.array(command, { minLength: 5, maxLength: 25 }), life), {
    numRuns: RUNS,
    seed: SEED,
    endOnFailure: true,
  });
  expect(compared).toBeGreaterThan(RUNS);
}, 600_000);
