import { startTestServer, type TestServer } from '../../../test/support/server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  const [organisation] = await server.query<{ id: string }>('SELECT id FROM organisation');
  for (const hold of HOLDS) await store(organisation!.id, hold);
});
afterAll(() => server.stop());

interface Told {
  readonly times?: number;
  readonly taskClass: string | null;
  readonly held: string;
  readonly real?: string;
  readonly risk?: string;
  readonly status?: string;
  readonly flags?: string;
  readonly day?: number;
}

const HOLDS: readonly Told[] = [
  // 200 sized at one in twenty: 6 of them came to more, by 0.5 each.
  { times: 194, taskClass: 'answer', held: '1', real: '0.5', risk: '0.05' },
  { times: 6, taskClass: 'answer', held: '1', real: '1.5', risk: '0.05' },
  // The same class with amounts of the sender's own.
  { times: 3, taskClass: 'answer', held: '4', real: '0.5' },
  // 100 sized of which 20 came to more, and ten held at their upper bound, which has no risk.
  { times: 80, taskClass: 'report', held: '1', real: '1', risk: '0.05' },
  { times: 20, taskClass: 'report', held: '1', real: '3', risk: '0.05' },
  { times: 10, taskClass: 'report', held: '2', real: '2', risk: '0' },
  // What tells nothing, or is another time's.
  { taskClass: 'answer', held: '9', real: '9', risk: '0.05', flags: '{estimated}' },
  { taskClass: 'answer', held: '9', real: '1', risk: '0.05', flags: '{partial}' },
  { taskClass: 'answer', held: '9', real: '9', risk: '0.05', status: 'released' },
  { taskClass: 'answer', held: '9', risk: '0.05', status: 'open' },
  { taskClass: null, held: '9', real: '9', risk: '0.05' },
  { taskClass: 'answer', held: '9', real: '9', risk: '0.05', day: 20 },
];

async function store(organisationId: string, told: Told): Promise<void> {
  const { times = 1, taskClass, held, real = null, risk = null, status = 'settled', flags = '{}', day = 2 } = told;
  await server.query(
    `INSERT INTO hold (id, organisation_id, customer_id, request_hash, status, scope, task_class, sized_risk, held, booked, split, first_held,
                       counters, wallets, answer, flags, asked_at, counts_at, expires_at)
     SELECT gen_random_uuid(), $1, gen_random_uuid(), gen_random_uuid(), $2, '{}', $3, $4, '{}', $5, '{}', '{"cost":"999"}', '{}', '{}', $6, $7, at, at, at
       FROM generate_series(1, $8::int), LATERAL (SELECT timestamptz '2026-11-01Z' + $9 * interval '1 day' AS at) AS times`,
    [
      organisationId,
      status,
      taskClass,
      risk,
      real === null ? null : JSON.stringify({ cost: real }),
      JSON.stringify({ decision: 'allow', held: { cost: held, units: {} } }),
      flags,
      times,
      day,
    ],
  );
}

const NOVEMBER = 'from=2026-11-01T00:00:00Z&to=2026-11-11T00:00:00Z';

describe('GET /v1/hold-sizing', () => {
  it('sets what was held against what it came to, and overruns against the risk that was stated', async () => {
    const { status, body } = await server.api('GET', `/v1/hold-sizing?${NOVEMBER}`);
    expect({ status, ...body }).toEqual({
      status: 200,
      from: '2026-11-01T00:00:00.000Z',
      to: '2026-11-11T00:00:00.000Z',
      currency: 'USD',
      classes: [
        {
          taskClass: 'answer',
          // 194 × 0.5 + 6 × 1.5 = 106; ten were announced, and 4² is less than 4 × 10 × 0.95.
          sized: { holds: 200, held: '200', real: '106', heldToReal: '1.8868', overruns: 6, overrunAmount: '3', overrunRate: '0.03', statedRisk: '0.05', verdict: 'as_stated' }, // prettier-ignore
          stated: {
            holds: 3,
            held: '12',
            real: '1.5',
            heldToReal: '8',
            overruns: 0,
            overrunAmount: '0',
            overrunRate: '0',
          },
        },
        {
          taskClass: 'report',
          // 80 + 60 + 20; five announced of 110.
          sized: { holds: 110, held: '120', real: '160', heldToReal: '0.75', overruns: 20, overrunAmount: '40', overrunRate: '0.1818', statedRisk: '0.0455', verdict: 'more_than_stated' }, // prettier-ignore
          stated: {
            holds: 0,
            held: '0',
            real: '0',
            heldToReal: null,
            overruns: 0,
            overrunAmount: '0',
            overrunRate: null,
          },
        },
      ],
    });
  });

  it('tells nothing of another organisation, and nothing of other times', async () => {
    const other = await server.organisation();
    expect((await server.api('GET', `/v1/hold-sizing?${NOVEMBER}`, undefined, other.apiKey)).body.classes).toEqual([]);
    const december = 'from=2026-12-01T00:00:00Z&to=2026-12-11T00:00:00Z';
    expect((await server.api('GET', `/v1/hold-sizing?${december}`)).body.classes).toEqual([]);
  });

  it.each`
    query                                                  | because
    ${'from=2026-11-11T00:00:00Z&to=2026-11-01T00:00:00Z'} | ${'it ends before it begins'}
    ${'from=2024-11-11T00:00:00Z&to=2026-11-01T00:00:00Z'} | ${'two years at once are too much'}
    ${'from=yesterday'}                                    | ${'that is no instant'}
    ${'form=2026-11-11T00:00:00Z'}                         | ${'a misspelt option would be answered with another time'}
  `('$query is refused: $because', async ({ query }) => {
    expect((await server.api('GET', `/v1/hold-sizing?${query}`)).status).toBe(422);
  });
});
