import { gzipSync } from 'node:zlib';
import { type Answer, startTestServer, type TestServer } from '../support/server';
import { routesOf } from './openapi-routes';
import { AMOUNTS, key, LONG, type Row, text } from './wrong-bodies';
import { ENTITLEMENTS } from './wrong-entitlements';

/** Everything wrong that the other endpoints may be sent. Whatever it is: a problem with a code, and nothing written. */
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ WEIR_BODY_LIMIT: '64kb' });
  for (const key of ['acme', 'none']) await made('/v1/customers', { key, name: key });
  await made('/v1/meters', METER);
  await made('/v1/plans', PLAN);
  await made('/v1/plans', { ...PLAN, key: 'drafted', draft: true });
  for (const key of ['one', 'two']) await made('/v1/subscriptions', { key, customer: 'acme', plan: 'plan' });
  expect((await server.api('POST', '/v1/events', EVENT)).status).toBe(200);
  clock = (await made('/v1/test-clocks', { now: '2026-01-01T00:00:00Z' })).id;
  await made('/v1/meters', { ...SUM, key: 'largest', aggregation: 'max' });
  await made('/v1/caps', CAP);
  await made('/v1/wallets', { key: 'usd', customer: 'acme', currency: 'USD' });
  await made('/v1/wallets/usd/grants', { kind: 'bought', amount: '20' });
  await made('/v1/wallets', {
    key: 'credits',
    customer: 'acme',
    unit: 'credits',
    soldIn: 'USD',
    burns: { meter: '1' },
  });
  for (const key of ['hold', 'settled', 'released']) await answered('/v1/holds', { ...HOLD, key });
  await answered('/v1/holds/settled/settle', { amount: '0.1' });
  await answered('/v1/holds/released/release', {});
});
afterAll(() => server.stop());

let clock: string;
const METER = { key: 'meter', name: 'Meter', eventType: 'llm.request', aggregation: 'count' };
const EVENT = { id: 'stored', type: 'llm.request', customer: 'acme' };
const SUM = { ...METER, key: 'sum', aggregation: 'sum', value: 'data.x' };
const FLAT = { key: 'base', name: 'Base', charge: { model: 'flat', amount: '20' } };
const UNIT = { key: 'unit', name: 'Units', meter: 'meter', charge: { model: 'unit', unitPrice: '1' } };
const MOVE = { fromPlan: 'plan', toPlan: 'plan', mode: 'now', reason: 'New prices' };
const CANDIDATE = { name: 'c', plan: 'plan' };
const SIMULATED = { candidates: [CANDIDATE], from: '2026-01-01T00:00:00Z', to: '2026-02-01T00:00:00Z' };
const TAX_RATE = { key: 'vat', name: 'VAT', percent: '19' };
const ITEM = { description: 'Advice', unitAmount: '1' };
const PLAN = { key: 'plan', name: 'Plan', currency: 'USD', interval: 'month', prices: [FLAT] };

const CAP = {
  key: 'cap',
  scope: { customer: 'acme' },
  measure: 'cost',
  period: 'lifetime',
  kind: 'hard',
  limit: '100',
};
const HOLD = { customer: 'acme', ttl: '1h', estimate: { amount: '0.5' } };

async function answered(path: string, body: unknown): Promise<void> {
  expect(await server.api('POST', path, body)).toMatchObject({ status: 200 });
}

async function made(path: string, body: unknown): Promise<Answer['body']> {
  const answer = await server.api('POST', path, body);
  expect(answer).toMatchObject({ status: 201 });
  return answer.body;
}

function expectProblem(answer: Answer, status: number, code: string, field?: string): void {
  expect(answer).toMatchObject({
    status,
    body: { type: 'about:blank', title: expect.any(String), status, code, detail: expect.any(String) },
  });
  expect(answer.body.requestId).toEqual(expect.any(String));
  if (field !== undefined) {
    expect(answer.body.errors.map((error: { field: string }) => error.field)).toContain(field);
  }
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(JSON.stringify(answer.body).length).toBeLessThan(5_000);
}

/** Sends, expects the problem, and every table as long as before. */
async function expectRefused(send: () => Promise<Answer>, status: number, code: string, field?: string) {
  const before = await server.rowCounts();
  expectProblem(await send(), status, code, field);
  expect(await server.rowCounts()).toEqual(before);
}

const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

describe('the body of any POST', () => {
  const post = (body: string | Uint8Array, headers: Record<string, string> = {}) =>
    server.send('/v1/customers', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: body as string,
    });

  it.each([
    ['an open brace', '{'],
    ['words', 'hello'],
    ['NaN', '{"key":NaN}'],
    ['no UTF-8', Buffer.from('{"key":"\xff"}', 'latin1')],
    ['a byte order mark', '\ufeff{}'],
  ])('is not %s', async (_, body) => {
    await expectRefused(() => post(body), 400, 'malformed_json');
  });

  it.each([
    ['nothing', ''],
    ['null', 'null'],
    ['a list', '[]'],
    ['text', '"text"'],
    ['a number', '1e400'],
    ['20,000 lists deep', deep(20_000)],
  ])('is not %s', async (_, body) => {
    await expectRefused(() => post(body), 422, 'invalid_request', 'body');
  });

  it('is not larger than the limit', async () => {
    const body = JSON.stringify({ key: 'big', name: 'x'.repeat(65_536) });
    await expectRefused(() => post(body), 413, 'body_too_large');
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'nonsense'])(
    'is not %s',
    async (type) => {
      const body = JSON.stringify({ key: 'typed', name: 'Typed' });
      await expectRefused(() => post(body, { 'content-type': type }), 415, 'unsupported_media_type');
    },
  );

  it('is not compressed', async () => {
    const body = gzipSync(JSON.stringify({ key: 'zip', name: 'Zip' }));
    await expectRefused(() => post(body, { 'content-encoding': 'gzip' }), 415, 'unsupported_media_type');
  });

  it.each(['other', 'toString', 'hasOwnProperty', ''])('has no field "%s"', async (name) => {
    await expectRefused(() => post(`{"key":"c","name":"C","${name}":1}`), 422, 'invalid_request', name || 'body');
  });

  it.each(['__proto__', 'constructor', 'prototype'])('does no harm with a field %s', async (name) => {
    const made = await post(`{"key":"with-${name}","name":"C","${name}":{"timeZone":"Europe/Berlin","polluted":true}}`);
    expect(made).toMatchObject({ status: 201, body: { timeZone: 'UTC' } });
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('20,000 levels deep, at any place, does no harm', async () => {
    const objects = `${'{"a":'.repeat(8_000)}1${'}'.repeat(8_000)}`;
    for (const nested of [deep(20_000), objects, `[${objects}]`]) {
      await expectRefused(() => post(`{"key":"deep","name":${nested}}`), 422, 'invalid_request', 'name');
      await expectRefused(
        () => post(`{"key":"deep","name":"Deep","other":${nested}}`),
        422,
        'invalid_request',
        'other',
      );
      await expectRefused(() => post(`{"key":"deep","name":"Deep","testClock":${nested}}`), 422, 'invalid_request');
    }
  });

  it('names at most twenty of a thousand unknown fields', async () => {
    const fields = Array.from({ length: 1_000 }, (_, index) => [`field ${index}`, 1]);
    const before = await server.rowCounts();
    const answer = await post(JSON.stringify(Object.fromEntries(fields)));
    expectProblem(answer, 422, 'invalid_request');
    expect(answer.body.errors.length).toBeLessThanOrEqual(20);
    expect(await server.rowCounts()).toEqual(before);
  });
});

const CUSTOMER = { key: 'c', name: 'C' };
const price = (charge: unknown, more: object = { meter: 'meter' }) => ({
  ...PLAN,
  key: 'p',
  prices: [{ key: 'u', name: 'U', ...more, charge }],
});
const FEATURE = { key: 'f', name: 'F' };
/** What the draft could be changed to, but for what is wrong. */
const CHANGED = { name: 'Changed', currency: 'USD', interval: 'month', prices: [FLAT] };
const tiers = (...list: unknown[]) => price({ model: 'graduated', tiers: list });
const OPEN = { upTo: null, unitPrice: '1' };
const CONTRACT = { key: 'c', name: 'C', provider: 'openai', discountPercent: '5' };
const RESOURCE = { key: 'r', name: 'R', unit: 'call', field: 'data.calls' };
const OWN_PRICE = { provider: 'openai', model: 'm', units: { input: { amount: '1' } } };
const VOID = { reason: 'sent twice' };
const AMENDED = { type: 'llm.request', customer: 'acme' };
const AMENDMENT = { ...VOID, event: AMENDED };
const RANGE = { reason: 'a price was wrong', from: '2026-01-01T00:00:00Z', to: '2026-02-01T00:00:00Z' };
const filter = (more: object) => ({ ...METER, key: 'm', filters: [{ field: 'user', operator: 'equals', ...more }] });
const preview = (charge: unknown, usage: unknown) => ({ currency: 'USD', price: { charge }, usage });
const PREVIEW = preview({ model: 'unit', unitPrice: '1' }, { quantity: '1' });

/** What no meter may be, new or changed. */
const METERS: Row[] = [
  ...text('name', METER),
  ...text('eventType', METER),
  ['aggregation is unknown', { ...METER, aggregation: 'median' }, 'invalid_request', 'aggregation'],
  ['a sum has no value', { ...METER, key: 'm', aggregation: 'sum' }, 'invalid_meter', 'value'],
  ['a maximum has no value', { ...METER, key: 'm', aggregation: 'max' }, 'invalid_meter', 'value'],
  ['a unique count has no value', { ...METER, key: 'm', aggregation: 'unique' }, 'invalid_meter', 'value'],
  ['a count has a value', { ...METER, key: 'm', value: 'data.x' }, 'invalid_meter', 'value'],
  ['a sum of an attribution', { ...SUM, value: 'user' }, 'invalid_meter', 'value'],
  ['a sum of nothing', { ...SUM, value: 'data.' }, 'invalid_meter', 'value'],
  ['a sum of all data', { ...SUM, value: 'data' }, 'invalid_meter', 'value'],
  ['a sum of a name with a space', { ...SUM, value: 'data.a b' }, 'invalid_meter', 'value'],
  ['a sum of a name with a NUL', { ...SUM, value: 'data.a\0' }, 'invalid_meter', 'value'],
  ['a sum of a name of broken Unicode', { ...SUM, value: 'data.a\ud800' }, 'invalid_meter', 'value'],
  ['a sum nine levels deep', { ...SUM, value: 'data.a.b.c.d.e.f.g.h.i' }, 'invalid_meter', 'value'],
  ['a value that is too long', { ...SUM, value: `data.${LONG}` }, 'invalid_request', 'value'],
  ['filters that are no list', { ...METER, filters: {} }, 'invalid_request', 'filters'],
  ['21 filters', { ...METER, filters: Array.from({ length: 21 }, () => ({})) }, 'invalid_request', 'filters'],
  ['a filter of nothing', { ...METER, filters: [{}] }, 'invalid_request', 'filters[0].field'],
  ['a filter of an unknown field', filter({ field: 'customer', value: 'a' }), 'invalid_meter', 'filters[0].field'],
  ['a filter of a prototype', filter({ field: '__proto__', value: 'a' }), 'invalid_meter', 'filters[0].field'],
  ['a filter of a field with a NUL', filter({ field: 'data.\0', value: 'a' }), 'invalid_meter', 'filters[0].field'],
  ['an unknown operator', filter({ operator: 'like', value: 'a' }), 'invalid_request', 'filters[0].operator'],
  ['equals without a value', filter({}), 'invalid_meter', 'filters[0].value'],
  ['equals with a list', filter({ value: ['a'] }), 'invalid_meter', 'filters[0].value'],
  ['equals with an object', filter({ value: {} }), 'invalid_request', 'filters[0].value'],
  ['equals with null', filter({ value: null }), 'invalid_request', 'filters[0].value'],
  ['equals with a NUL', filter({ value: 'a\0' }), 'invalid_request', 'filters[0].value'],
  ['equals with broken Unicode', filter({ value: 'a\udc00' }), 'invalid_request', 'filters[0].value'],
  ['equals with too long a value', filter({ value: LONG }), 'invalid_request', 'filters[0].value'],
  ['in without a list', filter({ operator: 'in', value: 'a' }), 'invalid_meter', 'filters[0].value'],
  ['in with an empty list', filter({ operator: 'in', value: [] }), 'invalid_meter', 'filters[0].value'],
  ['in with a NUL', filter({ operator: 'in', value: ['\0'] }), 'invalid_request', 'filters[0].value[0]'],
  ['exists with a value', filter({ operator: 'exists', value: 'a' }), 'invalid_meter', 'filters[0].value'],
  ['less_than words', filter({ operator: 'less_than', value: 'few' }), 'invalid_meter', 'filters[0].value'],
  ['less_than an exponent', filter({ operator: 'less_than', value: '1e3' }), 'invalid_meter', 'filters[0].value'],
  ['at_least true', filter({ operator: 'at_least', value: true }), 'invalid_meter', 'filters[0].value'],
  ['an unknown field in a filter', filter({ value: 'a', not: true }), 'invalid_request', 'filters[0].not'],
  ['groups that are no list', { ...METER, groupBy: 'user' }, 'invalid_request', 'groupBy'],
  ['six groups', { ...METER, groupBy: ['a', 'b', 'c', 'd', 'e', 'f'] }, 'invalid_request', 'groupBy'],
  ['a group of an unknown field', { ...METER, key: 'm', groupBy: ['type'] }, 'invalid_meter', 'groupBy[0]'],
  ['a group twice', { ...METER, key: 'm', groupBy: ['user', 'user'] }, 'invalid_meter', 'groupBy[1]'],
  ['a group with a NUL', { ...METER, key: 'm', groupBy: ['data.\0'] }, 'invalid_meter', 'groupBy[0]'],
];
/** Without what a changed meter keeps. */
const withoutKey = ([because, body, ...refusal]: Row): Row => {
  const { key: _, ...definition } = body as { key?: unknown };
  return [because, definition, ...refusal];
};

const BODIES: Record<string, Row[]> = {
  ...ENTITLEMENTS,
  'POST /v1/customers': [
    ...key(CUSTOMER),
    ...text('name', CUSTOMER),
    ['timeZone is no zone', { ...CUSTOMER, timeZone: 'Mars/Olympus' }, 'invalid_time_zone', 'timeZone'],
    ['timeZone is empty', { ...CUSTOMER, timeZone: '' }, 'invalid_time_zone', 'timeZone'],
    ['timeZone is an offset of 25 hours', { ...CUSTOMER, timeZone: '+25:00' }, 'invalid_time_zone', 'timeZone'],
    ['timeZone has a NUL', { ...CUSTOMER, timeZone: 'UTC\0' }, 'invalid_time_zone', 'timeZone'],
    ['timeZone is a number', { ...CUSTOMER, timeZone: 1 }, 'invalid_request', 'timeZone'],
    ['timeZone is too long', { ...CUSTOMER, timeZone: LONG }, 'invalid_request', 'timeZone'],
    ['testClock is a number', { ...CUSTOMER, testClock: 1 }, 'invalid_request', 'testClock'],
    ['testClock is too long', { ...CUSTOMER, testClock: LONG }, 'invalid_request', 'testClock'],
  ],
  'PATCH /v1/customers/{customer}': [
    ['nothing', {}, 'invalid_request', 'billing'],
    ['billing is null', { billing: null }, 'invalid_request', 'billing'],
    ['a field too many', { billing: {}, name: 'Other' }, 'invalid_request', 'name'],
    [
      'a legal name of control characters',
      { billing: { legalName: 'A\u0000' } },
      'invalid_request',
      'billing.legalName',
    ],
    ['too many lines', { billing: { addressLines: Array(5).fill('a') } }, 'invalid_request', 'billing.addressLines'],
    ['no country', { billing: { country: 'Germany' } }, 'invalid_request', 'billing.country'],
  ],
  'POST /v1/meters': [...key(METER), ...METERS],
  'PUT /v1/meters/{meter}': [...METERS.map(withoutKey), ['a key', METER, 'invalid_request', 'key']],
  'POST /v1/events/{id}/void': [
    ...text('reason', VOID),
    ...text('source', VOID).filter(([because]) => !because.endsWith('missing')),
    ['an event', { ...VOID, event: {} }, 'invalid_request', 'event'],
  ],
  'POST /v1/events/{id}/amend': [
    ...text('reason', AMENDMENT),
    ['no event', VOID, 'invalid_request', 'event'],
    ['a list of events', { ...AMENDMENT, event: [AMENDED] }, 'invalid_request', 'event'],
    ['an event with an id', { ...AMENDMENT, event: { ...AMENDED, id: 'e' } }, 'invalid_event', 'event.id'],
    ['an event with a source', { ...AMENDMENT, event: { ...AMENDED, source: 's' } }, 'invalid_event', 'event.source'],
    ['an event without a type', { ...AMENDMENT, event: { customer: 'acme' } }, 'invalid_event', 'event.type'],
    [
      'an event of nobody',
      { ...AMENDMENT, event: { ...AMENDED, customer: 'no' } },
      'unknown_customer',
      'event.customer',
    ],
    ['a day for a time', { ...AMENDMENT, event: { ...AMENDED, time: '2026-11-21' } }, 'invalid_event', 'event.time'],
    [
      'negative tokens',
      { ...AMENDMENT, event: { ...AMENDED, data: { input_tokens: -1 } } },
      'invalid_event',
      'event.data.input_tokens',
    ],
    ...[-1, 0.5, '0', null].map((revision): Row => [
      `revision is ${JSON.stringify(revision)}`,
      { ...AMENDMENT, revision },
      'invalid_request',
      'revision',
    ]),
  ],
  'POST /v1/recostings': [
    ...text('reason', RANGE),
    ['from is missing', { ...RANGE, from: undefined }, 'invalid_request', 'from'],
    ['from is a day', { ...RANGE, from: '2026-01-01' }, 'invalid_request', 'from'],
    ['to is missing', { ...RANGE, to: undefined }, 'invalid_request', 'to'],
    ['to is words', { ...RANGE, to: 'now' }, 'invalid_request', 'to'],
    ['a range of nothing', { ...RANGE, to: RANGE.from }, 'invalid_period', 'from'],
    ['a range backwards', { ...RANGE, from: RANGE.to, to: RANGE.from }, 'invalid_period', 'from'],
    ['a customer that is no name', { ...RANGE, customer: 1 }, 'invalid_request', 'customer'],
    ['a provider that is empty', { ...RANGE, provider: '' }, 'invalid_request', 'provider'],
    ['a model with a NUL', { ...RANGE, model: 'a\0' }, 'invalid_request', 'model'],
  ],
  'POST /v1/rating/preview': [
    ['nothing to preview', {}, 'invalid_request', 'price'],
    ['a price by itself without a currency', { price: { charge: FLAT.charge } }, 'invalid_request', 'currency'],
    ['a price and a plan', { price: { charge: FLAT.charge }, plan: PLAN }, 'invalid_request', 'plan'],
    ['an unknown field', { ...PREVIEW, other: 1 }, 'invalid_request', 'other'],
    ['a meter in a price by itself', { ...PREVIEW, price: UNIT }, 'invalid_request', 'price.meter'],
    [
      'a price that can’t be',
      preview({ model: 'unit', unitPrice: '-1' }, {}),
      'invalid_plan',
      'price.charge.unitPrice',
    ],
    ['a meter that isn’t there', { ...PREVIEW, meter: 'nothing' }, 'invalid_plan', 'meter'],
    ['usage that is a list', { ...PREVIEW, usage: [] }, 'invalid_request', 'usage'],
    ['usage that is a number', { ...PREVIEW, usage: { quantity: true } }, 'invalid_request', 'usage.quantity'],
    ['usage in two forms', { ...PREVIEW, usage: { quantity: '1', windows: [] } }, 'invalid_request', 'usage'],
    ['usage of no price of the plan', { plan: PLAN, usage: { nothing: {} } }, 'invalid_request', 'usage.nothing'],
    [
      'windows of a price without',
      { ...PREVIEW, usage: { windows: [{ window: 'night' }] } },
      'invalid_request',
      'usage',
    ],
    ['an event that is none', { ...PREVIEW, usage: { events: [1] } }, 'invalid_request', 'usage.events[0]'],
    [
      'a cost below zero',
      { ...PREVIEW, usage: { events: [{ cost: '-1' }] } },
      'invalid_request',
      'usage.events[0].cost',
    ],
    ['usage before that is none', { ...PREVIEW, previous: { events: -1 } }, 'invalid_request', 'previous.events'],
    [
      'a period backwards',
      { ...PREVIEW, period: { start: RANGE.to, end: RANGE.from } },
      'invalid_request',
      'period.end',
    ],
    [
      'more than a whole',
      { ...PREVIEW, period: { start: RANGE.from, end: RANGE.to, share: { part: 2, whole: 1 } } },
      'invalid_request',
      'period.share.part',
    ],
    ['no time zone', { ...PREVIEW, timeZone: '+02:00' }, 'invalid_request', 'timeZone'],
    [
      'a pool that isn’t there',
      { ...PREVIEW, pools: [{ pool: 'p', rolledIn: [] }] },
      'invalid_request',
      'pools[0].pool',
    ],
    ['a currency the plan hasn’t', { plan: PLAN, currency: 'EUR' }, 'invalid_request', 'currency'],
  ],
  'POST /v1/features': [
    ...key(FEATURE),
    ...text('name', FEATURE),
    ['a description that is empty', { ...FEATURE, description: '' }, 'invalid_request', 'description'],
    ['an unknown field', { ...FEATURE, value: true }, 'invalid_request', 'value'],
  ],
  'PUT /v1/plans/{plan}': [
    ...text('name', CHANGED),
    ['a key', { ...CHANGED, key: 'other' }, 'invalid_request', 'key'],
    ['a reason, which is for publishing', { ...CHANGED, reason: 'Why not' }, 'invalid_request', 'reason'],
    ['no prices', { ...CHANGED, prices: [] }, 'invalid_request', 'prices'],
    ['an unknown meter', { ...CHANGED, prices: [{ ...UNIT, meter: 'nothing' }] }, 'invalid_plan', 'prices[0].meter'],
  ],
  'POST /v1/plans/{plan}/publish': [
    ['a reason that is empty', { reason: '' }, 'invalid_request', 'reason'],
    ['a reason too long', { reason: 'x'.repeat(501) }, 'invalid_request', 'reason'],
    ['a version', { version: 2 }, 'invalid_request', 'version'],
  ],
  'POST /v1/plans/apply': [
    ['no list of plans', { plans: PLAN }, 'invalid_request', 'plans'],
    ['dryRun is words', { dryRun: 'yes' }, 'invalid_request', 'dryRun'],
    ['a draft', { plans: [{ ...PLAN, draft: true }] }, 'invalid_request', 'plans[0].draft'],
    ['a feature with an id', { features: [{ ...FEATURE, id: 'f' }] }, 'invalid_request', 'features[0].id'],
    [
      'a meter that can’t be',
      { meters: [{ ...METER, key: 'm', value: 'data.x' }] },
      'invalid_document',
      'meters[0].value',
    ],
    ['two meters of a key', { meters: [METER, METER] }, 'invalid_document', 'meters[1].key'],
    [
      'a plan that can’t be',
      { plans: [price({ model: 'flat', amount: '-1' }, {})] },
      'invalid_document',
      'plans[0].prices[0].charge.amount',
    ],
    [
      'thousands of things that can’t be',
      { plans: [price({ model: 'volume', tiers: Array(100).fill({ upTo: '1', unitPrice: '-1' }) })] },
      'invalid_document',
      'plans[0].prices[0].charge.tiers[0].unitPrice',
    ],
  ],
  'POST /v1/plans': [
    ...key(PLAN),
    ...text('name', PLAN),
    ['draft is words', { ...PLAN, draft: 'yes' }, 'invalid_request', 'draft'],
    ['a minimum below zero', { ...PLAN, minimum: '-1' }, 'invalid_plan', 'minimum'],
    ['a trial of half a day', { ...PLAN, trial: { days: 0.5, covers: 'everything' } }, 'invalid_request', 'trial.days'],
    [
      'a currency that is none',
      { ...PLAN, currencies: { euro: { prices: {} } } },
      'invalid_request',
      'currencies.euro',
    ],
    ['a pool without an amount', { ...PLAN, pools: [{ key: 'p', name: 'P' }] }, 'invalid_request', 'pools[0].amount'],
    ['a discount of nothing', { ...PLAN, discounts: [{ key: 'd', name: 'D' }] }, 'invalid_plan', 'discounts[0]'],
    ['an unknown feature', { ...PLAN, features: [{ feature: 'f', value: 1 }] }, 'invalid_plan', 'features[0].feature'],
    ['currency in small letters', { ...PLAN, currency: 'usd' }, 'invalid_request', 'currency'],
    ['interval is unknown', { ...PLAN, interval: 'decade' }, 'invalid_request', 'interval'],
    ['no interval at all', { ...PLAN, intervalCount: 0 }, 'invalid_request', 'intervalCount'],
    ['half an interval', { ...PLAN, intervalCount: 1.5 }, 'invalid_request', 'intervalCount'],
    ['four years', { ...PLAN, interval: 'year', intervalCount: 4 }, 'invalid_plan', 'intervalCount'],
    ['no prices', { ...PLAN, prices: [] }, 'invalid_request', 'prices'],
    ['prices that are no list', { ...PLAN, prices: FLAT }, 'invalid_request', 'prices'],
    ['101 prices', { ...PLAN, prices: Array.from({ length: 101 }, () => FLAT) }, 'invalid_request', 'prices'],
    ['a price without a charge', price(undefined), 'invalid_request', 'prices[0].charge'],
    ['an unknown model', price({ model: 'barter' }), 'invalid_request', 'prices[0].charge.model'],
    ['a prototype for a model', price({ model: '__proto__' }), 'invalid_request', 'prices[0].charge.model'],
    [
      'a field of another model',
      price({ model: 'unit', unitPrice: '1', amount: '1' }),
      'invalid_request',
      'prices[0].charge.amount',
    ],
    ['a price key used twice', { ...PLAN, prices: [FLAT, { ...UNIT, key: 'base' }] }, 'invalid_plan', 'prices[1].key'],
    ['an unknown meter', { ...PLAN, prices: [{ ...UNIT, meter: 'nothing' }] }, 'invalid_plan', 'prices[0].meter'],
    [
      'an unknown meter by id',
      { ...PLAN, prices: [{ ...UNIT, meter: 'mtr_00000000000000000000000000' }] },
      'invalid_plan',
      'prices[0].meter',
    ],
    ['a meter with a NUL', { ...PLAN, prices: [{ ...UNIT, meter: 'a\0' }] }, 'invalid_request', 'prices[0].meter'],
    ['units without a meter', price({ model: 'unit', unitPrice: '1' }, {}), 'invalid_plan', 'prices[0].meter'],
    [
      'a margin without a meter',
      price({ model: 'consumption_margin', markupPercent: '30' }, {}),
      'invalid_plan',
      'prices[0].meter',
    ],
    ['a flat amount with a meter', price({ model: 'flat', amount: '1' }), 'invalid_plan', 'prices[0].meter'],
    [
      'an allowance on a flat amount',
      price({ model: 'flat', amount: '1' }, { allowance: '1' }),
      'invalid_plan',
      'prices[0].allowance',
    ],
    [
      'an allowance on a margin',
      price({ model: 'consumption_margin', markupPercent: '30' }, { meter: 'meter', allowance: '1' }),
      'invalid_plan',
      'prices[0].allowance',
    ],
    [
      'an allowance below zero',
      price({ model: 'unit', unitPrice: '1' }, { meter: 'meter', allowance: '-1' }),
      'invalid_request',
      'prices[0].allowance',
    ],
    ['an amount below zero', price({ model: 'flat', amount: '-1' }, {}), 'invalid_plan', 'prices[0].charge.amount'],
    [
      'a unit price below zero',
      price({ model: 'unit', unitPrice: '-0.01' }),
      'invalid_plan',
      'prices[0].charge.unitPrice',
    ],
    [
      'a markup below zero',
      price({ model: 'consumption_margin', markupPercent: '-5' }),
      'invalid_plan',
      'prices[0].charge.markupPercent',
    ],
    [
      'a margin in another currency than the cost',
      { ...price({ model: 'consumption_margin', markupPercent: '30' }), currency: 'EUR' },
      'invalid_plan',
      'prices[0].charge.model',
    ],
    ['no tiers', tiers(), 'invalid_request', 'prices[0].charge.tiers'],
    ['a last tier that ends', tiers({ upTo: '10', unitPrice: '1' }), 'invalid_plan', 'prices[0].charge.tiers[0].upTo'],
    ['a tier behind the open one', tiers(OPEN, OPEN), 'invalid_plan', 'prices[0].charge.tiers[0].upTo'],
    [
      'a tier that ends where it begins',
      tiers({ upTo: '10', unitPrice: '1' }, { upTo: '10.0', unitPrice: '1' }, OPEN),
      'invalid_plan',
      'prices[0].charge.tiers[1].upTo',
    ],
    [
      'tiers that descend',
      tiers({ upTo: '10', unitPrice: '1' }, { upTo: '5', unitPrice: '1' }, OPEN),
      'invalid_plan',
      'prices[0].charge.tiers[1].upTo',
    ],
    [
      'a first tier up to zero',
      tiers({ upTo: '0', unitPrice: '1' }, OPEN),
      'invalid_plan',
      'prices[0].charge.tiers[0].upTo',
    ],
    ['a tier without an end', tiers({ unitPrice: '1' }), 'invalid_request', 'prices[0].charge.tiers[0].upTo'],
    [
      'a tier price below zero',
      tiers({ upTo: null, unitPrice: '-1' }),
      'invalid_plan',
      'prices[0].charge.tiers[0].unitPrice',
    ],
    ['a flat fee below zero', tiers({ ...OPEN, flatFee: '-1' }), 'invalid_plan', 'prices[0].charge.tiers[0].flatFee'],
    [
      '101 tiers',
      tiers(...Array.from({ length: 101 }, (_, index) => ({ upTo: `${index + 1}`, unitPrice: '1' }))),
      'invalid_request',
      'prices[0].charge.tiers',
    ],
    ...AMOUNTS.map((amount): Row => [
      `an amount of ${JSON.stringify(amount)}`,
      price({ model: 'flat', amount }, {}),
      'invalid_request',
      'prices[0].charge.amount',
    ]),
  ],
  'POST /v1/subscriptions': [
    ...key({ customer: 'acme', plan: 'plan' }).filter(([because]) => because !== 'key is missing'),
    ['a draft', { customer: 'acme', plan: 'drafted' }, 'plan_is_draft', 'plan'],
    [
      'a currency the plan lacks',
      { customer: 'acme', plan: 'plan', currency: 'EUR' },
      'plan_lacks_currency',
      'currency',
    ],
    ['a currency in words', { customer: 'acme', plan: 'plan', currency: 'euro' }, 'invalid_request', 'currency'],
    ['customer is missing', { plan: 'plan' }, 'invalid_request', 'customer'],
    ['customer is empty', { customer: '', plan: 'plan' }, 'invalid_request', 'customer'],
    ['customer has a NUL', { customer: 'a\0', plan: 'plan' }, 'invalid_request', 'customer'],
    ['customer is broken Unicode', { customer: 'a\ud800', plan: 'plan' }, 'invalid_request', 'customer'],
    ['customer is too long', { customer: LONG, plan: 'plan' }, 'invalid_request', 'customer'],
    ['plan is missing', { customer: 'acme' }, 'invalid_request', 'plan'],
    ['plan has a NUL', { customer: 'acme', plan: 'a\0' }, 'invalid_request', 'plan'],
    ...['now', '2026-11-21', '2026-11-21T10:00:00', '2026-02-30T00:00:00Z', '', 1_700_000_000, null].map(
      (startAt): Row => [
        `startAt is ${JSON.stringify(startAt)}`,
        { customer: 'acme', plan: 'plan', startAt },
        'invalid_request',
        'startAt',
      ],
    ),
  ],
  'PUT /v1/subscriptions/{subscription}/overrides/{price}': [
    ['nothing agreed on', { reason: 'r' }, 'invalid_request', undefined],
    ['no reason', { name: 'N' }, 'invalid_request', 'reason'],
    ['an unknown field', { reason: 'r', amount: '1' }, 'invalid_request', 'amount'],
    ['an unknown model', { reason: 'r', charge: { model: 'barter' } }, 'invalid_request', 'charge.model'],
    [
      'a price below zero',
      { reason: 'r', charge: { model: 'flat', amount: '-1' } },
      'invalid_override',
      'charge.amount',
    ],
    ['a charge that needs a meter', { reason: 'r', charge: UNIT.charge }, 'invalid_override', 'meter'],
    ['an end before it begins', { reason: 'r', name: 'N', to: '1970-01-01T00:00:00Z' }, 'invalid_period', 'to'],
    ['a beginning that is a day', { reason: 'r', name: 'N', from: '2026-11-21' }, 'invalid_request', 'from'],
    [
      'a discount of nothing',
      { reason: 'r', discounts: [{ key: 'd', name: 'D' }] },
      'invalid_override',
      'discounts[0]',
    ],
  ],
  'POST /v1/subscriptions/{subscription}/changes': [
    ['nothing to change', {}, 'invalid_change', 'plan'],
    ['a quantity that is none', { quantities: { seats: 'five' } }, 'invalid_request', 'quantities.seats'],
    ['a price the plan lacks', { quantities: { barter: '1' } }, 'not_on_plan', 'quantities.barter'],
    ['a time that is none', { plan: 'pro', at: 'soon' }, 'invalid_request', 'at'],
    ['to a draft', { plan: 'drafted' }, 'plan_is_draft', 'plan'],
    ['billed some time', { plan: 'pro', invoice: 'later' }, 'invalid_request', 'invoice'],
  ],
  'PUT /v1/subscriptions/{subscription}/schedule': [
    ['no list', {}, 'invalid_request', 'phases'],
    [
      'a phase in the past',
      { phases: [{ from: '1970-01-01T00:00:00Z', plan: 'pro' }] },
      'invalid_change',
      'phases[0].from',
    ],
    ['a phase without a plan', { phases: [{ from: '2098-01-01T00:00:00Z' }] }, 'invalid_request', 'phases[0].plan'],
  ],
  'POST /v1/subscriptions/{subscription}/pause': [
    ['nothing said of what is billed', {}, 'invalid_request', 'bills'],
    ['an end before it begins', { bills: 'nothing', until: '1970-01-01T00:00:00Z' }, 'invalid_period', 'until'],
  ],
  'POST /v1/subscriptions/{subscription}/resume': [['a time that is none', { at: 'soon' }, 'invalid_request', 'at']],
  'POST /v1/subscriptions/{subscription}/cancel': [
    ['an unknown settlement', { settle: 'barter' }, 'invalid_request', 'settle'],
    ['a time that is none', { at: 'tomorrow' }, 'invalid_request', 'at'],
  ],
  'POST /v1/subscriptions/{subscription}/undo-cancel': [['an unknown field', { at: 'now' }, 'invalid_request', 'at']],
  'POST /v1/subscriptions/{subscription}/reactivate': [['a plan of no name', { plan: '' }, 'invalid_request', 'plan']],
  'POST /v1/subscriptions/{subscription}/preview': [
    ['nothing said', {}, 'invalid_request', 'change'],
    ['an unknown kind', { change: { kind: 'barter' } }, 'invalid_request', 'change.kind'],
    ['what the change is refused with', { change: { kind: 'change' } }, 'invalid_change', 'plan'],
  ],
  'POST /v1/plan-moves': [
    ['no plan to move from', { ...MOVE, fromPlan: undefined }, 'invalid_request', 'fromPlan'],
    ['no plan to move to', { ...MOVE, toPlan: '' }, 'invalid_request', 'toPlan'],
    ['an unknown mode', { ...MOVE, mode: 'later' }, 'invalid_request', 'mode'],
    ['an instant that is a day', { ...MOVE, effectiveAt: '2026-11-21' }, 'invalid_request', 'effectiveAt'],
    ['no reason', { ...MOVE, reason: '' }, 'invalid_request', 'reason'],
    ['a list of nobody', { ...MOVE, customers: [] }, 'invalid_request', 'customers'],
    ['a list and a rule', { ...MOVE, customers: ['acme'], rule: { currency: 'USD' } }, 'invalid_request', 'rule'],
    ['a rule of nothing', { ...MOVE, rule: {} }, 'invalid_request', 'rule'],
    ['a rule by weather', { ...MOVE, rule: { weather: 'fine' } }, 'invalid_request', 'rule.weather'],
    ['to a draft', { ...MOVE, toPlan: 'drafted' }, 'plan_is_draft', 'toPlan'],
    ['a customer who has not the plan', { ...MOVE, customers: ['none'] }, 'not_on_plan', 'customers'],
  ],
  'POST /v1/plan-moves/preview': [
    ['no plan to move to', { ...MOVE, toPlan: undefined }, 'invalid_request', 'toPlan'],
    ['no period', { ...MOVE, periods: 0 }, 'invalid_request', 'periods'],
    ['13 periods', { ...MOVE, periods: 13 }, 'invalid_request', 'periods'],
    ['a list and a rule', { ...MOVE, customers: ['acme'], rule: { currency: 'USD' } }, 'invalid_request', 'rule'],
    ['to a draft', { ...MOVE, toPlan: 'drafted' }, 'plan_is_draft', 'toPlan'],
  ],
  'POST /v1/simulations': [
    ['no candidates', { ...SIMULATED, candidates: undefined }, 'invalid_request', 'candidates'],
    ['an empty list of them', { ...SIMULATED, candidates: [] }, 'invalid_request', 'candidates'],
    ['six of them', { ...SIMULATED, candidates: Array(6).fill(CANDIDATE) }, 'invalid_request', 'candidates'],
    ['two of one name', { ...SIMULATED, candidates: [CANDIDATE, CANDIDATE] }, 'invalid_request', 'candidates[1].name'],
    [
      'a plan that isn’t one',
      { ...SIMULATED, candidates: [{ name: 'c', plan: 1 }] },
      'invalid_request',
      'candidates[0].plan',
    ],
    [
      'a plan with a wrong price',
      { ...SIMULATED, candidates: [{ name: 'c', plan: price({ model: 'flat', amount: '-1' }, {}) }] },
      'invalid_plan',
      'candidates[0].plan.prices[0].charge.amount',
    ],
    [
      'a plan with an unknown meter',
      { ...SIMULATED, candidates: [{ name: 'c', plan: price(UNIT.charge, { meter: 'none' }) }] },
      'invalid_plan',
      'candidates[0].plan.prices[0].meter',
    ],
    ['no beginning', { ...SIMULATED, from: undefined }, 'invalid_request', 'from'],
    ['an end before it', { ...SIMULATED, to: SIMULATED.from }, 'invalid_period', 'from'],
    ['25 months', { ...SIMULATED, to: '2028-01-01T00:00:01Z' }, 'invalid_period', 'to'],
    ['an unknown time zone', { ...SIMULATED, timeZone: '+02:00' }, 'invalid_request', 'timeZone'],
    ['nobody', { ...SIMULATED, customers: { keys: [] } }, 'invalid_request', 'customers.keys'],
    ['keys and a plan', { ...SIMULATED, customers: { keys: ['acme'], plan: 'plan' } }, 'invalid_request', 'customers'],
    [
      'costs below nothing',
      { ...SIMULATED, costChanges: [{ percent: '-101' }] },
      'invalid_request',
      'costChanges[0].percent',
    ],
    ['a change of nothing', { ...SIMULATED, costChanges: [{}] }, 'invalid_request', 'costChanges[0].percent'],
    ['a loss below zero', { ...SIMULATED, lossAbovePercent: '-1' }, 'invalid_request', 'lossAbovePercent'],
  ],
  'POST /v1/test-clocks': [
    ['now is missing', {}, 'invalid_request', 'now'],
    ['now is a day', { now: '2026-11-21' }, 'invalid_request', 'now'],
    ['now is before 1970', { now: '1969-12-31T23:59:59Z' }, 'invalid_request', 'now'],
    ['name is empty', { now: '2026-11-21T00:00:00Z', name: '' }, 'invalid_request', 'name'],
    ['name has a NUL', { now: '2026-11-21T00:00:00Z', name: '\0' }, 'invalid_request', 'name'],
  ],
  'POST /v1/test-clocks/{clock}/advance': [
    ['now is missing', {}, 'invalid_request', 'now'],
    ['now is words', { now: 'tomorrow' }, 'invalid_request', 'now'],
  ],
  'POST /v1/api-keys': [
    ...text('name', { name: 'K', scopes: ['read'] }),
    ['scopes are missing', { name: 'K' }, 'invalid_request', 'scopes'],
    ['no scope', { name: 'K', scopes: [] }, 'invalid_request', 'scopes'],
    ['an unknown scope', { name: 'K', scopes: ['read', 'admin'] }, 'invalid_request', 'scopes[1]'],
    ['scopes that are no list', { name: 'K', scopes: 'read' }, 'invalid_request', 'scopes'],
  ],
  'POST /v1/price-book/{price}/retire': [['at is words', { at: 'now' }, 'invalid_request', 'at']],
  'POST /v1/contracts/{contract}/retire': [['at is words', { at: 'now' }, 'invalid_request', 'at']],
  'POST /v1/contracts': [
    ...text('provider', CONTRACT),
    ...text('name', CONTRACT),
    ['a discount above the whole', { ...CONTRACT, discountPercent: '101' }, 'invalid_request', 'discountPercent'],
    ['neither discount nor units', { ...CONTRACT, discountPercent: undefined }, 'invalid_request', 'discountPercent'],
    ['a discount of 95 that nobody confirmed', { ...CONTRACT, discountPercent: '95' }, 'suspicious_price', 'factor'],
  ],
  'POST /v1/resources': [
    ...text('name', RESOURCE),
    ...text('unit', RESOURCE),
    ['a field that is no path', { ...RESOURCE, field: 'gpu' }, 'invalid_resource', 'field'],
    ['no field and no filter', { ...RESOURCE, field: undefined }, 'invalid_resource', 'field'],
    ['a price below zero', { ...RESOURCE, prices: [{ amount: '-1' }] }, 'invalid_request', 'prices[0].amount'],
  ],
  'POST /v1/invoices/{invoice}/payments': [
    ['no amount', { reference: 'r' }, 'invalid_request', 'amount'],
    ['an amount in words', { amount: 'ten', reference: 'r' }, 'invalid_request', 'amount'],
    ['no reference', { amount: '1' }, 'invalid_request', 'reference'],
    ['an empty reference', { amount: '1', reference: '' }, 'invalid_request', 'reference'],
    ['a day', { amount: '1', reference: 'r', paidAt: '2026-01-01' }, 'invalid_request', 'paidAt'],
  ],
  'POST /v1/invoices/{invoice}/void': [
    ['no reason', {}, 'invalid_request', 'reason'],
    ['an empty reason', { reason: '' }, 'invalid_request', 'reason'],
  ],
  'POST /v1/invoices/{invoice}/reissue': [
    ['no reason', {}, 'invalid_request', 'reason'],
    ['an empty reason', { reason: '' }, 'invalid_request', 'reason'],
  ],
  'POST /v1/invoices/{invoice}/mark-uncollectible': [
    ['no reason', {}, 'invalid_request', 'reason'],
    ['a reason that is a number', { reason: 1 }, 'invalid_request', 'reason'],
  ],
  'POST /v1/invoices/{invoice}/credit-notes': [
    ...text('reason', { as: 'invoice', reason: 'r' }),
    ['nowhere to go', { reason: 'r' }, 'invalid_request', 'as'],
    ['a way that is none', { as: 'cash', reason: 'r' }, 'invalid_request', 'as'],
    ['no lines', { as: 'invoice', reason: 'r', lines: [] }, 'invalid_request', 'lines'],
    [
      'a line without an amount',
      { as: 'invoice', reason: 'r', lines: [{ line: '1' }] },
      'invalid_request',
      'lines[0].amount',
    ],
    ['an empty reference', { as: 'invoice', reason: 'r', reference: '' }, 'invalid_request', 'reference'],
  ],
  'PATCH /v1/invoice-settings': [
    ['a format without a number', { numberFormat: 'INV-{year}' }, 'invalid_number_format', 'numberFormat'],
    ['a format of an unknown part', { numberFormat: '{day}-{number}' }, 'invalid_number_format', 'numberFormat'],
    ['half a day', { netDays: 0.5 }, 'invalid_request', 'netDays'],
    ['more days than a year', { netDays: 366 }, 'invalid_request', 'netDays'],
  ],
  'POST /v1/tax-rates': [
    ...key(TAX_RATE),
    ...text('name', TAX_RATE),
    ['a percentage below zero', { ...TAX_RATE, percent: '-1' }, 'invalid_request', 'percent'],
    ['more than all of it', { ...TAX_RATE, percent: '100.1' }, 'invalid_request', 'percent'],
    ['a percentage with its sign', { ...TAX_RATE, percent: '19%' }, 'invalid_request', 'percent'],
    ['a tax with a space', { ...TAX_RATE, tax: 'v a t' }, 'invalid_request', 'tax'],
    ['a country in words', { ...TAX_RATE, country: 'Germany' }, 'invalid_request', 'country'],
    ['a country that is none', { ...TAX_RATE, country: 'XX' }, 'invalid_request', 'country'],
    ['a region with its country', { ...TAX_RATE, country: 'CA', region: 'CA-QC' }, 'invalid_request', 'region'],
    ['a region without its country', { ...TAX_RATE, region: 'QC' }, 'invalid_tax_rate', 'country'],
    ['a category that is none', { ...TAX_RATE, category: 'X' }, 'invalid_request', 'category'],
    ['a category that asks nothing', { ...TAX_RATE, category: 'E', reason: 'r' }, 'invalid_tax_rate', 'category'],
    ['an instant', { ...TAX_RATE, validFrom: '2026-01-01T00:00:00Z' }, 'invalid_request', 'validFrom'],
    ['a day that is none', { ...TAX_RATE, validFrom: '2026-02-30' }, 'invalid_request', 'validFrom'],
    ['no day', { ...TAX_RATE, validFrom: '2026-02-01', validTo: '2026-02-01' }, 'invalid_tax_rate', 'validTo'],
  ],
  'PUT /v1/customers/{customer}/tax': [
    ['nothing said', {}, 'invalid_request', 'status'],
    ['a status that is none', { status: 'rich' }, 'invalid_request', 'status'],
    ['a reason that is a number', { status: 'exempt', reason: 1 }, 'invalid_request', 'reason'],
    ['an empty reason', { status: 'exempt', reason: '' }, 'invalid_request', 'reason'],
    ['rates that are no list', { status: 'taxed', rates: 'vat' }, 'invalid_request', 'rates'],
  ],
  'POST /v1/tax-preview': [
    ['no lines', { customer: 'acme', currency: 'USD', lines: [] }, 'invalid_request', 'lines'],
    [
      'a part of a cent',
      { customer: 'acme', currency: 'USD', lines: [{ amount: '0.001' }] },
      'invalid_request',
      'lines[0].amount',
    ],
    [
      'a currency in words',
      { customer: 'acme', currency: 'dollars', lines: [{ amount: '1' }] },
      'invalid_request',
      'currency',
    ],
  ],
  'POST /v1/invoices': [
    ['no lines', { customer: 'acme', currency: 'USD', lines: [] }, 'invalid_request', 'lines'],
    ['a currency that is none', { customer: 'acme', currency: 'XYZ', lines: [ITEM] }, 'invalid_request', 'currency'],
    [
      'none of something',
      { customer: 'acme', currency: 'USD', lines: [{ ...ITEM, quantity: '0' }] },
      'invalid_request',
      'lines[0].quantity',
    ],
    ['an empty memo', { customer: 'acme', currency: 'USD', memo: '', lines: [ITEM] }, 'invalid_request', 'memo'],
  ],
  'POST /v1/customers/{customer}/invoice-items': [
    ...text('description', { ...ITEM, currency: 'USD' }),
    ['no amount', { description: 'Advice', currency: 'USD' }, 'invalid_request', 'unitAmount'],
    ['more than anything costs', { ...ITEM, currency: 'USD', unitAmount: '1e12' }, 'invalid_request', 'unitAmount'],
    ['less than nothing', { ...ITEM, currency: 'USD', quantity: '-1' }, 'invalid_request', 'quantity'],
    [
      'a time without a length',
      { ...ITEM, currency: 'USD', period: { start: '2026-01-01T00:00:00Z', end: '2026-01-01T00:00:00Z' } },
      'invalid_request',
      'period.end',
    ],
  ],
  'PUT /v1/customers/{customer}/payment-terms': [
    ['no days', {}, 'invalid_request', 'netDays'],
    ['days below zero', { netDays: -1 }, 'invalid_request', 'netDays'],
  ],
  'POST /v1/resources/{resource}/prices': [
    ['a per of a half', { amount: '1', per: '0.5' }, 'invalid_request', 'per'],
    ['an amount below zero', { amount: '-1' }, 'invalid_request', 'amount'],
    ['a currency in words', { amount: '1', currency: 'dollar' }, 'invalid_request', 'currency'],
  ],
  'POST /v1/price-book': [
    ...text('provider', OWN_PRICE),
    ...text('model', OWN_PRICE),
    ['units are missing', { ...OWN_PRICE, units: undefined }, 'invalid_request', 'units'],
    ['no unit', { ...OWN_PRICE, units: {} }, 'invalid_request', 'units'],
    ['an unknown unit', { ...OWN_PRICE, units: { words: { amount: '1' } } }, 'invalid_request', 'units.words'],
    [
      'an amount below zero',
      { ...OWN_PRICE, units: { input: { amount: '-1' } } },
      'invalid_request',
      'units.input.amount',
    ],
    ['a per of 7', { ...OWN_PRICE, units: { input: { amount: '1', per: '7' } } }, 'invalid_price', 'units.input.per'],
    [
      'searches by no number',
      { ...OWN_PRICE, units: { webSearches: { amount: '1' } } },
      'invalid_price',
      'units.webSearches.per',
    ],
    ['a model and a match', { ...OWN_PRICE, match: { contains: 'm' } }, 'invalid_request', 'model'],
    ['an empty match', { ...OWN_PRICE, model: undefined, match: {} }, 'invalid_request', 'match'],
    ['a class in capitals', { ...OWN_PRICE, class: 'Batch' }, 'invalid_request', 'class'],
    ['a factor without a class', { ...OWN_PRICE, units: undefined, factor: '0.5' }, 'invalid_request', 'class'],
    ['a factor and units', { ...OWN_PRICE, class: 'batch', factor: '0.5' }, 'invalid_price', 'factor'],
    ['an hour of 25', { ...OWN_PRICE, dailyFrom: '25:00', dailyTo: '06:00' }, 'invalid_request', 'dailyFrom'],
    ['a begin of the day without an end', { ...OWN_PRICE, dailyFrom: '22:00' }, 'invalid_price', 'dailyTo'],
    [
      'tiers that fall',
      {
        ...OWN_PRICE,
        units: {
          input: {
            amount: '1',
            tiers: [
              { above: '9', amount: '1' },
              { above: '8', amount: '1' },
            ],
          },
        },
      },
      'invalid_price',
      'units.input.tiers[1].above',
    ],
    [
      'a validTo that is its validFrom',
      { ...OWN_PRICE, validFrom: '2026-01-01T00:00:00Z', validTo: '2026-01-01T00:00:00Z' },
      'invalid_price',
      'validTo',
    ],
    ['a validFrom that is a day', { ...OWN_PRICE, validFrom: '2026-01-01' }, 'invalid_request', 'validFrom'],
    ...AMOUNTS.map((amount): Row => [
      `an amount of ${JSON.stringify(amount)}`,
      { ...OWN_PRICE, units: { input: { amount } } },
      'invalid_request',
      'units.input.amount',
    ]),
  ],
};

describe.each(Object.keys(BODIES))('%s', (route) => {
  it.each(BODIES[route]!)('%s', async (_, body, code, field) => {
    const [method, path] = route.split(' ') as [string, string];
    const address = path
      .replace('{clock}', clock)
      .replace('{customer}', CUSTOMER.key)
      .replace('{meter}', METER.key)
      .replace('{plan}', 'drafted')
      .replace('{subscription}', 'one')
      .replace('{price}', FLAT.key)
      .replace('{cap}', 'cap')
      .replace('{hold}', 'hold')
      .replace('{wallet}', 'usd')
      .replace('{session}', 'session')
      .replace('{taskClass}', 'default')
      .replace('{id}', EVENT.id);
    await expectRefused(() => server.api(method, address, body), 422, code, field);
  });
});

it('covers every request with a body', async () => {
  const withBody = (await routesOf(server)).filter(({ operation }) => operation.requestBody !== undefined);
  // bad-events.spec.ts and intake/ have theirs, otlp.spec.ts and intake/bad-input.spec.ts those of traces.
  const elsewhere = ['POST /v1/events', 'POST /api/v1/events', 'POST /v1/traces', 'POST /v1/organisations'];
  // With its words in src/costing/*.spec.ts.
  elsewhere.push('POST /v1/exchange-rates', 'PATCH /v1/organisation', 'POST /v1/catalogue/refreshes');
  elsewhere.push('POST /v1/catalogue/refreshes/{refresh}/apply');
  expect([...Object.keys(BODIES), ...elsewhere].sort()).toEqual(withBody.map(({ name }) => name).sort());
});

describe('what is refused for what is stored', () => {
  it.each([
    [
      'an unknown customer',
      '/v1/subscriptions',
      { customer: 'nobody', plan: 'plan' },
      404,
      'customer_not_found',
      'customer',
    ],
    ['an unknown plan', '/v1/subscriptions', { customer: 'acme', plan: 'nothing' }, 404, 'plan_not_found', undefined],
    [
      'an unknown test clock',
      '/v1/customers',
      { ...CUSTOMER, testClock: 'clk_00000000000000000000000000' },
      404,
      'test_clock_not_found',
      'testClock',
    ],
    [
      'an id of another kind',
      '/v1/customers',
      { ...CUSTOMER, testClock: 'cus_00000000000000000000000000' },
      404,
      'test_clock_not_found',
      'testClock',
    ],
  ])('%s', async (_, path, body, status, code, field) => {
    await expectRefused(() => server.api('POST', path, body), status, code, field);
  });

  const POST = 'POST' as const;
  const UNTIL = { until: '2099-01-01T00:00:00Z', approvedBy: 'kim', reason: 'A demonstration' };
  it.each<[string, string, string, unknown, number, string, string | undefined]>([
    ['a cap of nobody', POST, '/v1/caps', { ...CAP, key: 'c', scope: { customer: 'nobody' } }, 404, 'customer_not_found', 'scope.customer'],
    ['a cap of no subscription', POST, '/v1/caps', { ...CAP, key: 'c', scope: { subscription: 'nothing' } }, 404, 'subscription_not_found', undefined],
    ['a cap of no meter', POST, '/v1/caps', { ...CAP, key: 'c', measure: 'units', meter: 'nothing' }, 404, 'meter_not_found', undefined],
    ['a key that is taken', POST, '/v1/caps', { ...CAP, limit: '99' }, 409, 'cap_exists', 'key'],
    ['a cap that isn’t there', 'PATCH', '/v1/caps/nothing', { limit: '1' }, 404, 'cap_not_found', undefined],
    ['a raise of what isn’t there', POST, '/v1/caps/nothing/raise', { ...UNTIL, by: '1' }, 404, 'cap_not_found', undefined],
    ['an archiving of what isn’t there', POST, '/v1/caps/nothing/archive', undefined, 404, 'cap_not_found', undefined],
    ['a session of nobody', POST, '/v1/customers/nobody/sessions/s/pause', { reason: 'r' }, 404, 'customer_not_found', undefined],
    ['a session of 256 letters', POST, `/v1/customers/acme/sessions/${'x'.repeat(256)}/pause`, { reason: 'r' }, 422, 'invalid_request', 'session'],
    ['a session of 3,000 letters', POST, `/v1/customers/acme/sessions/${'x'.repeat(3_000)}/stop`, { reason: 'r' }, 422, 'invalid_request', 'session'],
    ['a hold of nobody', POST, '/v1/holds', { ...HOLD, customer: 'nobody' }, 404, 'customer_not_found', 'customer'],
    ['a hold of no subscription', POST, '/v1/holds', { ...HOLD, subscription: 'nothing' }, 404, 'subscription_not_found', undefined],
    ['a hold under another’s subscription', POST, '/v1/holds', { ...HOLD, customer: 'none', subscription: 'one' }, 404, 'subscription_not_found', 'subscription'],
    ['a key that asked for something else', POST, '/v1/holds', { ...HOLD, key: 'hold', estimate: { amount: '0.6' } }, 409, 'hold_conflict', undefined],
    ['a part of what has ended', POST, '/v1/holds', { ...HOLD, parent: 'released' }, 409, 'hold_ended', undefined],
    ...['settle', 'extend', 'release'].map((end): [string, string, string, unknown, number, string, undefined] => [`${end} of what isn’t there`, POST, `/v1/holds/nothing/${end}`, end === 'release' ? {} : { amount: '1' }, 404, 'hold_not_found', undefined]),
    ['a settling with events of what isn’t there', POST, '/v1/holds/nothing/settle', { events: [{ ...EVENT, id: 'e' }] }, 404, 'hold_not_found', undefined],
    ['a second settling that says something else', POST, '/v1/holds/settled/settle', { amount: '0.2' }, 409, 'hold_ended', undefined],
    ['an extension of what was settled', POST, '/v1/holds/settled/extend', { amount: '0.2' }, 409, 'hold_ended', undefined],
    ['a release of what was settled', POST, '/v1/holds/settled/release', {}, 409, 'hold_ended', undefined],
    ['a settling of what was released', POST, '/v1/holds/released/settle', { amount: '0.2' }, 409, 'hold_ended', undefined],
    ['a wallet of nobody', POST, '/v1/wallets', { key: 'w', customer: 'nobody', currency: 'EUR' }, 404, 'customer_not_found', 'customer'],
    ['a second wallet of a currency', POST, '/v1/wallets', { key: 'w', customer: 'acme', currency: 'USD' }, 409, 'wallet_exists', 'currency'],
    ['a wallet’s key that is taken', POST, '/v1/wallets', { key: 'usd', customer: 'none', currency: 'USD' }, 409, 'wallet_exists', 'key'],
    ['burns of no meter', POST, '/v1/wallets', { key: 'w', customer: 'none', unit: 'u', soldIn: 'USD', burns: { nothing: '1' } }, 404, 'meter_not_found', undefined],
    ['a wallet that isn’t there', 'PATCH', '/v1/wallets/nothing', { name: 'N' }, 404, 'wallet_not_found', undefined],
    ['a grant to nothing', POST, '/v1/wallets/nothing/grants', { kind: 'bought', amount: '1' }, 404, 'wallet_not_found', undefined],
    ['a grant for no feature', POST, '/v1/wallets/usd/grants', { kind: 'bought', amount: '1', features: ['nothing'] }, 404, 'feature_not_found', undefined],
    ['bought units that cost nothing', POST, '/v1/wallets/credits/grants', { kind: 'bought', amount: '1' }, 422, 'invalid_grant', 'paid'],
    ['sold units without a price', POST, '/v1/wallets/credits/top-ups', { amount: '1' }, 422, 'invalid_top_up', 'price'],
    ['top-ups of units without a price', 'PATCH', '/v1/wallets/credits', { topUp: { on: 'threshold', below: '1', amount: '5', paid: true } }, 422, 'invalid_wallet', 'topUp.price'],
    ['an archiving of credit', POST, '/v1/wallets/usd/archive', undefined, 409, 'wallet_not_empty', undefined],
    ['a class of 256 letters', 'PUT', `/v1/loop-rules/${'x'.repeat(256)}`, {}, 422, 'invalid_request', 'taskClass'],
    ['rules that aren’t there', 'DELETE', '/v1/loop-rules/nothing', undefined, 404, 'loop_rules_not_found', undefined],
    ['a finding that isn’t there', POST, '/v1/loop-findings/nothing/resolve', {}, 404, 'loop_finding_not_found', undefined],
  ])('%s', async (_, method, path, body, status, code, field) => {
    await expectRefused(() => server.api(method, path, body), status, code, field);
  }); // prettier-ignore

  it('one of several holds keeps nobody out', async () => {
    const one = { ...HOLD, key: 'one of several' };
    const wrong = [{ ...HOLD, customer: 'nobody' }, { ...HOLD, estimate: { amount: '-1' } }, { ...HOLD, ttl: '2d' }, 1];
    const answer = await server.api('POST', '/v1/holds', { holds: [...wrong, one] });
    expect(answer.body.holds).toMatchObject([
      { problem: { code: 'customer_not_found', errors: [{ field: 'holds[0].customer' }] } },
      { problem: { code: 'invalid_hold', errors: [{ field: 'holds[1].estimate.amount' }] } },
      { problem: { code: 'ttl_too_long', errors: [{ field: 'holds[2].ttl' }] } },
      { problem: { code: 'invalid_hold', errors: [{ field: 'holds[3]' }] } },
      { decision: 'allow' },
    ]);
  });

  it('a test clock that would move back', async () => {
    const before = await server.api('GET', `/v1/test-clocks/${clock}`);
    await expectRefused(
      () => server.api('POST', `/v1/test-clocks/${clock}/advance`, { now: '2025-12-31T23:59:59Z' }),
      409,
      'clock_backwards',
      'now',
    );
    expect((await server.api('GET', `/v1/test-clocks/${clock}`)).body).toEqual(before.body);
  });

  it('a preview of a customer with two subscriptions, or none', async () => {
    const preview = (query: string) => server.api('GET', `/v1/customers/${query}`);
    await expectRefused(() => preview('acme/invoices/preview'), 422, 'subscription_needed', 'subscription');
    await expectRefused(() => preview('none/invoices/preview'), 422, 'no_subscription');
    await expectRefused(() => preview('none/invoices/preview?subscription=one'), 404, 'subscription_not_found');
    expect((await preview('acme/invoices/preview?subscription=one')).status).toBe(200);
  });
});

describe('an address', () => {
  const get = (path: string) => server.api('GET', path);

  it.each([
    ['/v1/customers/nobody', 'customer_not_found'],
    ['/v1/customers/cus_', 'customer_not_found'],
    ['/v1/customers/cus_00000000000000000000000000', 'customer_not_found'],
    ['/v1/customers/cus_zzzzzzzzzzzzzzzzzzzzzzzzzz', 'customer_not_found'],
    ['/v1/customers/CUS_00000000000000000000000000', 'customer_not_found'],
    ['/v1/customers/mtr_00000000000000000000000000', 'customer_not_found'],
    ['/v1/customers/01930000-0000-7000-8000-000000000000', 'customer_not_found'],
    ['/v1/customers/__proto__', 'customer_not_found'],
    ['/v1/customers/constructor', 'customer_not_found'],
    ["/v1/customers/'%20OR%201=1--", 'customer_not_found'],
    ['/v1/customers/%F0%9F%98%80', 'customer_not_found'],
    ['/v1/customers/%0A', 'customer_not_found'],
    ['/v1/customers/a%2Fb', 'customer_not_found'],
    ['/v1/customers/..%2F..%2Fetc', 'customer_not_found'],
    [`/v1/customers/${'x'.repeat(3_060)}`, 'customer_not_found'],
    ['/v1/meters/nothing', 'meter_not_found'],
    ['/v1/plans/nothing', 'plan_not_found'],
    ['/v1/subscriptions/nothing', 'subscription_not_found'],
    ['/v1/test-clocks/nothing', 'test_clock_not_found'],
    ['/v1/invoices/INV-000001', 'invoice_not_found'],
    ['/v1/invoices/nothing/lines/1/explain', 'invoice_not_found'],
    ['/v1/invoices/nothing/lines/1/counterfactual?less=1', 'invoice_not_found'],
    ['/v1/credit-notes/CN-000009/document.pdf', 'credit_note_not_found'],
    ['/v1/invoices/nothing/payments', 'invoice_not_found'],
    ['/v1/invoices/nothing/credit-notes', 'invoice_not_found'],
    ['/v1/credit-notes/CN-000009', 'credit_note_not_found'],
    ['/v1/customers/nothing/credit', 'customer_not_found'],
    ['/v1/customers/nothing/payment-terms', 'customer_not_found'],
    ['/v1/customers/nothing/tax', 'customer_not_found'],
    ['/v1/customers/nothing/invoice-items', 'customer_not_found'],
    ['/v1/ledger/entries?customer=nothing', 'customer_not_found'],
    ['/v1/events/nothing', 'event_not_found'],
    ['/v1/price-book/in-force?model=nothing', 'model_price_not_found'],
    ['/v1/price-book/in-force?provider=nobody&model=gpt-4o', 'model_price_not_found'],
    ['/v1/resources/nothing', 'resource_not_found'],
    ['/v1/caps/nothing', 'cap_not_found'],
    ['/v1/caps/cap_00000000000000000000000000', 'cap_not_found'],
    ['/v1/holds/nothing', 'hold_not_found'],
    ['/v1/holds/hld_00000000000000000000000000', 'hold_not_found'],
    [`/v1/holds/${'x'.repeat(3_060)}`, 'hold_not_found'],
    ['/v1/wallets/nothing', 'wallet_not_found'],
    ['/v1/wallets/nothing/grants', 'wallet_not_found'],
    ['/v1/wallets/nothing/entries', 'wallet_not_found'],
    ['/v1/wallets/nothing/top-ups', 'wallet_not_found'],
    ['/v1/loop-rules/nothing', 'loop_rules_not_found'],
    ['/v1/loop-findings/nothing', 'loop_finding_not_found'],
    ['/v1/customers/nothing/balances', 'customer_not_found'],
    ['/v1/customers/nothing/sessions/s', 'customer_not_found'],
    ['/v1/caps?customer=nothing', 'customer_not_found'],
    ['/v1/alerts?customer=nothing', 'customer_not_found'],
    ['/v1/holds?customer=nothing', 'customer_not_found'],
    ['/v1/wallets?customer=nothing', 'customer_not_found'],
    ['/v1/loop-findings?customer=nothing', 'customer_not_found'],
  ])('%.60s names nothing', async (path, code) => {
    await expectRefused(() => get(path), 404, code);
  });

  it.each([
    ['/v1/customers/%', 'a sign alone'],
    ['/v1/customers/%zz', 'no hexadecimal digits'],
    ['/v1/customers/%ff', 'no UTF-8'],
    ['/v1/customers/%c3%28', 'UTF-8 that breaks off'],
    ['/v1/customers/%ed%a0%80', 'half a pair of surrogates'],
    ['/v1/customers/a%00b', 'a NUL'],
    ['/v1/events?customer=a%00b', 'a NUL in the query'],
    ['/%', 'a sign alone outside any route'],
  ])('%s is malformed: %s', async (path) => {
    await expectRefused(() => get(path), 400, 'malformed_request');
  });

  it.each([
    ['GET', '/'],
    ['GET', '/v1'],
    ['GET', '/v2/customers'],
    ['GET', '/v1/customers/acme/nothing'],
    ['GET', '/v1/nothing'],
    ['PUT', '/v1/customers/acme'],
    ['PATCH', '/v1/customers'],
    ['DELETE', '/v1/customers/acme'],
    ['DELETE', '/v1/invoices/INV-000001'],
    ['POST', '/v1/organisation'],
    ['PUT', '/v1/events'],
  ])('%s %s is no route', async (method, path) => {
    await expectRefused(() => server.api(method, path), 404, 'not_found');
  });

  it('is not so long that no name could be', async () => {
    await expectRefused(() => get(`/v1/customers/${'x'.repeat(3_061)}`), 414, 'uri_too_long');
  });
});

describe('a query', () => {
  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const LISTS = [
    '/v1/customers?',
    '/v1/meters?',
    '/v1/plans?',
    '/v1/api-keys?',
    '/v1/events?customer=acme&',
    '/v1/customers/acme/invoices?',
    '/v1/ledger/entries?',
    '/v1/caps?',
    '/v1/alerts?',
    '/v1/holds?',
    '/v1/wallets?',
    '/v1/wallets/usd/grants?',
    '/v1/wallets/usd/entries?',
    '/v1/wallets/usd/top-ups?',
    '/v1/loop-findings?',
  ];

  it.each(['0', '-1', '201', '1.5', '1e2', 'ten', '', '%20', '00001', '١'])('has no limit of "%s"', async (limit) => {
    for (const list of LISTS) {
      await expectRefused(() => server.api('GET', `${list}limit=${limit}`), 422, 'invalid_request', 'limit');
    }
  });

  it.each([
    ['words', 'next'],
    ['empty', ''],
    ['no list', encoded({ id: 1 })],
    ['a list of nothing', encoded([])],
    ['a list of numbers', encoded([1])],
    ['no uuid', encoded(['a'])],
    ['half a statement', encoded(["' OR 1=1"])],
    ['three parts', encoded(['1', '01930000-0000-7000-8000-000000000000', '1'])],
    ['a number too large', encoded(['99999999999999999', '01930000-0000-7000-8000-000000000000'])],
    ['a negative number', encoded(['-1', '01930000-0000-7000-8000-000000000000'])],
    ['deep', Buffer.from(deep(100)).toString('base64url')],
  ])('has no cursor that is %s', async (_, cursor) => {
    for (const list of LISTS) {
      await expectRefused(() => server.api('GET', `${list}cursor=${cursor}`), 422, 'invalid_cursor', 'cursor');
    }
  });

  it('has no cursor too long, of another kind of list, or twice', async () => {
    const long = 'x'.repeat(501);
    await expectRefused(() => server.api('GET', `/v1/customers?cursor=${long}`), 422, 'invalid_request', 'cursor');
    await expectRefused(() => server.api('GET', '/v1/customers?cursor=a&cursor=b'), 422, 'invalid_request', 'cursor');
    await expectRefused(() => server.api('GET', '/v1/customers?limit=1&limit=2'), 422, 'invalid_request', 'limit');
    const ofCustomers = (await server.api('GET', '/v1/customers?limit=1')).body.nextCursor;
    await expectRefused(
      () => server.api('GET', `/v1/events?customer=acme&cursor=${ofCustomers}`),
      422,
      'invalid_cursor',
      'cursor',
    );
  });

  it('names the customer whose events are asked for', async () => {
    await expectRefused(() => server.api('GET', '/v1/events'), 422, 'invalid_request', 'customer');
    await expectRefused(() => server.api('GET', '/v1/events?customer='), 422, 'invalid_request', 'customer');
    await expectRefused(
      () => server.api('GET', '/v1/events?customer=a&customer=b'),
      422,
      'invalid_request',
      'customer',
    );
    await expectRefused(() => server.api('GET', '/v1/events?customer=nobody'), 404, 'customer_not_found', 'customer');
  });

  it.each(['/v1/customers/acme/usage', '/v1/events'])('%s has instants for bounds', async (path) => {
    for (const bound of ['from', 'to']) {
      for (const value of [
        'now',
        '2026-11-21',
        '1700000000',
        '',
        '2026-13-01T00:00:00Z',
        '2026-01-01T00:00:00+00:00',
      ]) {
        // A plus in a query is a space.
        await expectRefused(
          () => server.api('GET', `${path}?customer=acme&${bound}=${value}`),
          422,
          'invalid_request',
          bound,
        );
      }
    }
  });

  it('of usage has a beginning before its end', async () => {
    const [early, late] = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'];
    for (const [from, to] of [
      [late, early],
      [early, early],
    ]) {
      const path = `/v1/customers/acme/usage?from=${from}&to=${to}`;
      await expectRefused(() => server.api('GET', path), 422, 'invalid_period', 'from');
    }
  });

  it.each([
    ['/v1/holds?status=gone', 'invalid_request', 'status'],
    ['/v1/holds?session=', 'invalid_request', 'session'],
    ['/v1/alerts?kind=loud', 'invalid_request', 'kind'],
    ['/v1/caps?archived=yes', 'invalid_request', 'archived'],
    ['/v1/loop-findings?open=1', 'invalid_request', 'open'],
    ['/v1/hold-sizing?from=yesterday', 'invalid_request', 'from'],
    ['/v1/hold-sizing?to=2026-11-21', 'invalid_request', 'to'],
    ['/v1/hold-sizing?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 'invalid_request', 'from'],
    ['/v1/hold-sizing?from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z', 'invalid_request', 'from'],
  ])('is not %s', async (path, code, field) => {
    await expectRefused(() => server.api('GET', path), 422, code, field);
  });

  it('of the price book names a model', async () => {
    await expectRefused(() => server.api('GET', '/v1/price-book/in-force'), 422, 'invalid_request', 'model');
    await expectRefused(
      () => server.api('GET', '/v1/price-book/in-force?model=gpt-4o&at=now'),
      422,
      'invalid_request',
      'at',
    );
  });
});

it('headers too large are refused before they are read', async () => {
  const answer = await server.send('/v1/customers', { headers: { 'x-long': 'x'.repeat(20_000) } });
  expect(answer.status).toBe(431);
});

it('the server still answers after all that', async () => {
  expect((await server.api('GET', '/readyz', undefined, null)).status).toBe(200);
});
