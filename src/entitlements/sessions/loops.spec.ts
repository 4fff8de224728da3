import { startTestServer, type TestServer } from '../../../test/support/server';

/**
 * An agent runs in circles, and what is stored of it. Events carry their own times, ten seconds apart, so that what is
 * seen does not depend on how fast the test runs.
 */
let server: TestServer;
const BEGIN = Date.parse('2026-11-22T10:00:00Z');

beforeAll(async () => {
  server = await startTestServer();
  await server.api('POST', '/v1/customers', { key: 'acme', name: 'Acme' });
});
afterAll(() => server.stop());

let sent = 0;

interface Told {
  readonly session: string;
  readonly seconds: number;
  readonly data: Record<string, unknown>;
  readonly cost?: string;
  readonly task?: string;
}

function toEvent({ session, seconds, data, cost = '0.10', task }: Told): Record<string, unknown> {
  return {
    id: `e${(sent += 1)}`,
    type: 'tool.call',
    customer: 'acme',
    session,
    ...(task === undefined ? {} : { task }),
    time: new Date(BEGIN + seconds * 1_000).toISOString(),
    cost: { amount: cost, currency: 'USD' },
    data,
  };
}

/** Stores events and has them counted, as the next decision would. */
async function send(events: readonly Told[]): Promise<void> {
  const { status, body: answer } = await server.api('POST', '/v1/events', events.map(toEvent));
  expect([status, answer.results?.filter((receipt: { status: string }) => receipt.status !== 'accepted')]).toEqual([
    200,
    [],
  ]);
  await counted();
}

/** Waits until nothing is left to be counted. */
async function counted(): Promise<void> {
  for (;;) {
    const [row] = await server.query<{ waiting: boolean }>(
      'SELECT EXISTS (SELECT FROM entitlement_pending) AS waiting',
    );
    if (!row!.waiting) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const again = (session: string, from: number, times: number): Told[] =>
  Array.from({ length: times }, (_, index) => ({
    session,
    seconds: from + index * 10,
    data: { tool: 'search', arguments: { q: 'x' }, result: 'none' },
  }));

async function findings(session: string): Promise<Record<string, unknown>[]> {
  const { body } = await server.api('GET', `/v1/loop-findings?customer=acme&session=${session}`);
  return body.items;
}

it('without rules nothing is looked at', async () => {
  await send(again('quiet', 0, 6));
  expect(await findings('quiet')).toEqual([]);
  expect(await server.query('SELECT FROM loop_state')).toEqual([]);
});

describe('rules', () => {
  it('begin with our defaults, and say which of them are own words', async () => {
    const { status, body } = await server.api('PUT', '/v1/loop-rules/default', { depth: null });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      taskClass: 'default',
      own: ['depth'],
      rules: { depth: null, repeat: { inARow: 4, failedInARow: 3, inAll: 8, action: 'pause' } },
    });
    expect((await server.api('GET', '/v1/loop-rules/default')).body).toEqual(body);
  });

  it('of a class come before those for all', async () => {
    const { body } = await server.api('PUT', '/v1/loop-rules/watch', {
      repeat: { inARow: 2, action: 'throttle' },
      noProgress: { cost: '2.5' },
      polling: [{ tool: 'get_*', perMinute: 6 }],
    });
    expect(body.own).toEqual(['noProgress', 'polling', 'repeat']);
    expect(body.rules).toMatchObject({
      depth: null,
      repeat: { inARow: 2, failedInARow: 3, action: 'throttle' },
      noProgress: { calls: 10, cost: '2.5', action: 'tell' },
      polling: [{ tool: 'get_*', perMinute: 6 }],
    });
    const { body: all } = await server.api('GET', '/v1/loop-rules');
    expect(all.items.map(({ taskClass }: { taskClass: string }) => taskClass)).toEqual(['default', 'watch']);
  });

  it.each`
    because                           | rules
    ${'two calls are the fewest'}     | ${{ repeat: { inARow: 1 } }}
    ${'more than a state keeps'}      | ${{ repeat: { inAll: 17 } }}
    ${'less than nothing is no cost'} | ${{ noProgress: { cost: '-1' } }}
    ${'another action'}               | ${{ depth: { action: 'shout' } }}
    ${'a name that is none'}          | ${{ repeats: {} }}
    ${'polling without a tool'}       | ${{ polling: [{ tool: '' }] }}
  `('that can’t be are refused: $because', async ({ rules }) => {
    const { status, body } = await server.api('PUT', '/v1/loop-rules/odd', rules);
    expect([status, body.code]).toEqual([422, 'invalid_request']);
    expect((await server.api('GET', '/v1/loop-rules/odd')).body.code).toBe('loop_rules_not_found');
  });

  it('can be taken back', async () => {
    await server.api('PUT', '/v1/loop-rules/gone', {});
    expect((await server.api('DELETE', '/v1/loop-rules/gone')).status).toBe(204);
    expect((await server.api('DELETE', '/v1/loop-rules/gone')).status).toBe(404);
  });
});

describe('an agent that runs in circles', () => {
  it('is found at the fourth call, in one request or in several', async () => {
    await send(again('whole', 0, 4));
    for (const call of again('cut', 0, 4)) await send([call]);

    for (const session of ['whole', 'cut']) {
      const found = await findings(session);
      expect(found).toMatchObject([
        {
          session,
          kind: 'repeat',
          action: 'pause',
          at: '2026-11-22T10:00:30.000000Z',
          measured: '4',
          limit: '4',
          wasted: '0.3',
          currency: 'USD',
          severity: { amount: null, unknown: 'no_cap', perMinute: '0.4' },
          calls: [{ name: 'search', count: 4, cost: '0.3', firstAt: '2026-11-22T10:00:00.000000Z' }],
          resolvedAt: null,
        },
      ]);
      const [control] = await server.query('SELECT state, reason, changed_by FROM agent_session WHERE session = $1', [
        session,
      ]);
      expect(control).toEqual({ state: 'paused', reason: found[0]!['detail'], changed_by: 'loops' });
    }
  });

  it('is told once, and the alert too', async () => {
    await send(again('once', 0, 4));
    await send(again('once', 100, 6));
    expect(await findings('once')).toHaveLength(1);
    const alerts = await server.query<{ detail: unknown }>(
      "SELECT detail FROM entitlement_alert WHERE kind = 'loop' AND session = 'once'",
    );
    expect(alerts).toMatchObject([{ detail: { loop: 'repeat', action: 'pause' } }]);
  });

  it('is told again after somebody has resolved it, for what it does from then on', async () => {
    await send(again('resolved', 0, 4));
    const [first] = await findings('resolved');
    const path = `/v1/loop-findings/${String(first!['id'])}/resolve`;
    const { status, body } = await server.api('POST', path, { reason: 'it is mended' });
    expect([status, body.id]).toEqual([200, first!['id']]);
    expect(body.resolvedAt).not.toBeNull();
    expect((await server.api('POST', path, {})).body).toEqual(body);

    await send(again('resolved', 60, 3));
    expect(await findings('resolved')).toHaveLength(1);
    await send(again('resolved', 100, 1));
    const { body: open } = await server.api('GET', '/v1/loop-findings?session=resolved&open=true');
    expect(open.items).toMatchObject([{ measured: '4', at: '2026-11-22T10:01:40.000000Z' }]);
  });

  it('is held to the rules of its class, and throttled for as long as it goes on', async () => {
    const work = (seconds: number): Told => ({ ...again('slow', seconds, 1)[0]!, task: 'watch' });
    await send([work(0), work(10)]);
    const state = () =>
      server.query<{ state: string; next_at: Date }>("SELECT state, next_at FROM agent_session WHERE session = 'slow'");
    const [first] = await state();
    expect(first!.state).toBe('throttled');
    await send([work(20)]);
    const [second] = await state();
    expect(second!.next_at.getTime()).toBeGreaterThan(first!.next_at.getTime());
    expect(await findings('slow')).toMatchObject([{ taskClass: 'watch', action: 'throttle', measured: '2' }]);
  });

  it('is left alone where it may poll', async () => {
    const poll = (seconds: number): Told => ({
      session: 'poll',
      seconds,
      task: 'watch',
      data: { tool: 'get_status', arguments: { job: 1 }, result: 'running' },
    });
    await send(Array.from({ length: 20 }, (_, index) => poll(index * 10)));
    expect(await findings('poll')).toEqual([]);
    await send(Array.from({ length: 8 }, (_, index) => poll(300 + index)));
    expect(await findings('poll')).toMatchObject([{ kind: 'repeat', limit: '6' }]);
  });

  it('is given time by the cap that is reached first', async () => {
    await server.api('POST', '/v1/caps', {
      key: 'acme-session',
      scope: { customer: 'acme' },
      each: ['session'],
      measure: 'cost',
      period: 'session',
      kind: 'hard',
      limit: '2',
    });
    await send(again('capped', 0, 4));
    // 0.40 in its only minute, and 1.60 left: four minutes.
    expect(await findings('capped')).toMatchObject([
      { severity: { amount: '1.6', perMinute: '0.4', secondsLeft: 240, unknown: null } },
    ]);
    const [finding] = await findings('capped');
    expect((finding!['severity'] as { cap: string }).cap).toMatch(/^cap_/);
  });
});

it('one that spends far faster than its class does is found against what the class’s sessions did', async () => {
  const usual = (count: number): Told[] =>
    Array.from({ length: count }, (_, index) => ({ session: `usual-${index}`, seconds: 0, task: 'write', data: { tool: 't' } })); // prettier-ignore
  const fast: Told = { session: 'fast', seconds: 0, task: 'write', data: { tool: 't' }, cost: '3' };
  await send(usual(20));
  await send([fast]);
  // A busy minute costs 0.10; five times that for five minutes is 2.50.
  expect(await findings('fast')).toMatchObject([{ kind: 'rate', measured: '3', limit: '2.5', taskClass: 'write' }]);
});

describe('a hold', () => {
  const ask = async (session: string): Promise<Record<string, unknown>> => {
    const { body } = await server.api('POST', '/v1/holds', { customer: 'acme', session, estimate: { amount: '0.01' } });
    return body;
  };
  const resume = () =>
    server.api('POST', '/v1/customers/acme/sessions/held/resume', { reason: 'somebody has looked at it' });

  it('of an agent that runs in circles pauses it, until somebody resumes it, and again when it goes on', async () => {
    await send(again('held', 0, 3));
    expect(await ask('held')).toMatchObject({ decision: 'allow' });
    await send(again('held', 30, 1));
    const [finding] = await findings('held');
    const answer = await ask('held');
    expect(answer).toMatchObject({ decision: 'pause', hold: null, reason: 'session_paused' });
    expect(answer['detail']).toContain(finding!['detail']);
    const { body: session } = await server.api('GET', '/v1/customers/acme/sessions/held');
    expect(session).toMatchObject({ state: 'paused', finding: finding!['id'] });

    expect((await resume()).status).toBe(200);
    expect(await ask('held')).toMatchObject({ decision: 'allow' });
    await send(again('held', 100, 3));
    expect(await ask('held')).toMatchObject({ decision: 'allow' });
    await send(again('held', 130, 1));
    expect(await ask('held')).toMatchObject({ decision: 'pause' });
  });

  it('knows of the step that was accepted just before, with nothing to wait for', async () => {
    await server.api('POST', '/v1/events', again('straight', 0, 4).map(toEvent));
    expect(await ask('straight')).toMatchObject({ decision: 'pause' });
  });
});

it('other organisations see nothing of it', async () => {
  const other = await server.organisation('Other');
  const [finding] = await findings('whole');
  const path = `/v1/loop-findings/${String(finding!['id'])}`;
  expect((await server.api('GET', path)).status).toBe(200);
  expect((await server.api('GET', path, undefined, other.apiKey)).body.code).toBe('loop_finding_not_found');
  expect((await server.api('POST', `${path}/resolve`, {}, other.apiKey)).status).toBe(404);
  expect((await server.api('GET', '/v1/loop-findings', undefined, other.apiKey)).body.items).toEqual([]);
  expect((await server.api('GET', '/v1/loop-rules', undefined, other.apiKey)).body.items).toEqual([]);
});
