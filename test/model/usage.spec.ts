import fc from 'fast-check';
import { Pool } from 'pg';
import { formatMicros } from '../../src/kernel';
import { foldUsageJob, HOUR_MICROS } from '../../src/metering';
import { JobLocks } from '../../src/platform/jobs/job-locks';
import { startTestServer, type TestServer } from '../support/server';
import { counted, METERS, recounted, recountedPeriod } from './usage-recount';

/**
 * The model of usage is a recount: whatever was sent, in whatever order, to whichever server, while sums are folded and
 * meters are made, the hourly sums and the API's answers equal what plain SQL finds in the stored events.
 */
const CUSTOMERS = ['ada', 'ben', 'cyd', 'dot', 'eve', 'fay'];
const ZONES = ['UTC', 'Asia/Kolkata', 'America/St_Johns', 'Asia/Kathmandu', 'Europe/Berlin', 'Pacific/Apia'];
const DAYS = 20;
const EARLY_METERS = METERS.slice(0, 2);
const LATE_METERS = METERS.slice(2);

interface Sent {
  readonly id: string;
  readonly [field: string]: unknown;
}

/** Times of the last days: anywhere, on the hour, and a microsecond to either side of it. */
function timeArbitrary(now: number): fc.Arbitrary<string | undefined> {
  const hours = fc.integer({ min: -24 * DAYS, max: -1 });
  const lastHour = Math.floor((now * 1_000) / HOUR_MICROS) * HOUR_MICROS;
  const offset = fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 0, max: HOUR_MICROS - 1 }) },
    { weight: 2, arbitrary: fc.constantFrom(0, 1, HOUR_MICROS - 1, HOUR_MICROS / 2, HOUR_MICROS / 4) },
  );
  const given = fc.tuple(hours, offset).map(([hour, micros]) => formatMicros(lastHour + hour * HOUR_MICROS + micros));
  return fc.oneof({ weight: 9, arbitrary: given }, { weight: 1, arbitrary: fc.constant(undefined) });
}

const OUTPUT = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 4_000 }) },
  { weight: 1, arbitrary: fc.constantFrom('12', '0.5', '999999999999999', '3.000000000001', undefined) },
);
const REGION = fc.constantFrom('eu', 'ch', 'us', 'a "quoted" name', undefined);
const REQUEST = fc.record({
  type: fc.constant('llm.request'),
  feature: fc.constantFrom('chat', 'internal', undefined),
  agent: fc.constantFrom('a1', 'a2', 'ä/ö', undefined),
  // Costs: known, unknown, reported, reported in a currency that isn't ours.
  cost: fc.oneof(
    { weight: 7, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constant({ amount: '0.000000000123', currency: 'USD' }) },
    { weight: 1, arbitrary: fc.constant({ amount: '7', currency: 'EUR' }) },
  ),
  data: fc.record({
    provider: fc.constant('openai'),
    model: fc.constantFrom('gpt-4o', 'gpt-4o-mini', 'a-model-nobody-priced'),
    input_tokens: fc.oneof(fc.integer({ min: 0, max: 4_000 }), fc.constantFrom(1_999, 2_000, 2_001)),
    output_tokens: OUTPUT,
    region: REGION,
  }),
});
const OUTCOME = fc.record({
  type: fc.constantFrom('task.outcome', 'unmetered'),
  data: fc.record({ success: fc.constantFrom(true, false, 'true', undefined) }),
});

/** New events, repeats of earlier ones, and others under an earlier one's id. */
function sequenceArbitrary(now: number): fc.Arbitrary<Sent[]> {
  const fresh = fc
    .tuple(
      fc.oneof({ weight: 3, arbitrary: REQUEST }, { weight: 1, arbitrary: OUTCOME }),
      fc.constantFrom(...CUSTOMERS),
      timeArbitrary(now),
    ) // prettier-ignore
    .map(([event, customer, time]) => ({ ...event, customer, time }));
  const step = fc.oneof(
    { weight: 10, arbitrary: fresh.map((event) => ({ event, like: null, same: false })) },
    { weight: 2, arbitrary: fc.record({ event: fresh, like: fc.nat(), same: fc.boolean() }) },
  );
  return fc.array(step, { minLength: 300, maxLength: 500 }).map((steps) => {
    const sent: Sent[] = [];
    for (const [index, { event, like, same }] of steps.entries()) {
      const earlier = like === null ? undefined : sent[like % Math.max(1, sent.length)];
      if (earlier === undefined) sent.push({ id: `event-${index}`, ...event });
      else sent.push(same ? earlier : { ...event, id: earlier.id });
    }
    return sent;
  });
}

describe('usage equals a recount of the stored events', () => {
  let servers: TestServer[];
  let pool: Pool;

  beforeAll(async () => {
    const first = await startTestServer();
    servers = [first, await startTestServer({}, { databaseUrl: first.databaseUrl, apiKey: first.apiKey })];
    pool = new Pool({ connectionString: first.databaseUrl, max: 2 });
    for (const [index, key] of CUSTOMERS.entries()) {
      await first.api('POST', '/v1/customers', { key, name: key, timeZone: ZONES[index] });
    }
    for (const { request } of EARLY_METERS) await first.api('POST', '/v1/meters', request);
  });
  afterAll(async () => {
    await pool.end();
    await servers[1]!.stop();
    await servers[0]!.stop();
  });

  /** Sends all of it in requests of uneven size, a few at a time, now here, now there. */
  async function sendAll(events: readonly Sent[], seed: number): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    const requests: Sent[][] = [];
    let random = seed;
    const next = (most: number): number => (random = (random * 48_271) % 2_147_483_647) % most;
    for (let at = 0; at < events.length;) {
      const size = 1 + next(25);
      requests.push(events.slice(at, at + size));
      at += size;
    }
    const connection = async (): Promise<void> => {
      for (let request = requests.shift(); request !== undefined; request = requests.shift()) {
        const { status, body } = await servers[next(2)]!.api('POST', '/v1/events', request);
        expect(status).toBe(200);
        expect(body.results).toHaveLength(request.length);
        for (const { status: verdict } of body.results) counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: 8 }, connection));
    return counts;
  }

  /** Folds from the table what the servers are about to fold from memory; they notice and let go of it. */
  async function foldNow(): Promise<void> {
    await new JobLocks(pool).runAlone(foldUsageJob(pool, 0), new AbortController().signal);
  }

  it('for random events, sent to two servers at once, while sums are folded and meters are made', async () => {
    const verdicts = new Map<string, number>();
    const toMake = [...LATE_METERS];
    await fc.assert(
      fc.asyncProperty(
        sequenceArbitrary(Date.now()),
        fc.integer({ min: 1, max: 2_000_000_000 }),
        async (drawn, seed) => {
          const events = drawn.map((event) => ({ ...event, source: String(seed) }));
          const before = await stored();
          const sending = sendAll(events, seed);
          // One more meter while events pour in: it counts those of before and those of after, each once.
          const late = toMake.shift();
          const made = late === undefined ? null : servers[1]!.api('POST', '/v1/meters', late.request);
          await foldNow();
          const counts = await sending;
          if (made !== null) expect((await made).status).toBe(201);

          expect((await stored()) - before).toBe(counts.get('accepted'));
          expect(await counted(servers[0]!.query)).toEqual(await recounted(servers[0]!.query));
          await foldNow();
          expect(await counted(servers[0]!.query)).toEqual(await recounted(servers[0]!.query));
          for (const [verdict, count] of counts) verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + count);
        },
      ),
      { numRuns: 4, endOnFailure: true },
    );
    // None of it was trivial: there were repeats and contradictions, and sums were folded.
    for (const verdict of ['accepted', 'duplicate', 'rejected']) expect(verdicts.get(verdict)).toBeGreaterThan(20);
    const [{ folded }] = (await servers[0]!.query<{ folded: string }>('SELECT count(*) AS folded FROM usage')) as [{ folded: string }]; // prettier-ignore
    expect(Number(folded)).toBeGreaterThan(0);
  }, 120_000);

  it('for any period, on the hour or not', async () => {
    for (const { request } of LATE_METERS) await servers[0]!.api('POST', '/v1/meters', request);
    const now = Math.floor(Date.now() / 3_600_000) * 3_600_000;
    const minutes = fc.oneof(
      fc.integer({ min: -60 * 24 * DAYS, max: 60 }),
      fc.integer({ min: -24 * DAYS, max: 1 }).map((hours) => hours * 60),
      fc.integer({ min: -48 * DAYS, max: 1 }).map((halfHours) => halfHours * 30),
    );
    const period = fc
      .tuple(minutes, minutes, fc.constantFrom(0, 1, 999))
      .filter(([a, b]) => a !== b)
      .map(([a, b, ms]) => ({
        from: new Date(now + Math.min(a, b) * 60_000 + ms).toISOString(),
        to: new Date(now + Math.max(a, b) * 60_000).toISOString(),
      }))
      .filter(({ from, to }) => from < to);

    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...CUSTOMERS), period, fc.boolean(), async (customer, { from, to }, first) => {
        const server = servers[first ? 0 : 1]!;
        const { status, body } = await server.api('GET', `/v1/customers/${customer}/usage?from=${from}&to=${to}`);
        expect(status).toBe(200);
        const told = Object.fromEntries(
          [...body.meters, { ...body.allEvents, key: 'all events' }].map(
            ({ key, quantity, cost, events, pendingCostEvents }) => [
              key,
              { quantity, cost, events, pendingCostEvents },
            ],
          ),
        );
        expect(told).toEqual(await recountedPeriod(server.query, customer, from, to));
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  async function stored(): Promise<number> {
    const [{ count }] = (await servers[0]!.query<{ count: string }>('SELECT count(*) FROM event')) as [{ count: string }]; // prettier-ignore
    return Number(count);
  }
});
