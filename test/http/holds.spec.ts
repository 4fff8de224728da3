import { startTestServer, type TestServer } from '../support/server';

let server: TestServer;
let number = 0;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(async () => {
  await server.stop();
});

/** A customer, with a cap of their own on costs. */
async function customerWith(cap: Record<string, unknown> = {}): Promise<{ customer: string; cap: string }> {
  number += 1;
  const customer = `customer-${number}`;
  expect((await server.api('POST', '/v1/customers', { key: customer, name: customer })).status).toBe(201);
  const key = `cap-${number}`;
  const made = await server.api('POST', '/v1/caps', {
    ...{ key, scope: { customer }, measure: 'cost', period: 'lifetime', kind: 'hard', limit: '5' },
    ...cap,
  });
  expect(made).toMatchObject({ status: 201, body: { state: 'active' } });
  return { customer, cap: key };
}

const hold = (customer: string, amount: string, more: object = {}) =>
  server.api('POST', '/v1/holds', { customer, estimate: { amount }, ...more });
const settle = (id: string, body: object = {}) => server.api('POST', `/v1/holds/${id}/settle`, body);
const release = (id: string, body: object = {}) => server.api('POST', `/v1/holds/${id}/release`, body);
const extend = (id: string, body: object) => server.api('POST', `/v1/holds/${id}/extend`, body);

async function counterOf(cap: string): Promise<{ settled: number; held: number; overrun: number }> {
  const [row] = await server.query<{ settled: string; held: string; overrun: string }>(
    'SELECT settled, held, overrun FROM cap_counter JOIN cap ON cap.id = cap_counter.cap_id WHERE cap.key = $1',
    [cap],
  );
  return { settled: Number(row?.settled ?? 0), held: Number(row?.held ?? 0), overrun: Number(row?.overrun ?? 0) };
}

describe('a hold', () => {
  it('is held before the work and settled after it; the rest is free again', async () => {
    const { customer, cap } = await customerWith();
    const held = await hold(customer, '0.10');
    expect(held).toMatchObject({
      status: 200,
      body: {
        decision: 'allow',
        held: { cost: '0.1', spend: { USD: '0.1' }, actions: '1' },
        caps: [{ key: cap, limit: '5', settled: '0', held: '0.1', available: '4.9', exceeded: false }],
        reason: null,
      },
    });
    expect(await counterOf(cap)).toEqual({ settled: 0, held: 0.1, overrun: 0 });

    const settled = await settle(held.body.hold, { amount: '0.07' });
    expect(settled).toMatchObject({
      status: 200,
      body: {
        hold: held.body.hold,
        status: 'settled',
        booked: { cost: '0.07' },
        released: { cost: '0.03' },
        overrun: {},
        flags: [],
        caps: [{ settled: '0.07', held: '0', available: '4.93' }],
      },
    });
    expect(await counterOf(cap)).toEqual({ settled: 0.07, held: 0, overrun: 0 });
  });

  it('passes a cap never: of 1,000 at once for 0.10 each, 50 pass a cap of 5.00', async () => {
    const { customer, cap } = await customerWith();
    // Over 200 connections: a busy machine refuses more that are opened in one moment.
    const answers = (
      await Promise.all(
        Array.from({ length: 200 }, async () => {
          const own = [];
          for (let turn = 0; turn < 5; turn += 1) own.push(await hold(customer, '0.10'));
          return own;
        }),
      )
    ).flat();
    const refused = answers.filter(({ body }) => body.decision === 'deny');
    const allowed = answers.filter(({ body }) => body.decision === 'allow');
    expect([allowed.length, refused.length]).toEqual([50, 950]);
    expect(refused[0]!.body).toMatchObject({
      hold: null,
      reason: 'cap_exceeded',
      detail: `The cap '${cap}' has 0 USD left of 5; 0.1 were asked for.`,
      caps: [{ key: cap, held: '5', available: '0', exceeded: true }],
    });
    expect(await counterOf(cap)).toEqual({ settled: 0, held: 5, overrun: 0 });
    expect(await server.query(`SELECT count(*)::int AS alerts FROM entitlement_alert WHERE kind = 'refused' AND detail ->> 'cap' = $1`, [cap])).toEqual([{ alerts: 1 }]); // prettier-ignore
  });

  it('ends once: the same again is the same answer, something else is a conflict', async () => {
    const { customer, cap } = await customerWith();
    const { body } = await hold(customer, '1');
    const first = await settle(body.hold, { amount: '0.5' });
    expect(await settle(body.hold, { amount: '0.5' })).toMatchObject({ status: 200, body: first.body });
    expect(await settle(body.hold, { amount: '0.6' })).toMatchObject({ status: 409, body: { code: 'hold_ended' } });
    expect(await release(body.hold)).toMatchObject({ status: 409, body: { code: 'hold_ended' } });
    expect(await counterOf(cap)).toEqual({ settled: 0.5, held: 0, overrun: 0 });
  });

  it('with a key is made once, and its first answer is given again', async () => {
    const { customer, cap } = await customerWith();
    const first = await hold(customer, '1', { key: 'order-1' });
    expect((await hold(customer, '1', { key: 'order-1' })).body).toEqual(first.body);
    expect(await hold(customer, '2', { key: 'order-1' })).toMatchObject({
      status: 409,
      body: { code: 'hold_conflict' },
    });
    expect(await counterOf(cap)).toEqual({ settled: 0, held: 1, overrun: 0 });
    // The sender's key names it as well as our id.
    expect(await settle('order-1', { amount: '1' })).toMatchObject({ status: 200, body: { status: 'settled' } });

    const refusal = await hold(customer, '9', { key: 'order-2' });
    expect(refusal.body).toMatchObject({ decision: 'deny', hold: null });
    expect((await hold(customer, '9', { key: 'order-2' })).body).toEqual(refusal.body);
    expect(await settle('order-2', {})).toMatchObject({ status: 409, body: { code: 'hold_ended' } });
  });

  it('that came to more than it held is booked whole, and the overrun is told', async () => {
    const { customer, cap } = await customerWith();
    const { body } = await hold(customer, '1');
    expect((await settle(body.hold, { amount: '7.5' })).body).toMatchObject({
      booked: { cost: '7.5' },
      released: {},
      overrun: { cost: '6.5' },
      flags: ['overrun'],
    });
    expect(await counterOf(cap)).toEqual({ settled: 7.5, held: 0, overrun: 6.5 });
    expect((await hold(customer, '0.01')).body.decision).toBe('deny');
  });

  it('of which nothing is said settles at its estimate, never at nothing, and is corrected later', async () => {
    const { customer, cap } = await customerWith();
    const { body } = await hold(customer, '1');
    expect((await settle(body.hold)).body).toMatchObject({ booked: { cost: '1' }, flags: ['estimated'] });
    expect((await settle(body.hold, { amount: '0.4', partial: true })).body).toMatchObject({
      booked: { cost: '0.4' },
      flags: ['partial'],
    });
    expect((await settle(body.hold, { amount: '0.6' })).body).toMatchObject({ booked: { cost: '0.6' }, flags: [] });
    expect(await counterOf(cap)).toEqual({ settled: 0.6, held: 0, overrun: 0 });
  });

  it('whose event has no price stays booked at what it held until there is one', async () => {
    const { customer, cap } = await customerWith();
    const { body } = await hold(customer, '4');
    const data = { provider: 'nobody', model: 'unheard-of', input_tokens: 5, output_tokens: 6 };
    const event = { id: `unknown ${customer}`, type: 'llm.request', customer, hold: body.hold, data };
    expect((await server.api('POST', '/v1/events', event)).status).toBe(200);
    expect((await server.api('GET', `/v1/holds/${body.hold}`)).body).toMatchObject({
      status: 'settled',
      booked: { cost: '4' },
      flags: ['unknown_price', 'estimated'],
    });
    expect(await counterOf(cap)).toEqual({ settled: 4, held: 0, overrun: 0 });
    expect((await hold(customer, '2')).body).toMatchObject({ decision: 'deny' });
  });

  it('that is released frees all of it, once', async () => {
    const { customer, cap } = await customerWith();
    const { body } = await hold(customer, '1');
    const first = await release(body.hold);
    expect(first).toMatchObject({ status: 200, body: { status: 'released', released: { cost: '1' } } });
    expect((await release(body.hold)).body).toEqual(first.body);
    expect(await settle(body.hold, { amount: '1' })).toMatchObject({ status: 409, body: { code: 'hold_ended' } });
    expect(await counterOf(cap)).toEqual({ settled: 0, held: 0, overrun: 0 });
  });

  it('that is extended holds more where it fits, and stays as it was where it does not', async () => {
    const { customer, cap } = await customerWith();
    const { body } = await hold(customer, '1');
    expect((await extend(body.hold, { amount: '3', ttl: '20m' })).body).toMatchObject({
      decision: 'allow',
      held: { cost: '4', actions: '1' },
    });
    expect((await extend(body.hold, { amount: '2' })).body).toMatchObject({
      decision: 'deny',
      reason: 'cap_exceeded',
      held: { cost: '4' },
    });
    expect(await counterOf(cap)).toEqual({ settled: 0, held: 4, overrun: 0 });
    await settle(body.hold, { amount: '4' });
    expect(await extend(body.hold, { amount: '1' })).toMatchObject({ status: 409, body: { code: 'hold_ended' } });
  });
});

describe('a hold that expires', () => {
  it('frees what it held; work that settles afterwards is booked whole, flagged late', async () => {
    const { customer, cap } = await customerWith();
    const { body } = await hold(customer, '5', { ttl: '1s' });
    expect((await hold(customer, '1')).body.decision).toBe('deny');
    await server.query(`UPDATE hold SET expires_at = now() - interval '1 second' WHERE answer = $1`, [JSON.stringify(body)]); // prettier-ignore

    // Nobody has to wait for the sweep: a refusal looks for what should have expired.
    expect((await hold(customer, '1')).body).toMatchObject({ decision: 'allow', caps: [{ held: '1' }] });
    expect((await settle(body.hold, { amount: '4.5' })).body).toMatchObject({
      status: 'settled',
      booked: { cost: '4.5' },
      flags: ['late'],
    });
    expect(await counterOf(cap)).toEqual({ settled: 4.5, held: 1, overrun: 0 });
  });
});

describe('a hold in parts', () => {
  it('has parts that never exceed it, and books them as they end', async () => {
    const { customer, cap } = await customerWith();
    const parent = (await hold(customer, '3')).body.hold as string;
    const child = async (amount: string) => (await hold(customer, amount, { parent })).body;
    const first = await child('2');
    expect(first).toMatchObject({ decision: 'allow', caps: [] });
    expect(await child('1.5')).toMatchObject({ decision: 'deny', reason: 'parent_exceeded' });
    const second = await child('1');
    expect(await counterOf(cap)).toEqual({ settled: 0, held: 3, overrun: 0 });

    await settle(first.hold, { amount: '1.2' });
    expect(await counterOf(cap)).toEqual({ settled: 1.2, held: 1.8, overrun: 0 });
    // Released with the parent; its work is booked all the same.
    await settle(parent, { amount: '0.3' });
    expect(await counterOf(cap)).toEqual({ settled: 1.5, held: 0, overrun: 0 });
    expect((await settle(second.hold, { amount: '0.5' })).body).toMatchObject({ flags: ['late'] });
    expect(await counterOf(cap)).toEqual({ settled: 2, held: 0, overrun: 0 });
    expect(await hold(customer, '1', { parent })).toMatchObject({ status: 409, body: { code: 'hold_ended' } });
  });

  it('of which nothing is said books what it still holds itself, beside what its parts came to', async () => {
    const { customer, cap } = await customerWith({ limit: '10' });
    const parent = (await hold(customer, '10')).body.hold as string;
    const first = (await hold(customer, '4', { parent })).body.hold as string;
    const second = (await hold(customer, '2', { parent })).body.hold as string;
    await settle(first, { amount: '3' });
    expect((await settle(parent)).body).toMatchObject({ booked: { cost: '5' }, flags: ['estimated'] });
    expect(await counterOf(cap)).toEqual({ settled: 8, held: 0, overrun: 0 });
    // Told late, and never more than the tree held.
    await settle(second);
    expect(await counterOf(cap)).toEqual({ settled: 10, held: 0, overrun: 0 });
  });

  it('takes from its whole line what a part came to above its own', async () => {
    const { customer, cap } = await customerWith({ limit: '20' });
    const root = (await hold(customer, '10')).body.hold as string;
    const middle = (await hold(customer, '6', { parent: root })).body.hold as string;
    const leaf = (await hold(customer, '4', { parent: middle })).body.hold as string;
    await settle(leaf, { amount: '5' });
    // 4 that were set aside for it, and 1 that was free in the middle.
    expect(await counterOf(cap)).toEqual({ settled: 5, held: 5, overrun: 1 });
    await release(middle);
    await release(root);
    expect(await counterOf(cap)).toEqual({ settled: 5, held: 0, overrun: 1 });
  });
});

describe('what is asked wrongly', () => {
  it.each`
    body                                              | status | code                    | field
    ${{ customer: 'nobody' }}                         | ${404} | ${'customer_not_found'} | ${'customer'}
    ${{ customer: undefined }}                        | ${422} | ${'invalid_hold'}       | ${'customer'}
    ${{ estimate: undefined }}                        | ${422} | ${'invalid_hold'}       | ${'estimate'}
    ${{ estimate: { amount: '-1' } }}                 | ${422} | ${'invalid_hold'}       | ${'estimate.amount'}
    ${{ estimate: { amount: '1e3' } }}                | ${422} | ${'invalid_hold'}       | ${'estimate.amount'}
    ${{ estimate: {} }}                               | ${422} | ${'invalid_hold'}       | ${'estimate'}
    ${{ estimate: { amount: '1', cost: '1' } }}       | ${422} | ${'invalid_hold'}       | ${'estimate.amount'}
    ${{ estimate: { inputTokens: '5' } }}             | ${422} | ${'invalid_hold'}       | ${'estimate.model'}
    ${{ estimate: { amount: '1', currency: 'usd' } }} | ${422} | ${'invalid_hold'}       | ${'estimate.currency'}
    ${{ ttl: '400d' }}                                | ${422} | ${'ttl_too_long'}       | ${'ttl'}
    ${{ ttl: '-5m' }}                                 | ${422} | ${'invalid_hold'}       | ${'ttl'}
    ${{ parent: 'nothing' }}                          | ${422} | ${'invalid_hold'}       | ${'parent'}
    ${{ colour: 'red' }}                              | ${422} | ${'invalid_hold'}       | ${'colour'}
  `('$body is refused with $code at $field', async ({ body, status, code, field }) => {
    const { customer } = await customerWith();
    const before = await server.rowCounts();
    const answer = await server.api('POST', '/v1/holds', { customer, estimate: { amount: '1' }, ...body });
    expect(answer).toMatchObject({ status, body: { code, errors: [{ field }] } });
    expect(await server.rowCounts()).toEqual(before);
  });

  it('events of a settling that are another customer’s: nothing is stored', async () => {
    const { customer, cap } = await customerWith();
    const other = await customerWith();
    const { body } = await hold(customer, '2');
    const event = (id: string, of: string) => ({ id: `${id} ${customer}`, type: 'call', customer: of, cost: { amount: '1', currency: 'USD' } }); // prettier-ignore
    const before = await server.rowCounts();
    expect(await settle(body.hold, { events: [event('a', customer), event('b', other.customer)] })).toMatchObject({
      status: 422,
      body: { code: 'invalid_hold', errors: [{ field: 'events[1].customer' }] },
    });
    expect(await server.rowCounts()).toEqual(before);
    expect(await settle(body.hold, { events: [event('a', customer), event('b', customer)] })).toMatchObject({
      body: { booked: { cost: '2', actions: '2' }, overrun: {}, flags: [] },
    });
    expect(await counterOf(cap)).toEqual({ settled: 2, held: 0, overrun: 0 });
  });

  it('a hold that is not there, or another organisation’s', async () => {
    const { customer } = await customerWith();
    const { body } = await hold(customer, '1');
    const other = await server.organisation();
    for (const end of ['settle', 'release']) {
      expect(await server.api('POST', `/v1/holds/nothing/${end}`, {})).toMatchObject({ status: 404 });
      expect(await server.api('POST', `/v1/holds/${body.hold}/${end}`, {}, other.apiKey)).toMatchObject({
        status: 404,
        body: { code: 'hold_not_found' },
      });
    }
  });
});

describe('several holds in one request', () => {
  it('are decided each for itself, in order', async () => {
    const { customer, cap } = await customerWith();
    const { body } = await server.api('POST', '/v1/holds', {
      holds: [
        { customer, estimate: { amount: '3' } },
        { customer, estimate: { amount: '3' } },
        { customer: 'nobody', estimate: { amount: '1' } },
        { customer, estimate: { amount: 'much' } },
        { customer, estimate: { amount: '2' } },
      ],
    });
    expect(body.holds).toMatchObject([
      { decision: 'allow' },
      { decision: 'deny' },
      { problem: { code: 'customer_not_found', errors: [{ field: 'holds[2].customer' }] } },
      { problem: { code: 'invalid_hold', errors: [{ field: 'holds[3].estimate.amount' }] } },
      { decision: 'allow' },
    ]);
    expect(await counterOf(cap)).toEqual({ settled: 0, held: 5, overrun: 0 });
  });
});
