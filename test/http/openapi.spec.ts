import { z } from 'zod';
import { PLAN_TEMPLATES } from '../../src/catalog/templates';
import { OPERATOR_KEY, startTestServer, type TestServer } from '../support/server';
import { fillOrganisation, type FullOrganisation } from './full-organisation';
import { type Route, routesOf } from './openapi-routes';

let server: TestServer;
let routes: Route[];
let document: any; // eslint-disable-line @typescript-eslint/no-explicit-any -- what it is is checked below
let all: FullOrganisation;
let refresh: string;
/** A finalized invoice that no prepaid credit paid. */
let owed: string;
beforeAll(async () => {
  server = await startTestServer();
  routes = await routesOf(server);
  document = (await server.api('GET', '/openapi.json', undefined, null)).body;
  all = await fillOrganisation(server, server.apiKey, 'a');
  // A small one is done before anybody can cancel it; of one that is cancelled already the answer is the same.
  await server.query(`UPDATE simulation SET status = 'cancelled'`);
  refresh = (await server.api('POST', '/v1/catalogue/refreshes/release', undefined, OPERATOR_KEY)).body.id;
  const advice = [{ description: 'Advice', unitAmount: '10' }];
  owed = (await server.api('POST', '/v1/invoices', { customer: all.customer.key, currency: 'EUR', lines: advice })).body
    .id;
  expect(await server.api('POST', `/v1/invoices/${owed}/finalize`)).toMatchObject({ status: 200 });
});
afterAll(() => server.stop());

/** The endpoints of the installation's operator. */
const isOperators = (name: string) => name === 'POST /v1/organisations' || name.includes(' /v1/catalogue/');
const keyFor = (name: string) => (isOperators(name) ? OPERATOR_KEY : server.apiKey);

const SUCCESS = ['200', '201', '202', '204'];
/** Speaks a protocol that others define: two encodings, fields of later versions, refusals of its own form. */
const OTLP = 'POST /v1/traces';
const OPENMETER = 'POST /api/v1/events';
const CLOUD_EVENTS = ['application/cloudevents+json', 'application/cloudevents-batch+json'];
/** Those that answer no JSON, with what they do answer; that is told in src/simulations and src/documents. */
const FILES: Record<string, string> = {
  'GET /v1/simulations/{simulation}/customers.csv': 'text/csv',
  'GET /v1/invoices/{invoice}/document.pdf': 'application/pdf',
  'GET /v1/invoices/{invoice}/lines.csv': 'text/csv',
  'GET /v1/invoices/{invoice}/lines/{line}/events.ndjson': 'application/x-ndjson',
  'GET /v1/invoices/{invoice}/ubl.xml': 'application/xml',
  'GET /v1/credit-notes/{note}/document.pdf': 'application/pdf',
  'GET /v1/credit-notes/{note}/ubl.xml': 'application/xml',
};
/** What the body may be, where that isn't JSON alone. */
const BODIES: Record<string, string[]> = {
  [OTLP]: ['application/json', 'application/x-protobuf'],
  [OPENMETER]: ['application/json', ...CLOUD_EVENTS],
  'POST /v1/events': ['application/json', 'application/x-ndjson', ...CLOUD_EVENTS],
};

/** Everything in the document, with the way to it. */
function* nodesOf(node: unknown, way = '#'): Generator<[way: string, node: Record<string, unknown>]> {
  if (typeof node !== 'object' || node === null) return;
  if (!Array.isArray(node)) yield [way, node as Record<string, unknown>];
  for (const [name, each] of Object.entries(node)) yield* nodesOf(each, `${way}/${name}`);
}

describe('the document', () => {
  it('is OpenAPI 3.0, says what it is, and is also there as YAML', async () => {
    expect(document).toMatchObject({
      openapi: expect.stringMatching(/^3\.0\.\d+$/),
      info: { title: 'Weir', version: 'v1', description: expect.any(String), license: { name: 'Apache-2.0' } },
    });
    const yaml = await server.api('GET', '/openapi.yaml', undefined, null);
    expect(yaml.status).toBe(200);
    expect(yaml.body).toContain('openapi: 3.0');
    expect(
      Object.keys(document.paths).filter(
        (path) => !/^(\/[a-z-]+|\/\{[a-zA-Z]+\})+(\.(csv|pdf|ndjson|xml))?$/.test(path.replace('/v1', '')),
      ),
    ).toEqual([]);
  });

  it('names each operation once, in a group that is explained', () => {
    const ids = routes.map(({ operation }) => operation.operationId);
    expect(ids).toEqual([...new Set(ids)]);
    expect(ids.every((id) => typeof id === 'string' && id !== '')).toBe(true);
    const tags = document.tags.map((tag: { name: string }) => tag.name);
    for (const { name, operation } of routes)
      expect({ name, tags }).toEqual({ name, tags: expect.arrayContaining(operation.tags) });
    expect(document.tags.every((tag: { description?: string }) => (tag.description ?? '') !== '')).toBe(true);
  });

  it('has no reference that leads nowhere', () => {
    for (const [way, node] of nodesOf(document)) {
      if (typeof node['$ref'] !== 'string') continue;
      const target = node['$ref']
        .split('/')
        .slice(1)
        .reduce<any>((each, name) => each?.[name], document); // eslint-disable-line @typescript-eslint/no-explicit-any -- walks anything
      expect({ way, target }).toEqual({ way, target: expect.any(Object) });
    }
  });

  it('has schemas of the words OpenAPI 3.0 knows', () => {
    const known = new Set([
      'type', 'properties', 'required', 'additionalProperties', 'items', 'enum', 'oneOf', 'anyOf', 'allOf', 'not', 'nullable',
      'format', 'pattern', 'minLength', 'maxLength', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'minItems',
      'maxItems', 'uniqueItems', 'multipleOf', 'default', 'description', 'example', 'title', '$ref', 'readOnly', 'discriminator',
    ]); // prettier-ignore
    const isSchema =
      /\/schema$|\/schema\/.*(\/(items|additionalProperties)|\/(anyOf|oneOf|allOf)\/\d+|\/properties\/[^/]+)$/;
    for (const [way, node] of nodesOf(document)) {
      if (!isSchema.test(way)) continue;
      expect({ way, unknown: Object.keys(node).filter((word) => !known.has(word)) }).toEqual({ way, unknown: [] });
      if ('type' in node) expect(['object', 'array', 'string', 'number', 'integer', 'boolean']).toContain(node['type']);
      const properties = Object.keys((node['properties'] as object | undefined) ?? {});
      expect({ way, properties }).toEqual({
        way,
        properties: expect.arrayContaining((node['required'] as string[] | undefined) ?? []),
      });
      // Can be made into a check again.
      if (way.endsWith('/schema') && !('$ref' in node)) checkOf(node);
    }
  });
});

/** A check of values against a schema of the document. */
function checkOf(schema: object): z.ZodType {
  return z.fromJSONSchema(schema as z.core.JSONSchema.JSONSchema, { defaultTarget: 'openapi-3.0' });
}

describe('every endpoint', () => {
  it('has a summary, and a description of every parameter and field that is not plain', () => {
    for (const { name, path, operation } of routes) {
      expect({ name, summary: operation.summary }).toEqual({
        name,
        summary: expect.stringMatching(/^[A-Z].{5,}[^.]$/),
      });
      const parameters: { name: string; in: string; required: boolean; schema: object; description?: string }[] =
        operation.parameters ?? [];
      const inPath = parameters.filter((each) => each.in === 'path');
      expect({ name, path: inPath.map((each) => `{${each.name}}`) }).toEqual({
        name,
        path: path.match(/\{\w+\}/g) ?? [],
      });
      expect(inPath.every((each) => each.required)).toBe(true);
      for (const { name: called, schema } of parameters) {
        expect([name, called, 'type' in schema || 'anyOf' in schema]).toEqual([name, called, true]);
      }
      const undescribed = parameters.filter((each) => each.in !== 'path' && (each.description ?? '') === '');
      expect({ name, undescribed }).toEqual({ name, undescribed: [] });
    }
  });

  it('says what it needs: a key, and the scope', () => {
    const without = ['GET /healthz', 'GET /readyz'];
    for (const { name, operation } of routes) {
      const security = without.includes(name) ? undefined : [{ [isOperators(name) ? 'operator' : 'bearer']: [] }];
      expect({ name, security: operation.security }).toEqual({ name, security });
      for (const [scheme] of (security ?? []).flatMap(Object.entries)) {
        expect(document.components.securitySchemes[scheme]).toMatchObject({ type: 'http', scheme: 'bearer' });
      }
      if (security?.[0] !== undefined && 'bearer' in security[0]) {
        expect(operation.description).toMatch(/Needs a key with the scope `(ingest|read|manage)`\.$/);
      }
    }
  });

  it('has a schema of what it takes, when it takes a body', () => {
    const bare = [
      'POST /v1/invoices/{invoice}/finalize',
      'POST /v1/invoices/{invoice}/approve',
      'POST /v1/tax-rates/{rate}/archive',
      'POST /v1/meters/{meter}/archive',
      'POST /v1/plans/{plan}/archive',
      'POST /v1/catalogue/refreshes/release',
      'POST /v1/recostings/{recosting}/apply',
      'POST /v1/simulations/{simulation}/cancel',
      'POST /v1/billing-runs',
      'POST /v1/subscriptions/{subscription}/resume-billing',
      'POST /v1/caps/{cap}/archive',
      'POST /v1/wallets/{wallet}/archive',
    ];
    for (const { name, method, operation } of routes) {
      const takesBody = ['POST', 'PUT', 'PATCH'].includes(method) && !bare.includes(name);
      expect({ name, takesBody: operation.requestBody !== undefined }).toEqual({ name, takesBody });
      if (!takesBody) continue;
      expect(operation.requestBody.required).toBe(true);
      expect(Object.keys(operation.requestBody.content)).toEqual(BODIES[name] ?? ['application/json']);
    }
  });

  it('has a schema of what it answers, refusals too', () => {
    for (const { name, operation } of routes) {
      const statuses = Object.keys(operation.responses);
      expect({ name, statuses: statuses.filter((status) => SUCCESS.includes(status)) }).toEqual({
        name,
        statuses: [expect.any(String)],
      });
      for (const [status, response] of Object.entries<{ description: string; content?: object }>(operation.responses)) {
        expect({ name, ...response }).toMatchObject({ description: expect.stringMatching(/./) });
        if (status === '204') continue;
        const isProblem = status === 'default' && name !== OTLP;
        const type = FILES[name] ?? 'application/json';
        expect({ name, status, ...response }).toMatchObject({
          content: { [isProblem ? 'application/problem+json' : type]: { schema: expect.any(Object) } },
        });
      }
      expect(operation.responses.default).toBeDefined();
    }
  });

  it('takes an Idempotency-Key when it is a POST of a tenant that its own content does not identify', () => {
    for (const { name, method, operation } of routes) {
      const taken = (operation.parameters ?? []).some((each: { name: string }) => each.name === 'Idempotency-Key');
      const identified = ['POST /v1/events', OPENMETER, OTLP].includes(name) || name.startsWith('POST /v1/holds');
      const wanted = method === 'POST' && !identified && !isOperators(name);
      expect({ name, taken }).toEqual({ name, taken: wanted });
    }
  });
});

const PLAN_OF_A_FEE = {
  ...{ name: 'A fee', currency: 'USD', interval: 'month' },
  prices: [{ key: 'base', name: 'Base fee', charge: { model: 'flat', amount: '20' } }],
};

describe('what is answered is what is documented', () => {
  const schemaOf = (name: string, status: number | string) => {
    const { operation } = routes.find((route) => route.name === name)!;
    const content = operation.responses[status].content;
    return checkOf((content['application/json'] as { schema: object }).schema);
  };

  const READING: [route: string, path: () => string][] = [
    ['GET /healthz', () => '/healthz'],
    ['GET /readyz', () => '/readyz'],
    ['GET /v1/organisation', () => '/v1/organisation'],
    ['GET /v1/api-keys', () => '/v1/api-keys'],
    ['GET /v1/meters', () => '/v1/meters'],
    ['GET /v1/meters/{meter}', () => `/v1/meters/${all.meter.key}`],
    ['GET /v1/plans', () => '/v1/plans'],
    ['GET /v1/plans', () => '/v1/plans?status=draft'],
    ['GET /v1/plans/export', () => '/v1/plans/export'],
    ['GET /v1/plan-templates', () => '/v1/plan-templates'],
    ['GET /v1/features', () => '/v1/features'],
    ['GET /v1/features/{feature}', () => `/v1/features/${all.feature.key}`],
    ['GET /v1/plans/{plan}', () => `/v1/plans/${all.plan.id}`],
    ['GET /v1/customers', () => '/v1/customers?limit=1'],
    ['GET /v1/customers/{customer}', () => `/v1/customers/${all.customer.key}`],
    ['GET /v1/customers/{customer}/usage', () => `/v1/customers/${all.customer.key}/usage`],
    [
      'GET /v1/customers/{customer}/usage-ledger',
      () => `/v1/customers/${all.customer.key}/usage-ledger?from=2020-01-01T00:00:00Z&to=2030-01-01T00:00:00Z`,
    ],
    ['GET /v1/customers/{customer}/late-usage', () => `/v1/customers/${all.customer.key}/late-usage`],
    ['GET /v1/usage', () => `/v1/usage?meter=${all.meter.key}&groupBy=customer&window=day&empty=true&limit=3`],
    ['GET /v1/costs', () => '/v1/costs?from=2026-01-01T00:00:00Z&groupBy=customer,feature&window=month&limit=1'],
    ['GET /v1/costs/differences', () => '/v1/costs/differences?from=2026-01-01T00:00:00Z'],
    [
      'GET /v1/customers/{customer}/sessions/{session}/costs',
      () => `/v1/customers/${all.customer.key}/sessions/shared-session/costs?from=2020-01-01T00:00:00Z`,
    ],
    [
      'GET /v1/customers/{customer}/tasks/{task}/costs',
      () => `/v1/customers/${all.customer.key}/tasks/shared-task/costs?from=2020-01-01T00:00:00Z`,
    ],
    ['GET /v1/customers/{customer}/invoices', () => `/v1/customers/${all.customer.key}/invoices?limit=1`],
    ['GET /v1/customers/{customer}/invoices/preview', () => `/v1/customers/${all.customer.key}/invoices/preview`],
    ['GET /v1/subscriptions/{subscription}', () => `/v1/subscriptions/${all.subscription.key}`],
    ['GET /v1/subscriptions/{subscription}/changes', () => `/v1/subscriptions/${all.subscription.key}/changes?limit=1`],
    ['GET /v1/plan-moves', () => '/v1/plan-moves?limit=1'],
    ['GET /v1/plan-moves/{move}', () => `/v1/plan-moves/${all.planMove}`],
    ['GET /v1/test-clocks/{clock}', () => `/v1/test-clocks/${all.testClock}`],
    ['GET /v1/events', () => `/v1/events?customer=${all.customer.key}&limit=1`],
    ['GET /v1/events/{id}', () => `/v1/events/${all.event.id}?source=${all.event.source}`],
    ['GET /v1/audit-log', () => '/v1/audit-log?limit=200'],
    ['GET /v1/costs/pending', () => '/v1/costs/pending'],
    ['GET /v1/recostings', () => '/v1/recostings?limit=1'],
    ['GET /v1/recostings/{recosting}', () => `/v1/recostings/${all.recosting}`],
    ['GET /v1/billing-runs', () => '/v1/billing-runs?limit=1'],
    ['GET /v1/billing-runs/{run}', () => `/v1/billing-runs/${all.billingRun}`],
    ['GET /v1/subscriptions', () => '/v1/subscriptions?parked=true'],
    ['GET /v1/simulations', () => '/v1/simulations?limit=1'],
    ['GET /v1/simulations/{simulation}', () => `/v1/simulations/${all.simulation}`],
    ['GET /v1/simulations/{simulation}/customers', () => `/v1/simulations/${all.simulation}/customers?order=margin`],
    ['GET /v1/price-book', () => '/v1/price-book?limit=1'],
    ['GET /v1/price-book/in-force', () => '/v1/price-book/in-force?provider=openai&model=gpt-4o'],
    ['GET /v1/contracts', () => '/v1/contracts?limit=1'],
    ['GET /v1/resources', () => '/v1/resources?limit=1'],
    ['GET /v1/resources/{resource}', () => `/v1/resources/${all.resource.key}`],
    ['GET /v1/exchange-rates', () => '/v1/exchange-rates?replaced=true'],
    ['GET /v1/catalogue/refreshes', () => '/v1/catalogue/refreshes'],
    ['GET /v1/catalogue/refreshes/{refresh}', () => `/v1/catalogue/refreshes/${refresh}`],
    ['GET /v1/invoices/{invoice}', () => `/v1/invoices/${all.invoice.number}`],
    ['GET /v1/invoices/{invoice}', () => `/v1/invoices/${all.draft}`],
    ['GET /v1/invoices/{invoice}/payments', () => `/v1/invoices/${all.invoice.id}/payments`],
    ['GET /v1/invoices/{invoice}/credit-notes', () => `/v1/invoices/${all.invoice.id}/credit-notes`],
    ['GET /v1/credit-notes/{note}', () => `/v1/credit-notes/${all.creditNote}`],
    ['GET /v1/customers/{customer}/credit', () => `/v1/customers/${all.customer.key}/credit?limit=1`],
    ['GET /v1/reports/revenue', () => '/v1/reports/revenue?from=2026-01&to=2026-12'],
    ['GET /v1/invoice-settings', () => '/v1/invoice-settings'],
    ['GET /v1/customers/{customer}/payment-terms', () => `/v1/customers/${all.customer.key}/payment-terms`],
    ['GET /v1/tax-rates', () => '/v1/tax-rates?country=AT&limit=1'],
    ['GET /v1/customers/{customer}/tax', () => `/v1/customers/${all.customer.key}/tax`],
    ['GET /v1/customers/{customer}/invoice-items', () => `/v1/customers/${all.customer.key}/invoice-items`],
    ['GET /v1/ledger/trial-balance', () => '/v1/ledger/trial-balance?at=2026-03-01T00:00:00Z&currency=USD'],
    ['GET /v1/ledger/entries', () => '/v1/ledger/entries?account=revenue&limit=1'],
    [
      'GET /v1/invoices/{invoice}/lines/{line}/counterfactual',
      () => `/v1/invoices/${all.invoice.id}/lines/2/counterfactual?less=0.001`,
    ],
    ['GET /v1/invoices/{invoice}/lines/{line}/explain', () => `/v1/invoices/${all.invoice.id}/lines/1/explain`],
    ['GET /v1/invoices/{invoice}/lines/{line}/explain', () => `/v1/invoices/${all.invoice.id}/lines/2/explain`],
    ['GET /v1/caps', () => `/v1/caps?customer=${all.customer.key}&limit=2`],
    ['GET /v1/caps/{cap}', () => `/v1/caps/${all.cap.key}`],
    ['GET /v1/alerts', () => `/v1/alerts?customer=${all.customer.key}`],
    ['GET /v1/entitlement-settings', () => '/v1/entitlement-settings'],
    ['GET /v1/customers/{customer}/sessions/{session}', () => `/v1/customers/${all.customer.key}/sessions/looping`],
    ['GET /v1/customers/{customer}/balances', () => `/v1/customers/${all.customer.key}/balances`],
    ['GET /v1/holds', () => `/v1/holds?customer=${all.customer.key}&status=settled`],
    ['GET /v1/holds/{hold}', () => `/v1/holds/${all.hold.key}`],
    ['GET /v1/hold-sizing', () => '/v1/hold-sizing'],
    ['GET /v1/wallets', () => `/v1/wallets?customer=${all.customer.key}`],
    ['GET /v1/wallets/{wallet}', () => `/v1/wallets/${all.wallet.key}`],
    ['GET /v1/wallets/{wallet}/grants', () => `/v1/wallets/${all.wallet.id}/grants`],
    ['GET /v1/wallets/{wallet}/entries', () => `/v1/wallets/${all.wallet.id}/entries?limit=1`],
    ['GET /v1/wallets/{wallet}/top-ups', () => `/v1/wallets/${all.wallet.id}/top-ups`],
    ['GET /v1/loop-rules', () => '/v1/loop-rules'],
    ['GET /v1/loop-rules/{taskClass}', () => '/v1/loop-rules/default'],
    ['GET /v1/loop-findings', () => `/v1/loop-findings?customer=${all.customer.key}&session=looping`],
    ['GET /v1/loop-findings/{finding}', () => `/v1/loop-findings/${all.loopFinding}`],
  ];
  it.each(READING)('%s', async (route, path) => {
    const { status, body, headers } = await server.api('GET', path(), undefined, keyFor(route));
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(schemaOf(route, 200).safeParse(body).error?.issues ?? []).toEqual([]);
  });

  it('covers every GET', () => {
    const documented = routes.filter(({ method }) => method === 'GET').map(({ name }) => name);
    expect([...new Set([...Object.keys(FILES), ...READING.map(([route]) => route)])].sort()).toEqual(documented.sort());
  });

  const TIERS = [
    { upTo: '10', unitPrice: 1, flatFee: '0.5' },
    { upTo: null, unitPrice: '0.5' },
  ];
  const [BASE, SEATS] = PLAN_TEMPLATES[2]!.document.plans[0]!.prices.map(({ feature: _, ...price }) => price);
  const WRITING: [route: string, path: () => string, body: () => object | undefined, status: number][] = [
    ['POST /v1/api-keys', () => '/v1/api-keys', () => ({ name: 'K', scopes: ['read', 'ingest'] }), 201],
    ['POST /v1/test-clocks', () => '/v1/test-clocks', () => ({ now: '2026-01-01T00:00:00+01:00' }), 201],
    [
      'POST /v1/test-clocks/{clock}/advance',
      () => `/v1/test-clocks/${all.testClock}/advance`,
      () => ({ now: '2026-03-01T00:00:00Z' }),
      200,
    ],
    ['POST /v1/customers', () => '/v1/customers', () => ({ key: 'c', name: 'C', timeZone: 'Asia/Kolkata' }), 201],
    [
      'POST /v1/subscriptions',
      () => '/v1/subscriptions',
      () => ({ customer: all.customer.id, plan: all.plan.id }),
      201,
    ],
    [
      'POST /v1/subscriptions/{subscription}/changes',
      () => `/v1/subscriptions/${all.subscription.key}/changes`,
      () => ({ prices: { base: { name: 'Base fee of ours' } }, invoice: 'now', reason: 'A word of thanks' }),
      201,
    ],
    [
      'POST /v1/subscriptions/{subscription}/preview',
      () => `/v1/subscriptions/${all.subscription.key}/preview`,
      () => ({ change: { kind: 'cancel', at: 'now', settle: 'invoice_and_credit' } }),
      200,
    ],
    [
      'POST /v1/subscriptions/{subscription}/pause',
      () => `/v1/subscriptions/${all.subscription.key}/pause`,
      () => ({ bills: 'nothing', until: '2090-01-01T00:00:00Z' }),
      200,
    ],
    [
      'POST /v1/subscriptions/{subscription}/resume',
      () => `/v1/subscriptions/${all.subscription.key}/resume`,
      () => ({ at: 'period_end' }),
      200,
    ],
    [
      'POST /v1/subscriptions/{subscription}/cancel',
      () => `/v1/subscriptions/${all.subscription.key}/cancel`,
      () => ({}),
      200,
    ],
    [
      'POST /v1/subscriptions/{subscription}/undo-cancel',
      () => `/v1/subscriptions/${all.subscription.key}/undo-cancel`,
      () => ({ reason: 'They stay' }),
      200,
    ],
    [
      'POST /v1/plan-moves',
      () => '/v1/plan-moves',
      () => ({
        fromPlan: all.plan.id,
        toPlan: all.nextPlan.key,
        mode: 'renewal',
        effectiveAt: '2026-05-01T00:00:00Z',
        rule: { startedAfter: '2026-01-01T00:00:00Z', customerPrefix: 'a', currency: 'USD' },
        reason: 'New prices',
      }),
      201,
    ],
    [
      'POST /v1/meters',
      () => '/v1/meters',
      () => ({
        key: 'm',
        name: 'M',
        eventType: 't',
        aggregation: 'count',
        filters: [
          { field: 'data.a', operator: 'in', value: ['x', 1, true] },
          { field: 'user', operator: 'exists' },
        ],
        groupBy: ['feature'],
      }),
      201,
    ],
    ['POST /v1/meters/{meter}/archive', () => '/v1/meters/m/archive', () => undefined, 200],
    [
      'POST /v1/plans',
      () => '/v1/plans',
      () => ({
        key: 'p',
        name: 'P',
        currency: 'USD',
        interval: 'month',
        prices: [
          { key: 'flat', name: 'Flat', charge: { model: 'flat', amount: 20 } },
          {
            key: 'unit',
            name: 'Unit',
            meter: all.meter.key,
            allowance: '10',
            charge: { model: 'unit', unitPrice: '1' },
          },
          { key: 'tiers', name: 'Tiers', meter: all.meter.key, charge: { model: 'graduated', tiers: TIERS } },
          {
            key: 'margin',
            name: 'Margin',
            meter: all.meter.key,
            charge: { model: 'consumption_margin', markupPercent: '30' },
          },
        ],
      }),
      201,
    ],
    ['POST /v1/features', () => '/v1/features', () => ({ key: 'f', name: 'F', description: 'For people.' }), 201],
    [
      'POST /v1/plans',
      () => '/v1/plans',
      () => ({ ...PLAN_TEMPLATES[2]!.document.plans[0], prices: [BASE, SEATS], key: 'd', draft: true, features: [] }),
      201,
    ],
    ['POST /v1/plans/{plan}/publish', () => '/v1/plans/d/publish', () => ({ reason: 'It is time' }), 200],
    ['POST /v1/plans/{plan}/archive', () => '/v1/plans/d/archive', () => undefined, 200],
    ['POST /v1/plans/apply', () => '/v1/plans/apply', () => ({ ...PLAN_TEMPLATES[0]!.document, dryRun: true }), 200],
    ['POST /v1/plans/apply', () => '/v1/plans/apply', () => PLAN_TEMPLATES[1]!.document, 200],
    [
      'POST /v1/rating/preview',
      () => '/v1/rating/preview',
      () => ({
        currency: 'USD',
        price: {
          charge: { model: 'per_group', dimensions: ['feature'], charge: { model: 'graduated', tiers: TIERS } },
        },
        usage: { events: [{ feature: 'chat', data: { quantity: 12 } }] },
        previous: { groups: [{ by: { feature: 'chat' }, quantity: '1' }] },
      }),
      200,
    ],
    [
      'POST /v1/rating/preview',
      () => '/v1/rating/preview',
      () => ({
        planReference: all.plan.key,
        pools: [],
        period: { start: '2026-01-01T00:00:00Z', end: '2026-02-01T00:00:00Z' },
      }),
      200,
    ],
    [
      'POST /v1/price-book',
      () => '/v1/price-book',
      () => ({ provider: 'openai', model: 'm', units: { input: { amount: 1, per: '1000' } } }),
      201,
    ],
    [
      'POST /v1/price-book/{price}/retire',
      () => `/v1/price-book/${all.price}/retire`,
      () => ({ at: '2026-06-01T00:00:00Z' }),
      200,
    ],
    [
      'POST /v1/contracts',
      () => '/v1/contracts',
      () => ({ key: 'c', name: 'C', provider: 'openai', match: { contains: 'm' }, discountPercent: 5 }),
      201,
    ],
    ['POST /v1/contracts/{contract}/retire', () => `/v1/contracts/${all.contract}/retire`, () => ({}), 200],
    [
      'POST /v1/resources',
      () => '/v1/resources',
      () => ({ key: 'gb', name: 'Egress', unit: 'GB', field: 'data.gb', prices: [{ amount: 1, currency: 'EUR' }] }),
      201,
    ],
    [
      'POST /v1/resources/{resource}/prices',
      () => `/v1/resources/${all.resource.key}/prices`,
      () => ({ amount: '1', validFrom: '2026-06-01T00:00:00Z' }),
      201,
    ],
    [
      'POST /v1/events',
      () => '/v1/events',
      () => ({ id: 'single', type: 't', customer: all.customer.key, user: null }),
      200,
    ],
    [
      'POST /v1/events',
      () => '/v1/events',
      () => ({
        events: [
          { id: 'e', type: 't', customer: all.customer.key, cost: { amount: 1, currency: 'USD' } },
          { id: 'f', type: 't', customer: 'nobody' },
        ],
      }),
      200,
    ],
    ['POST /v1/events/{id}/void', () => '/v1/events/single/void', () => ({ reason: 'A test run' }), 200],
    [
      'POST /v1/events/{id}/amend',
      () => '/v1/events/e/amend',
      () => ({ reason: 'Another user', event: { type: 't', customer: all.customer.key, user: 'u' } }),
      200,
    ],
    [
      'POST /v1/plan-moves/preview',
      () => '/v1/plan-moves/preview',
      () => ({ fromPlan: all.plan.key, toPlan: all.nextPlan.key, mode: 'renewal', periods: 2 }),
      200,
    ],
    [
      'POST /v1/simulations',
      () => '/v1/simulations',
      () => ({
        name: 'What if',
        candidates: [
          { name: 'as it is', plan: all.plan.key },
          { name: 'a base fee', plan: { ...PLAN_OF_A_FEE, key: 'fee' } },
        ],
        baseline: 'current',
        customers: { plan: all.plan.key },
        from: '2026-01-01T00:00:00Z',
        to: '2026-02-15T00:00:00Z',
        timeZone: 'Europe/Berlin',
        costChanges: [{ provider: 'openai', model: 'gpt-4o', percent: '20' }],
        lossAbovePercent: '5',
      }),
      201,
    ],
    [
      'POST /v1/recostings',
      () => '/v1/recostings',
      () => ({ reason: 'A price was wrong', from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z', model: 'm' }),
      201,
    ],
    ['POST /v1/recostings/{recosting}/apply', () => `/v1/recostings/${all.recosting}/apply`, () => undefined, 200],
    ['POST /v1/billing-runs', () => '/v1/billing-runs', () => undefined, 202],
    [
      'POST /v1/subscriptions/{subscription}/resume-billing',
      () => `/v1/subscriptions/${all.subscription.key}/resume-billing`,
      () => undefined,
      200,
    ],
    [
      'POST /v1/subscriptions/{subscription}/cancel',
      () => `/v1/subscriptions/${all.subscription.key}/cancel`,
      () => ({ at: 'now', settle: 'nothing', reason: 'They go' }),
      200,
    ],
    [
      'POST /v1/subscriptions/{subscription}/reactivate',
      () => `/v1/subscriptions/${all.subscription.key}/reactivate`,
      () => ({ plan: all.nextPlan.key, reason: 'They are back' }),
      200,
    ],
    [
      'POST /v1/simulations/{simulation}/cancel',
      () => `/v1/simulations/${all.simulation}/cancel`,
      () => undefined,
      200,
    ],
    [OTLP, () => '/v1/traces', () => ({ resourceSpans: [] }), 200],
    [OTLP, () => '/v1/traces', () => ({ resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: 1 }] }] }] }), 200],
    [
      'POST /v1/exchange-rates',
      () => '/v1/exchange-rates',
      () => [{ base: 'CHF', quote: 'USD', rate: '1.12', validFrom: '2026-01-01T00:00:00Z' }],
      200,
    ],
    [
      'POST /v1/catalogue/refreshes',
      () => '/v1/catalogue/refreshes',
      () => [{ id: 'openai', models: [{ id: 'gpt', match: { equals: 'gpt' }, prices: { input_mtok: 2.5 } }] }],
      201,
    ],
    ['POST /v1/catalogue/refreshes/release', () => '/v1/catalogue/refreshes/release', () => undefined, 201],
    ['POST /v1/catalogue/refreshes/{refresh}/apply', () => `/v1/catalogue/refreshes/${refresh}/apply`, () => ({}), 200],
    ['POST /v1/invoices/{invoice}/finalize', () => `/v1/invoices/${all.invoice.id}/finalize`, () => undefined, 200],
    [
      'POST /v1/invoices/{invoice}/payments',
      () => `/v1/invoices/${all.invoice.id}/payments`,
      () => ({ amount: '0.02', reference: 'transfer 2', paidAt: '2026-02-01T00:00:00Z' }),
      201,
    ],
    [
      'POST /v1/invoices/{invoice}/credit-notes',
      () => `/v1/invoices/${all.invoice.id}/credit-notes`,
      () => ({ as: 'balance', reason: 'A word of thanks', lines: [{ line: '1', amount: '0.02' }] }),
      201,
    ],
    [
      'POST /v1/invoices/{invoice}/mark-uncollectible',
      () => `/v1/invoices/${all.invoice.id}/mark-uncollectible`,
      () => ({ reason: 'Gone' }),
      200,
    ],
    [
      'POST /v1/tax-rates',
      () => '/v1/tax-rates',
      () => ({ key: 'gst', name: 'GST', tax: 'gst', percent: '5', country: 'CA', validFrom: '2008-01-01' }),
      201,
    ],
    ['POST /v1/tax-rates/{rate}/archive', () => '/v1/tax-rates/gst/archive', () => undefined, 200],
    [
      'POST /v1/tax-preview',
      () => '/v1/tax-preview',
      () => ({
        customer: all.customer.key,
        currency: 'USD',
        lines: [{ amount: '1', taxCode: 'saas', on: '2026-01-31' }, { amount: '-0.5' }],
      }),
      200,
    ],
    [
      'POST /v1/customers/{customer}/invoice-items',
      () => `/v1/customers/${all.customer.key}/invoice-items`,
      () => ({ description: 'Advice', quantity: '2.5', unitAmount: '99', currency: 'EUR', reference: 'advice' }),
      201,
    ],
    [
      'POST /v1/invoices',
      () => '/v1/invoices',
      () => ({
        customer: all.customer.key,
        currency: 'EUR',
        memo: 'Set-up',
        lines: [
          {
            description: 'Set-up',
            unitAmount: '500',
            period: { start: '2026-01-01T00:00:00Z', end: '2026-02-01T00:00:00Z' },
          },
        ],
      }),
      201,
    ],
    ['POST /v1/invoices/{invoice}/approve', () => `/v1/invoices/${all.draft}/approve`, () => undefined, 200],
    ['POST /v1/invoices/{invoice}/finalize', () => `/v1/invoices/${all.draft}/finalize`, () => undefined, 200],
    ['POST /v1/invoices/{invoice}/void', () => `/v1/invoices/${owed}/void`, () => ({ reason: 'Twice' }), 200],
    ['POST /v1/invoices/{invoice}/reissue', () => `/v1/invoices/${owed}/reissue`, () => ({ reason: 'Wrong' }), 200],
    [
      'POST /v1/caps',
      () => '/v1/caps',
      () => ({
        key: 'sessions',
        name: 'Each session',
        scope: { customer: all.customer.key, agent: 'crawler' },
        each: ['session'],
        measure: 'spend',
        currency: 'USD',
        period: { rolling: '24h' },
        kind: { downgrade: ['gpt-4o-mini'] },
        limit: 5,
        thresholds: ['50', 90],
        forecast: true,
      }),
      201,
    ],
    [
      'POST /v1/caps/{cap}/raise',
      () => '/v1/caps/sessions/raise',
      () => ({ by: '1', until: '2099-01-01T00:00:00Z', approvedBy: 'kim', reason: 'A demonstration' }),
      200,
    ],
    [
      'POST /v1/holds',
      () => '/v1/holds',
      () => ({
        key: 'whole',
        customer: all.customer.key,
        agent: 'crawler',
        session: 's',
        ttl: '2m',
        estimate: { amount: '0.5', units: { [all.meter.key]: '100' } },
      }),
      200,
    ],
    [
      'POST /v1/holds',
      () => '/v1/holds',
      () => ({ customer: all.customer.key, estimate: { cost: '1000000000', spend: '0' } }),
      200,
    ],
    [
      'POST /v1/holds',
      () => '/v1/holds',
      () => ({
        customer: all.customer.key,
        parent: 'whole',
        key: 'part',
        estimate: { provider: 'openai', model: all.model, inputTokens: '10', maxTokens: '10' },
      }),
      200,
    ],
    [
      'POST /v1/holds',
      () => '/v1/holds',
      () => ({
        holds: [
          { key: 'third', customer: all.customer.key, estimate: { amount: '0.01' } },
          { customer: 'nobody', estimate: { amount: '0.01' } },
        ],
      }),
      200,
    ],
    ['POST /v1/holds/{hold}/extend', () => '/v1/holds/whole/extend', () => ({ amount: '0.1', ttl: '3m' }), 200],
    [
      'POST /v1/holds/{hold}/settle',
      () => '/v1/holds/whole/settle',
      () => ({ amount: '0.7', units: { [all.meter.key]: '100' }, partial: true }),
      200,
    ],
    [
      'POST /v1/holds/{hold}/settle',
      () => '/v1/holds/whole/settle',
      () => ({ events: [{ id: 'held', type: 'llm.request', customer: all.customer.key, data: { output_tokens: 1 } }] }),
      200,
    ],
    ['POST /v1/holds/{hold}/release', () => '/v1/holds/third/release', () => ({}), 200],
    ['POST /v1/caps/{cap}/archive', () => '/v1/caps/sessions/archive', () => undefined, 200],
    ...(['pause', 'resume', 'stop'] as const).map((step): (typeof WRITING)[number] => [
      `POST /v1/customers/{customer}/sessions/{session}/${step}`,
      () => `/v1/customers/${all.customer.key}/sessions/looping/${step}`,
      () => ({ reason: 'To see what it does' }),
      200,
    ]),
    [
      'POST /v1/loop-findings/{finding}/resolve',
      () => `/v1/loop-findings/${all.loopFinding}/resolve`,
      () => ({ reason: 'Seen' }),
      200,
    ],
    [
      'POST /v1/wallets',
      () => '/v1/wallets',
      () => ({
        key: 'credits',
        name: 'Credits',
        customer: all.customer.key,
        unit: 'credits',
        soldIn: 'USD',
        burns: { [all.meter.key]: '0.001' },
        whenEmpty: 'arrears',
        overdraftLimit: 5,
        topUp: { on: 'threshold', below: '0', amount: '100', price: '10', monthlyLimit: '100', paid: true },
      }),
      201,
    ],
    [
      'POST /v1/wallets/{wallet}/grants',
      () => `/v1/wallets/${all.wallet.key}/grants`,
      () => ({
        kind: 'promotional',
        amount: 1,
        expiresAt: '2099-01-01T00:00:00Z',
        rolloverLimit: '0.5',
        features: [all.feature.key],
        reference: 'gift',
        reason: 'A gift',
      }),
      201,
    ],
    [
      'POST /v1/wallets/{wallet}/top-ups',
      () => `/v1/wallets/${all.wallet.key}/top-ups`,
      () => ({ amount: '10', price: '9.5', expiresAfterDays: 365, reference: 'ordered' }),
      201,
    ],
    ['POST /v1/wallets/{wallet}/archive', () => '/v1/wallets/credits/archive', () => undefined, 200],
  ];
  it.each(WRITING)('%s', async (route, path, body, status) => {
    const sent = body();
    const answer = await server.api('POST', path(), sent, keyFor(route));
    expect(answer).toMatchObject({ status });
    expect(schemaOf(route, status).safeParse(answer.body).error?.issues ?? []).toEqual([]);
    if (sent === undefined) return;
    const { operation } = routes.find(({ name }) => name === route)!;
    const request = checkOf(operation.requestBody.content['application/json'].schema);
    expect(request.safeParse(sent).error?.issues ?? []).toEqual([]);
    expect(request.safeParse({ ...sent, unknown: 1 }).success).toBe(route === OTLP);
  });

  it('covers every POST but the operator’s', () => {
    const documented = routes.filter(({ method }) => method === 'POST').map(({ name }) => name);
    // OpenMeter's answers nothing; its own client reads it in intake/openmeter.spec.ts.
    expect([...new Set(WRITING.map(([route]) => route)), 'POST /v1/organisations', OPENMETER].sort()).toEqual(
      documented.sort(),
    );
  });

  const CHANGING: [method: string, route: string, path: () => string, body: () => object][] = [
    [
      'PATCH',
      '/v1/caps/{cap}',
      () => `/v1/caps/${all.cap.key}`,
      () => ({ name: 'All of it', limit: '3000', thresholds: [], forecast: false, kind: 'pause' }),
    ],
    [
      'PATCH',
      '/v1/entitlement-settings',
      () => '/v1/entitlement-settings',
      () => ({ unknownPriceAmount: '0.1', longestTtl: '1d', sizingRisk: '0.1', away: { amount: '5', holds: 10 } }),
    ],
    [
      'PATCH',
      '/v1/wallets/{wallet}',
      () => `/v1/wallets/${all.wallet.key}`,
      () => ({ name: 'Credit', whenEmpty: 'refuse', overdraftLimit: '0', topUp: null }),
    ],
    [
      'PUT',
      '/v1/loop-rules/{taskClass}',
      () => '/v1/loop-rules/research',
      () => ({
        repeat: null,
        noProgress: { calls: 10, cost: '1.5', action: 'pause' },
        polling: [{ tool: 'status*', perMinute: 6 }],
      }),
    ],
  ];
  it.each(CHANGING)('%s %s', async (method, route, path, body) => {
    const sent = body();
    const name = `${method} ${route}`;
    const answer = await server.api(method, path(), sent);
    expect(answer).toMatchObject({ status: 200 });
    expect(schemaOf(name, 200).safeParse(answer.body).error?.issues ?? []).toEqual([]);
    const { operation } = routes.find((each) => each.name === name)!;
    const request = checkOf(operation.requestBody.content['application/json'].schema);
    expect(request.safeParse(sent).error?.issues ?? []).toEqual([]);
    expect(request.safeParse({ ...sent, unknown: 1 }).success).toBe(false);
  });

  it('a refusal of OTLP is a Status', async () => {
    const status = schemaOf(OTLP, 'default');
    for (const [sent, key] of [
      [{ resourceSpans: 1 }, server.apiKey],
      [{}, null],
    ] as const) {
      const { body } = await server.api('POST', '/v1/traces', sent, key);
      expect(status.safeParse(body).error?.issues ?? []).toEqual([]);
    }
  });

  it('a refusal is a Problem', async () => {
    const problem = checkOf(document.components.schemas.Problem);
    for (const { body } of [
      await server.api('GET', '/v1/customers/nobody'),
      await server.api('GET', '/v1/customers', undefined, null),
      await server.api('POST', '/v1/customers', { key: 1, name: '', x: 1 }),
      await server.api('POST', '/v1/events', { id: 1 }),
      await server.api('GET', '/v1/%'),
      await server.api('GET', '/nothing'),
    ]) {
      expect(problem.safeParse(body).error?.issues ?? []).toEqual([]);
    }
  });
});

describe('the reference page', () => {
  const get = (path: string) => server.api('GET', path, undefined, null);
  /** What a page or style sheet loads by itself. */
  const loads = (text: string) =>
    [
      ...text.matchAll(
        /<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)="([^"]*)"|@import\s+["']?([^"';]+)|url\(\s*["']?([^"')]+)/g,
      ),
    ].map((match) => (match[1] ?? match[2] ?? match[3])!);

  it('loads everything from this server, so that it works without the internet', async () => {
    const page = await get('/reference');
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.body).toContain('Weir API reference');
    const parts = loads(page.body);
    expect(parts.length).toBeGreaterThan(3);
    for (const part of parts) {
      const address = new URL(part, `${server.url}/reference`);
      expect({ part, origin: address.origin }).toEqual({ part, origin: server.url });
      const loaded = await get(address.pathname);
      expect({ part, status: loaded.status }).toEqual({ part, status: 200 });
      if (part.endsWith('.css')) expect(loads(loaded.body).filter((each) => !each.startsWith('data:'))).toEqual([]);
    }
  });

  it('has the document in it, and sends it nowhere', async () => {
    const start = (await get('/reference/swagger-ui-init.js')).body as string;
    for (const { path } of routes) expect(start).toContain(`"${path}"`);
    expect(start).toContain('"validatorUrl": "none"');
  });
});
