import { type Answer, startTestServer, type TestServer } from '../support/server';
import { fillOrganisation, type FullOrganisation } from './full-organisation';
import { routesOf } from './openapi-routes';

/**
 * Organisation B asks every documented endpoint for what is A's. It must hear what it would hear of a thing that
 * nobody has, in the same words, and A's rows must stay as they are.
 */
let server: TestServer;
let a: FullOrganisation;
let b: FullOrganisation;
/** An organisation that has nothing but its key. */
let empty: string;

beforeAll(async () => {
  server = await startTestServer();
  empty = (await server.organisation('Empty')).apiKey;
  a = await fillOrganisation(server, server.apiKey, 'a');
  b = await fillOrganisation(server, (await server.organisation('B')).apiKey, 'b');
});
afterAll(() => server.stop());

/** A name of a thing of A's, and a name of the same kind that nothing has. */
interface Reference {
  readonly theirs: string;
  readonly nobodys: string;
}

/** Asks for a thing by name. B must hear of A's what it hears of nobody's; A itself must not. */
interface Asking {
  readonly references: () => Reference[];
  readonly request: (name: string) => { path: string; body?: unknown };
  /** 200 where the answer tells what became of each part. */
  readonly status: 200 | 400 | 404 | 422;
  /** Where A can't be asked the same without changing something. */
  readonly notByA?: true;
}

const NO_ID = '0'.repeat(26);
const nobody = (id: string) => `${id.slice(0, 4)}${NO_ID}`;
const named = ({ id, key }: { id: string; key: string }): Reference[] => [
  { theirs: id, nobodys: nobody(id) },
  { theirs: key, nobodys: 'nobodys-key' },
];
const byId = (id: string): Reference[] => [{ theirs: id, nobodys: nobody(id) }];
const invoices = (): Reference[] => [
  ...byId(a.draft),
  ...byId(a.invoice.id),
  // B has an invoice of this number, too, which is not what is meant here; the empty organisation has none.
  { theirs: a.invoice.number, nobodys: a.invoice.number.replace(/\d+$/, '999999') },
];

const asking = (request: Asking['request'], references: Asking['references'], more: Partial<Asking> = {}): Asking => ({
  references,
  request,
  status: 404,
  ...more,
});

/** An export of one span for that customer. */
function exportFor(customer: string) {
  const attributes = [
    { key: 'gen_ai.operation.name', value: { stringValue: 'execute_tool' } },
    { key: 'weir.customer', value: { stringValue: customer } },
  ];
  const ids = { traceId: '1'.repeat(32), spanId: '2'.repeat(16) };
  const spans = [{ ...ids, endTimeUnixNano: String(Date.now() * 1_000_000), attributes }];
  return { resourceSpans: [{ scopeSpans: [{ spans }] }] };
}

const EVER = 'from=2020-01-01T00:00:00Z&to=2099-01-01T00:00:00Z';

/** What the meter of each organisation says. */
const OUTPUT_TOKENS = {
  name: 'Output tokens',
  eventType: 'llm.request',
  aggregation: 'sum',
  value: 'data.output_tokens',
};

/** A plan as a draft is changed to. */
const FLAT_PLAN = {
  name: 'P',
  currency: 'USD',
  interval: 'month',
  prices: [{ key: 'base', name: 'Base', charge: { model: 'flat', amount: '1' } }],
};

const SIMULATED = { from: '2026-01-01T00:00:00Z', to: '2026-02-01T00:00:00Z' };
const OWN_CANDIDATE = () => ({ name: 'c', plan: b.plan.key });

const ASKING: Record<string, Asking[]> = {
  'GET /v1/meters/{meter}': [
    asking(
      (name) => ({ path: `/v1/meters/${name}` }),
      () => named(a.meter),
    ),
  ],
  'PUT /v1/meters/{meter}': [
    asking(
      (name) => ({ path: `/v1/meters/${name}`, body: OUTPUT_TOKENS }),
      () => named(a.meter),
    ),
  ],
  'POST /v1/meters/{meter}/archive': [
    asking(
      (name) => ({ path: `/v1/meters/${name}/archive` }),
      () => named(a.meter),
      { notByA: true },
    ),
  ],
  'GET /v1/plans/{plan}': [
    asking(
      (name) => ({ path: `/v1/plans/${name}` }),
      () => named(a.plan),
    ),
  ],
  'PUT /v1/plans/{plan}': [
    asking(
      (name) => ({ path: `/v1/plans/${name}`, body: FLAT_PLAN }),
      () => named(a.draftPlan),
      { notByA: true },
    ),
  ],
  'DELETE /v1/plans/{plan}': [
    asking(
      (name) => ({ path: `/v1/plans/${name}` }),
      () => named(a.draftPlan),
      { notByA: true },
    ),
  ],
  'POST /v1/plans/{plan}/publish': [
    asking(
      (name) => ({ path: `/v1/plans/${name}/publish` }),
      () => named(a.draftPlan),
      { notByA: true },
    ),
  ],
  'POST /v1/plans/{plan}/archive': [
    asking(
      (name) => ({ path: `/v1/plans/${name}/archive` }),
      () => named(a.plan),
      { notByA: true },
    ),
  ],
  'GET /v1/features/{feature}': [
    asking(
      (name) => ({ path: `/v1/features/${name}` }),
      () => named(a.feature),
    ),
  ],
  'GET /v1/customers/{customer}': [
    asking(
      (name) => ({ path: `/v1/customers/${name}` }),
      () => named(a.customer),
    ),
  ],
  'PATCH /v1/customers/{customer}': [
    asking(
      (name) => ({ path: `/v1/customers/${name}`, body: { billing: { legalName: 'Acme Corporation' } } }),
      () => named(a.customer),
    ),
  ],
  'GET /v1/customers/{customer}/usage': [
    asking(
      (name) => ({ path: `/v1/customers/${name}/usage` }),
      () => named(a.customer),
    ),
  ],
  'GET /v1/usage': [
    asking(
      (meter) => ({ path: `/v1/usage?meter=${meter}` }),
      () => named(a.meter),
    ),
    asking(
      (customer) => ({ path: `/v1/usage?meter=${b.meter.key}&customer=${customer}` }),
      () => named(a.customer),
      { notByA: true },
    ),
  ],
  'GET /v1/costs': [
    asking(
      (name) => ({ path: `/v1/costs?customer=${name}` }),
      () => named(a.customer),
    ),
  ],
  'GET /v1/customers/{customer}/sessions/{session}/costs': [
    asking(
      (name) => ({ path: `/v1/customers/${name}/sessions/shared-session/costs?${EVER}` }),
      () => named(a.customer),
    ),
  ],
  'GET /v1/customers/{customer}/tasks/{task}/costs': [
    asking(
      (name) => ({ path: `/v1/customers/${name}/tasks/shared-task/costs?${EVER}` }),
      () => named(a.customer),
    ),
  ],
  'GET /v1/customers/{customer}/usage-ledger': [
    asking(
      (name) => ({ path: `/v1/customers/${name}/usage-ledger?${EVER}` }),
      () => named(a.customer),
    ),
  ],
  'GET /v1/customers/{customer}/late-usage': [
    asking(
      (name) => ({ path: `/v1/customers/${name}/late-usage` }),
      () => named(a.customer),
    ),
  ],
  'GET /v1/customers/{customer}/invoices': [
    asking(
      (name) => ({ path: `/v1/customers/${name}/invoices` }),
      () => named(a.customer),
    ),
  ],
  'GET /v1/customers/{customer}/invoices/preview': [
    asking(
      (name) => ({ path: `/v1/customers/${name}/invoices/preview` }),
      () => named(a.customer),
    ),
  ],
  'GET /v1/subscriptions/{subscription}': [
    asking(
      (name) => ({ path: `/v1/subscriptions/${name}` }),
      () => named(a.subscription),
    ),
  ],
  'PUT /v1/subscriptions/{subscription}/overrides/{price}': [
    asking(
      (name) => ({ path: `/v1/subscriptions/${name}/overrides/base`, body: { name: 'Mine', reason: 'r' } }),
      () => named(a.subscription),
      { notByA: true },
    ),
  ],
  'DELETE /v1/subscriptions/{subscription}/overrides/{price}': [
    asking(
      (name) => ({ path: `/v1/subscriptions/${name}/overrides/base` }),
      () => named(a.subscription),
      { notByA: true },
    ),
  ],
  'POST /v1/subscriptions/{subscription}/changes': [
    asking(
      (name) => ({ path: `/v1/subscriptions/${name}/changes`, body: { quantities: { base: '1' } } }),
      () => named(a.subscription),
      { notByA: true },
    ),
  ],
  'PUT /v1/subscriptions/{subscription}/schedule': [
    asking(
      (name) => ({ path: `/v1/subscriptions/${name}/schedule`, body: { phases: [] } }),
      () => named(a.subscription),
      { notByA: true },
    ),
  ],
  'POST /v1/subscriptions/{subscription}/pause': [
    asking(
      (name) => ({ path: `/v1/subscriptions/${name}/pause`, body: { bills: 'nothing' } }),
      () => named(a.subscription),
      { notByA: true },
    ),
  ],
  'POST /v1/subscriptions/{subscription}/resume': [
    asking(
      (name) => ({ path: `/v1/subscriptions/${name}/resume`, body: {} }),
      () => named(a.subscription),
      { notByA: true },
    ),
  ],
  'POST /v1/subscriptions/{subscription}/cancel': [
    asking(
      (name) => ({ path: `/v1/subscriptions/${name}/cancel`, body: {} }),
      () => named(a.subscription),
      { notByA: true },
    ),
  ],
  'POST /v1/subscriptions/{subscription}/undo-cancel': [
    asking(
      (name) => ({ path: `/v1/subscriptions/${name}/undo-cancel`, body: {} }),
      () => named(a.subscription),
      { notByA: true },
    ),
  ],
  'POST /v1/subscriptions/{subscription}/reactivate': [
    asking(
      (name) => ({ path: `/v1/subscriptions/${name}/reactivate`, body: {} }),
      () => named(a.subscription),
      { notByA: true },
    ),
  ],
  'POST /v1/subscriptions/{subscription}/preview': [
    asking(
      (name) => ({ path: `/v1/subscriptions/${name}/preview`, body: { change: null } }),
      () => named(a.subscription),
      { notByA: true },
    ),
  ],
  'GET /v1/subscriptions/{subscription}/changes': [
    asking(
      (name) => ({ path: `/v1/subscriptions/${name}/changes` }),
      () => named(a.subscription),
    ),
  ],
  'DELETE /v1/subscriptions/{subscription}/changes/{change}': [
    asking(
      (name) => ({ path: `/v1/subscriptions/${b.subscription.key}/changes/${name}` }),
      () => byId(a.change),
      { notByA: true },
    ),
    asking(
      (name) => ({ path: `/v1/subscriptions/${name}/changes/${b.change}` }),
      () => named(a.subscription),
      { notByA: true },
    ),
  ],
  'GET /v1/plan-moves/{move}': [
    asking(
      (name) => ({ path: `/v1/plan-moves/${name}` }),
      () => byId(a.planMove),
    ),
  ],
  'POST /v1/plan-moves': [
    asking(
      (fromPlan) => ({
        path: '/v1/plan-moves',
        body: { fromPlan, toPlan: b.plan.key, mode: 'now', reason: 'r' },
      }),
      () => named(a.plan),
      { notByA: true },
    ),
    asking(
      (toPlan) => ({ path: '/v1/plan-moves', body: { fromPlan: b.plan.key, toPlan, mode: 'now', reason: 'r' } }),
      () => named(a.plan),
      { notByA: true },
    ),
    asking(
      (customer) => ({
        path: '/v1/plan-moves',
        body: { fromPlan: b.plan.key, toPlan: b.plan.key, mode: 'now', reason: 'r', customers: [customer] },
      }),
      () => named(a.customer),
      { notByA: true },
    ),
  ],
  'GET /v1/test-clocks/{clock}': [
    asking(
      (name) => ({ path: `/v1/test-clocks/${name}` }),
      () => byId(a.testClock),
    ),
  ],
  'POST /v1/test-clocks/{clock}/advance': [
    asking(
      (name) => ({ path: `/v1/test-clocks/${name}/advance`, body: { now: '2026-03-01T00:00:00Z' } }),
      () => byId(a.testClock),
    ),
  ],
  'GET /v1/events': [
    asking(
      (name) => ({ path: `/v1/events?customer=${name}` }),
      () => named(a.customer),
    ),
  ],
  'POST /v1/events/{id}/void': [
    asking(
      (name) => ({ path: `/v1/events/${name}/void`, body: { reason: 'r', source: 'a-source' } }),
      () => [{ theirs: a.event.id, nobodys: 'nobodys-event' }],
      { notByA: true },
    ),
  ],
  'POST /v1/events/{id}/amend': [
    asking(
      (name) => ({
        path: `/v1/events/${name}/amend`,
        body: { reason: 'r', source: 'a-source', event: { type: 'llm.request', customer: b.customer.key } },
      }),
      () => [{ theirs: a.event.id, nobodys: 'nobodys-event' }],
      { notByA: true },
    ),
  ],
  'GET /v1/recostings/{recosting}': [
    asking(
      (name) => ({ path: `/v1/recostings/${name}` }),
      () => byId(a.recosting),
    ),
  ],
  'POST /v1/recostings/{recosting}/apply': [
    asking(
      (name) => ({ path: `/v1/recostings/${name}/apply` }),
      () => byId(a.recosting),
    ),
  ],
  'POST /v1/plan-moves/preview': [
    asking(
      (fromPlan) => ({ path: '/v1/plan-moves/preview', body: { fromPlan, toPlan: b.plan.key, mode: 'renewal' } }),
      () => named(a.plan),
      { notByA: true },
    ),
    asking(
      (toPlan) => ({ path: '/v1/plan-moves/preview', body: { fromPlan: b.plan.key, toPlan, mode: 'renewal' } }),
      () => named(a.plan),
      { notByA: true },
    ),
    asking(
      (customer) => ({
        path: '/v1/plan-moves/preview',
        body: { fromPlan: b.plan.key, toPlan: b.plan.key, mode: 'renewal', customers: [customer] },
      }),
      () => named(a.customer),
      { notByA: true },
    ),
  ],
  'GET /v1/caps/{cap}': [
    asking(
      (name) => ({ path: `/v1/caps/${name}` }),
      () => named(a.cap),
    ),
  ],
  'PATCH /v1/caps/{cap}': [
    asking(
      (name) => ({ path: `/v1/caps/${name}`, body: { limit: '1' } }),
      () => named(a.cap),
      { notByA: true },
    ),
  ],
  'POST /v1/caps/{cap}/raise': [
    asking(
      (name) => ({
        path: `/v1/caps/${name}/raise`,
        body: { limit: '5000', until: '2099-01-01T00:00:00Z', approvedBy: 'b', reason: 'r' },
      }),
      () => named(a.cap),
      { notByA: true },
    ),
  ],
  'POST /v1/caps/{cap}/archive': [
    asking(
      (name) => ({ path: `/v1/caps/${name}/archive` }),
      () => named(a.cap),
      { notByA: true },
    ),
  ],
  'POST /v1/caps': [
    asking(
      (name) => ({
        path: `/v1/caps`,
        body: {
          key: 'of-theirs',
          scope: { customer: name },
          measure: 'cost',
          period: 'month',
          kind: 'hard',
          limit: '1',
        },
      }),
      () => named(a.customer),
      { notByA: true },
    ),
  ],
  'GET /v1/caps': [
    asking(
      (name) => ({ path: `/v1/caps?customer=${name}` }),
      () => named(a.customer),
    ),
  ],
  'GET /v1/alerts': [
    asking(
      (name) => ({ path: `/v1/alerts?customer=${name}` }),
      () => named(a.customer),
    ),
  ],
  'POST /v1/customers/{customer}/sessions/{session}/pause': [
    asking(
      (name) => ({ path: `/v1/customers/${name}/sessions/looping/pause`, body: { reason: 'r' } }),
      () => named(a.customer),
      { notByA: true },
    ),
  ],
  'POST /v1/customers/{customer}/sessions/{session}/resume': [
    asking(
      (name) => ({ path: `/v1/customers/${name}/sessions/looping/resume`, body: { reason: 'r' } }),
      () => named(a.customer),
      { notByA: true },
    ),
  ],
  'POST /v1/customers/{customer}/sessions/{session}/stop': [
    asking(
      (name) => ({ path: `/v1/customers/${name}/sessions/looping/stop`, body: { reason: 'r' } }),
      () => named(a.customer),
      { notByA: true },
    ),
  ],
  'GET /v1/customers/{customer}/sessions/{session}': [
    asking(
      (name) => ({ path: `/v1/customers/${name}/sessions/looping` }),
      () => named(a.customer),
    ),
  ],
  'GET /v1/customers/{customer}/balances': [
    asking(
      (name) => ({ path: `/v1/customers/${name}/balances` }),
      () => named(a.customer),
    ),
  ],
  'GET /v1/loop-findings': [
    asking(
      (name) => ({ path: `/v1/loop-findings?customer=${name}` }),
      () => named(a.customer),
    ),
  ],
  'GET /v1/loop-findings/{finding}': [
    asking(
      (name) => ({ path: `/v1/loop-findings/${name}` }),
      () => byId(a.loopFinding),
    ),
  ],
  'POST /v1/loop-findings/{finding}/resolve': [
    asking(
      (name) => ({ path: `/v1/loop-findings/${name}/resolve`, body: { reason: 'r' } }),
      () => byId(a.loopFinding),
      { notByA: true },
    ),
  ],
  'GET /v1/wallets/{wallet}': [
    asking(
      (name) => ({ path: `/v1/wallets/${name}` }),
      () => named(a.wallet),
    ),
  ],
  'PATCH /v1/wallets/{wallet}': [
    asking(
      (name) => ({ path: `/v1/wallets/${name}`, body: { name: 'Mine' } }),
      () => named(a.wallet),
      { notByA: true },
    ),
  ],
  'POST /v1/wallets/{wallet}/archive': [
    asking(
      (name) => ({ path: `/v1/wallets/${name}/archive` }),
      () => named(a.wallet),
      { notByA: true },
    ),
  ],
  'POST /v1/wallets/{wallet}/grants': [
    asking(
      (name) => ({ path: `/v1/wallets/${name}/grants`, body: { kind: 'bought', amount: '1' } }),
      () => named(a.wallet),
      { notByA: true },
    ),
  ],
  'GET /v1/wallets/{wallet}/grants': [
    asking(
      (name) => ({ path: `/v1/wallets/${name}/grants` }),
      () => named(a.wallet),
    ),
  ],
  'GET /v1/wallets/{wallet}/entries': [
    asking(
      (name) => ({ path: `/v1/wallets/${name}/entries` }),
      () => named(a.wallet),
    ),
  ],
  'POST /v1/wallets/{wallet}/top-ups': [
    asking(
      (name) => ({ path: `/v1/wallets/${name}/top-ups`, body: { amount: '1', paid: true } }),
      () => named(a.wallet),
      { notByA: true },
    ),
  ],
  'GET /v1/wallets/{wallet}/top-ups': [
    asking(
      (name) => ({ path: `/v1/wallets/${name}/top-ups` }),
      () => named(a.wallet),
    ),
  ],
  'GET /v1/wallets': [
    asking(
      (name) => ({ path: `/v1/wallets?customer=${name}` }),
      () => named(a.customer),
    ),
  ],
  'POST /v1/wallets': [
    asking(
      (name) => ({ path: `/v1/wallets`, body: { key: 'of-theirs', customer: name, currency: 'USD' } }),
      () => named(a.customer),
      { notByA: true },
    ),
  ],
  'GET /v1/holds/{hold}': [
    asking(
      (name) => ({ path: `/v1/holds/${name}` }),
      () => named(a.hold),
    ),
  ],
  'GET /v1/holds': [
    asking(
      (name) => ({ path: `/v1/holds?customer=${name}` }),
      () => named(a.customer),
    ),
  ],
  'POST /v1/holds': [
    asking(
      (name) => ({ path: `/v1/holds`, body: { customer: name, estimate: { amount: '0.1' } } }),
      () => named(a.customer),
      { notByA: true },
    ),
  ],
  'POST /v1/holds/{hold}/settle': [
    asking(
      (name) => ({ path: `/v1/holds/${name}/settle`, body: { amount: '0.3' } }),
      () => named(a.hold),
      { notByA: true },
    ),
  ],
  'POST /v1/holds/{hold}/extend': [
    asking(
      (name) => ({ path: `/v1/holds/${name}/extend`, body: { amount: '0.1' } }),
      () => named(a.hold),
      { notByA: true },
    ),
  ],
  'POST /v1/holds/{hold}/release': [
    asking(
      (name) => ({ path: `/v1/holds/${name}/release`, body: {} }),
      () => named(a.hold),
      { notByA: true },
    ),
  ],
  'GET /v1/billing-runs/{run}': [
    asking(
      (name) => ({ path: `/v1/billing-runs/${name}` }),
      () => byId(a.billingRun),
    ),
  ],
  'POST /v1/subscriptions/{subscription}/resume-billing': [
    asking(
      (name) => ({ path: `/v1/subscriptions/${name}/resume-billing` }),
      () => named(a.subscription),
    ),
  ],
  'GET /v1/simulations/{simulation}': [
    asking(
      (name) => ({ path: `/v1/simulations/${name}` }),
      () => byId(a.simulation),
    ),
  ],
  'GET /v1/simulations/{simulation}/customers': [
    asking(
      (name) => ({ path: `/v1/simulations/${name}/customers` }),
      () => byId(a.simulation),
    ),
  ],
  'GET /v1/simulations/{simulation}/customers.csv': [
    asking(
      (name) => ({ path: `/v1/simulations/${name}/customers.csv` }),
      () => byId(a.simulation),
    ),
  ],
  'POST /v1/simulations/{simulation}/cancel': [
    asking(
      (name) => ({ path: `/v1/simulations/${name}/cancel` }),
      () => byId(a.simulation),
      { notByA: true },
    ),
  ],
  'POST /v1/simulations': [
    asking(
      (plan) => ({ path: '/v1/simulations', body: { ...SIMULATED, candidates: [{ name: 'c', plan }] } }),
      () => named(a.plan),
      { notByA: true },
    ),
    asking(
      (baseline) => ({ path: '/v1/simulations', body: { ...SIMULATED, candidates: [OWN_CANDIDATE()], baseline } }),
      () => named(a.plan),
      { notByA: true },
    ),
    asking(
      (plan) => ({
        path: '/v1/simulations',
        body: { ...SIMULATED, candidates: [OWN_CANDIDATE()], customers: { plan } },
      }),
      () => named(a.plan),
      { notByA: true },
    ),
    asking(
      (key) => ({
        path: '/v1/simulations',
        body: { ...SIMULATED, candidates: [OWN_CANDIDATE()], customers: { keys: [key] } },
      }),
      () => named(a.customer),
      { notByA: true },
    ),
  ],
  'POST /v1/recostings': [
    asking(
      (customer) => ({
        path: '/v1/recostings',
        body: { reason: 'r', from: '2026-01-01T00:00:00Z', to: '2026-02-01T00:00:00Z', customer },
      }),
      () => named(a.customer),
      { notByA: true },
    ),
  ],
  'GET /v1/events/{id}': [
    asking(
      (name) => ({ path: `/v1/events/${name}?source=a-source` }),
      () => [{ theirs: a.event.id, nobodys: 'nobodys-event' }],
    ),
  ],
  'GET /v1/price-book/in-force': [
    asking(
      (name) => ({ path: `/v1/price-book/in-force?provider=openai&model=${name}` }),
      () => [{ theirs: a.model, nobodys: 'nobodys-model' }],
    ),
  ],
  'POST /v1/price-book/{price}/retire': [
    asking(
      (name) => ({ path: `/v1/price-book/${name}/retire`, body: {} }),
      () => byId(a.price),
      { notByA: true },
    ),
  ],
  'POST /v1/contracts/{contract}/retire': [
    asking(
      (name) => ({ path: `/v1/contracts/${name}/retire`, body: {} }),
      () => [{ theirs: a.contract, nobodys: 'nobodys-key' }],
      { notByA: true },
    ),
  ],
  'GET /v1/resources/{resource}': [
    asking(
      (name) => ({ path: `/v1/resources/${name}` }),
      () => named(a.resource),
    ),
  ],
  'POST /v1/resources/{resource}/prices': [
    asking(
      (name) => ({ path: `/v1/resources/${name}/prices`, body: { amount: '1' } }),
      () => named(a.resource),
      { notByA: true },
    ),
  ],
  'GET /v1/invoices/{invoice}': [asking((name) => ({ path: `/v1/invoices/${name}` }), invoices)],
  'GET /v1/invoices/{invoice}/document.pdf': [
    asking((name) => ({ path: `/v1/invoices/${name}/document.pdf` }), invoices),
  ],
  'GET /v1/invoices/{invoice}/lines.csv': [asking((name) => ({ path: `/v1/invoices/${name}/lines.csv` }), invoices)],
  'GET /v1/invoices/{invoice}/ubl.xml': [
    asking(
      (name) => ({ path: `/v1/invoices/${name}/ubl.xml` }),
      () => invoices().slice(1),
    ),
  ],
  'GET /v1/invoices/{invoice}/lines/{line}/events.ndjson': [
    asking((name) => ({ path: `/v1/invoices/${name}/lines/2/events.ndjson` }), invoices),
    asking(
      (name) => ({ path: `/v1/invoices/${a.invoice.id}/lines/${name}/events.ndjson` }),
      () => byId(a.invoice.line),
    ),
  ],
  'POST /v1/invoices/{invoice}/finalize': [
    asking((name) => ({ path: `/v1/invoices/${name}/finalize` }), invoices, { notByA: true }),
  ],
  'POST /v1/invoices/{invoice}/payments': [
    asking(
      (name) => ({ path: `/v1/invoices/${name}/payments`, body: { amount: '1', reference: 'theirs' } }),
      invoices,
      { notByA: true },
    ),
  ],
  'GET /v1/invoices/{invoice}/payments': [asking((name) => ({ path: `/v1/invoices/${name}/payments` }), invoices)],
  'POST /v1/invoices/{invoice}/void': [
    asking((name) => ({ path: `/v1/invoices/${name}/void`, body: { reason: 'Not mine' } }), invoices, { notByA: true }),
  ],
  'POST /v1/invoices/{invoice}/reissue': [
    asking((name) => ({ path: `/v1/invoices/${name}/reissue`, body: { reason: 'Not mine' } }), invoices, {
      notByA: true,
    }),
  ],
  'POST /v1/invoices/{invoice}/mark-uncollectible': [
    asking((name) => ({ path: `/v1/invoices/${name}/mark-uncollectible`, body: { reason: 'Not mine' } }), invoices, {
      notByA: true,
    }),
  ],
  'GET /v1/credit-notes/{note}/document.pdf': [
    asking(
      (name) => ({ path: `/v1/credit-notes/${name}/document.pdf` }),
      () => byId(a.creditNote),
    ),
  ],
  'GET /v1/credit-notes/{note}/ubl.xml': [
    asking(
      (name) => ({ path: `/v1/credit-notes/${name}/ubl.xml` }),
      () => byId(a.creditNote),
    ),
  ],
  'POST /v1/invoices/{invoice}/credit-notes': [
    asking(
      (name) => ({ path: `/v1/invoices/${name}/credit-notes`, body: { as: 'invoice', reason: 'Not mine' } }),
      invoices,
      {
        notByA: true,
      },
    ),
    asking(
      (line) => ({
        path: `/v1/invoices/${b.invoice.id}/credit-notes`,
        body: { as: 'invoice', reason: 'Not mine', lines: [{ line, amount: '0.01' }] },
      }),
      () => byId(a.invoice.line),
      { notByA: true },
    ),
  ],
  'GET /v1/invoices/{invoice}/credit-notes': [
    asking((name) => ({ path: `/v1/invoices/${name}/credit-notes` }), invoices),
  ],
  'GET /v1/credit-notes/{note}': [
    asking(
      (name) => ({ path: `/v1/credit-notes/${name}` }),
      () => byId(a.creditNote),
    ),
  ],
  'GET /v1/customers/{customer}/credit': [
    asking(
      (name) => ({ path: `/v1/customers/${name}/credit` }),
      () => named(a.customer),
    ),
  ],
  'GET /v1/reports/revenue': [
    asking(
      (name) => ({ path: `/v1/reports/revenue?from=2026-01&to=2026-12&customer=${name}` }),
      () => named(a.customer),
    ),
  ],
  'GET /v1/customers/{customer}/payment-terms': [
    asking(
      (name) => ({ path: `/v1/customers/${name}/payment-terms` }),
      () => named(a.customer),
    ),
  ],
  'PUT /v1/customers/{customer}/payment-terms': [
    asking(
      (name) => ({ path: `/v1/customers/${name}/payment-terms`, body: { netDays: 14 } }),
      () => named(a.customer),
    ),
  ],
  'POST /v1/tax-rates/{rate}/archive': [
    asking(
      (name) => ({ path: `/v1/tax-rates/${name}/archive` }),
      () => named(a.taxRate),
      { notByA: true },
    ),
  ],
  'GET /v1/customers/{customer}/tax': [
    asking(
      (name) => ({ path: `/v1/customers/${name}/tax` }),
      () => named(a.customer),
    ),
  ],
  'PUT /v1/customers/{customer}/tax': [
    asking(
      (name) => ({ path: `/v1/customers/${name}/tax`, body: { status: 'taxed' } }),
      () => named(a.customer),
    ),
    asking(
      (name) => ({ path: `/v1/customers/${b.customer.key}/tax`, body: { status: 'taxed', rates: [name] } }),
      () => [{ theirs: a.taxRate.key, nobodys: 'nobodys-key' }],
      { notByA: true },
    ),
  ],
  'POST /v1/tax-preview': [
    asking(
      (customer) => ({ path: '/v1/tax-preview', body: { customer, currency: 'USD', lines: [{ amount: '1' }] } }),
      () => named(a.customer),
    ),
  ],
  'POST /v1/invoices': [
    asking(
      (customer) => ({
        path: '/v1/invoices',
        body: { customer, currency: 'USD', lines: [{ description: 'Advice', unitAmount: '1' }] },
      }),
      () => named(a.customer),
      { notByA: true },
    ),
  ],
  'POST /v1/invoices/{invoice}/approve': [
    asking((name) => ({ path: `/v1/invoices/${name}/approve` }), invoices, { notByA: true }),
  ],
  'POST /v1/customers/{customer}/invoice-items': [
    asking(
      (name) => ({
        path: `/v1/customers/${name}/invoice-items`,
        body: { description: 'Advice', unitAmount: '1', currency: 'USD' },
      }),
      () => named(a.customer),
      { notByA: true },
    ),
  ],
  'GET /v1/customers/{customer}/invoice-items': [
    asking(
      (name) => ({ path: `/v1/customers/${name}/invoice-items` }),
      () => named(a.customer),
    ),
  ],
  'DELETE /v1/customers/{customer}/invoice-items/{item}': [
    asking(
      (name) => ({ path: `/v1/customers/${name}/invoice-items/${a.invoiceItem}` }),
      () => named(a.customer),
      { notByA: true },
    ),
    asking(
      (name) => ({ path: `/v1/customers/${b.customer.key}/invoice-items/${name}` }),
      () => byId(a.invoiceItem),
      { notByA: true },
    ),
  ],
  'GET /v1/ledger/entries': [
    asking(
      (name) => ({ path: `/v1/ledger/entries?customer=${name}` }),
      () => named(a.customer),
    ),
  ],
  'GET /v1/invoices/{invoice}/lines/{line}/counterfactual': [
    asking((name) => ({ path: `/v1/invoices/${name}/lines/2/counterfactual?less=0.001` }), invoices),
    asking(
      (name) => ({ path: `/v1/invoices/${a.invoice.id}/lines/${name}/counterfactual?less=0.001` }),
      () => byId(a.invoice.line),
    ),
  ],
  'GET /v1/invoices/{invoice}/lines/{line}/explain': [
    asking((name) => ({ path: `/v1/invoices/${name}/lines/1/explain` }), invoices),
    asking(
      (name) => ({ path: `/v1/invoices/${a.invoice.id}/lines/${name}/explain` }),
      () => byId(a.invoice.line),
    ),
  ],
  'DELETE /v1/api-keys/{id}': [
    asking(
      (name) => ({ path: `/v1/api-keys/${name}` }),
      () => byId(a.otherKey),
      { notByA: true },
    ),
  ],

  // What is made may name things that must be the asker's own.
  'POST /v1/customers': [
    asking(
      (testClock) => ({ path: '/v1/customers', body: { key: 'c-1', name: 'C', testClock } }),
      () => byId(a.testClock),
      { notByA: true },
    ),
  ],
  'POST /v1/plans': [
    asking(
      (meter) => ({
        path: '/v1/plans',
        body: {
          key: 'p-1',
          name: 'P',
          currency: 'USD',
          interval: 'month',
          prices: [{ key: 'u', name: 'U', meter, charge: { model: 'unit', unitPrice: '1' } }],
        },
      }),
      () => named(a.meter),
      { status: 422, notByA: true },
    ),
  ],
  'POST /v1/plans/apply': [
    asking(
      (meter) => {
        const prices = [{ key: 'u', name: 'U', meter, charge: { model: 'unit', unitPrice: '1' } }];
        return { path: '/v1/plans/apply', body: { plans: [{ ...FLAT_PLAN, key: 'p-1', prices }] } };
      },
      () => named(a.meter),
      { status: 422, notByA: true },
    ),
    asking(
      (feature) => {
        const [price] = FLAT_PLAN.prices;
        return {
          path: '/v1/plans/apply',
          body: { plans: [{ ...FLAT_PLAN, key: 'p-1', prices: [{ ...price, feature }] }] },
        };
      },
      () => [named(a.feature)[1]!],
      { status: 422, notByA: true },
    ),
  ],
  'POST /v1/rating/preview': [
    asking(
      (planReference) => ({ path: '/v1/rating/preview', body: { planReference } }),
      () => named(a.plan),
    ),
    asking(
      (meter) => ({
        path: '/v1/rating/preview',
        body: { currency: 'USD', price: { charge: { model: 'unit', unitPrice: '1' } }, meter, usage: {} },
      }),
      () => named(a.meter),
      { status: 422 },
    ),
  ],
  'POST /v1/subscriptions': [
    asking(
      (customer) => ({ path: '/v1/subscriptions', body: { customer, plan: b.plan.key } }),
      () => named(a.customer),
      { notByA: true },
    ),
    asking(
      (plan) => ({ path: '/v1/subscriptions', body: { customer: b.customer.key, plan } }),
      () => named(a.plan),
      { notByA: true },
    ),
  ],
  'POST /v1/events': [
    asking(
      (customer) => ({ path: '/v1/events', body: { id: 'e-1', type: 'llm.request', customer } }),
      () => named(a.customer),
      { status: 422, notByA: true },
    ),
  ],
  'POST /v1/traces': [
    asking(
      (customer) => ({ path: '/v1/traces', body: exportFor(customer) }),
      () => named(a.customer),
      { status: 200, notByA: true },
    ),
  ],
};

/** Lists: an organisation that has nothing sees nothing, and B sees its own only. */
const LISTS: Record<string, { path: string; own: () => string; theirs: () => string }> = {
  'GET /v1/exchange-rates': { path: '/v1/exchange-rates', own: () => b.currency, theirs: () => a.currency },
  'GET /v1/meters': { path: '/v1/meters', own: () => b.meter.id, theirs: () => a.meter.id },
  'GET /v1/features': { path: '/v1/features', own: () => b.feature.id, theirs: () => a.feature.id },
  'GET /v1/plans': { path: '/v1/plans', own: () => b.plan.id, theirs: () => a.plan.id },
  'GET /v1/price-book': { path: '/v1/price-book', own: () => b.price, theirs: () => a.price },
  'GET /v1/contracts': { path: '/v1/contracts', own: () => b.contract, theirs: () => a.contract },
  'GET /v1/resources': { path: '/v1/resources', own: () => b.resource.id, theirs: () => a.resource.id },
  'GET /v1/recostings': { path: '/v1/recostings', own: () => b.recosting, theirs: () => a.recosting },
  'GET /v1/plan-moves': { path: '/v1/plan-moves', own: () => b.planMove, theirs: () => a.planMove },
  'GET /v1/billing-runs': { path: '/v1/billing-runs', own: () => b.billingRun, theirs: () => a.billingRun },
  'GET /v1/simulations': { path: '/v1/simulations', own: () => b.simulation, theirs: () => a.simulation },
  'GET /v1/tax-rates': { path: '/v1/tax-rates', own: () => b.taxRate.id, theirs: () => a.taxRate.id },
  'GET /v1/customers': { path: '/v1/customers', own: () => b.customer.id, theirs: () => a.customer.id },
};

/** Endpoints that name nothing of anybody's; further down each has a test of its own, or there is nothing to see. */
const OTHERS = [
  'POST /api/v1/events', // a subject that isn't there becomes a customer of the asker's own; openmeter.spec proves it
  'GET /healthz', // public, tells of no organisation
  'GET /readyz', // the same
  'POST /v1/organisations', // the operator's; makes a new one
  'POST /v1/billing-runs', // names nothing; the run is the asker's own
  'GET /v1/subscriptions', // parked ones only: in period-closer.spec
  'POST /v1/catalogue/refreshes', // the operator's, as all of the catalogue: it belongs to the installation
  'POST /v1/catalogue/refreshes/release',
  'GET /v1/catalogue/refreshes',
  'GET /v1/catalogue/refreshes/{refresh}',
  'POST /v1/catalogue/refreshes/{refresh}/apply',
  'GET /v1/organisation',
  'GET /v1/invoice-settings',
  'PATCH /v1/invoice-settings',
  'GET /v1/ledger/trial-balance',
  'PATCH /v1/organisation',
  'GET /v1/api-keys',
  'GET /v1/audit-log',
  'GET /v1/costs/pending',
  'GET /v1/costs/differences',
  'POST /v1/api-keys',
  'GET /v1/plan-templates', // the same for everybody
  'GET /v1/plans/export',
  'POST /v1/features',
  'POST /v1/meters',
  'POST /v1/test-clocks',
  'POST /v1/price-book',
  'POST /v1/contracts',
  'POST /v1/resources',
  'POST /v1/exchange-rates',
  'POST /v1/tax-rates',
  'GET /v1/entitlement-settings',
  'PATCH /v1/entitlement-settings',
  'GET /v1/loop-rules',
  'GET /v1/loop-rules/{taskClass}', // a class is a name of the asker's own
  'PUT /v1/loop-rules/{taskClass}',
  'DELETE /v1/loop-rules/{taskClass}',
  'GET /v1/hold-sizing', // sums of the asker's own holds
];

it('covers every endpoint of the OpenAPI document, and none that is gone', async () => {
  const documented = (await routesOf(server)).map(({ name }) => name);
  expect([...Object.keys(ASKING), ...Object.keys(LISTS), ...OTHERS].sort()).toEqual(documented.sort());
});

/** An answer without what differs from request to request, and with the name that was asked for taken out. */
function words({ status, body }: Answer, name: string): unknown {
  const { requestId: _requestId, ...rest } = body as Record<string, unknown>;
  return { status, ...JSON.parse(JSON.stringify(rest).replaceAll(name, '<name>')) };
}

describe.each(Object.keys(ASKING))('%s', (route) => {
  const method = route.split(' ')[0]!;
  const ask = (request: { path: string; body?: unknown }, key: string) =>
    server.api(method, request.path, request.body, key);

  it('answers another organisation as if the thing were not there', async () => {
    for (const { references, request, status } of ASKING[route]!) {
      for (const { theirs, nobodys } of references()) {
        const askers = theirs === a.invoice.number ? [empty] : [b.apiKey, empty];
        for (const key of askers) {
          const answer = await ask(request(theirs), key);
          expect({ theirs, ...answer }).toMatchObject({ theirs, status });
          expect(words(answer, theirs)).toEqual(words(await ask(request(nobodys), key), nobodys));
        }
      }
    }
  });

  it('answers its owner', async () => {
    for (const { references, request, notByA } of ASKING[route]!) {
      for (const { theirs } of notByA === true ? [] : references()) {
        expect({ theirs, ...(await ask(request(theirs), a.apiKey)) }).toMatchObject({ theirs, status: 200 });
      }
    }
  });
});

it.each(Object.keys(LISTS))('%s shows its own only', async (route) => {
  const { path, own, theirs } = LISTS[route]!;
  expect((await server.api('GET', path, undefined, empty)).body).toEqual({ items: [], nextCursor: null });
  const { body } = await server.api('GET', path, undefined, b.apiKey);
  const ids = body.items.map((item: { id?: string; key?: string; base?: string }) => item.id ?? item.key ?? item.base);
  expect(ids).toContain(own());
  expect(ids).not.toContain(theirs());
});

it('a page’s cursor of another organisation leads nowhere', async () => {
  await server.api('POST', '/v1/customers', { key: 'a-second', name: 'Second' }, a.apiKey);
  const page = await server.api('GET', '/v1/customers?limit=1', undefined, a.apiKey);
  expect(page.body.nextCursor).toEqual(expect.any(String));
  const { body } = await server.api('GET', `/v1/customers?cursor=${page.body.nextCursor}`, undefined, empty);
  expect(body.items).toEqual([]);
});

it('GET and PATCH /v1/invoice-settings are the organisation’s own', async () => {
  await server.api('PATCH', '/v1/invoice-settings', { netDays: 99 }, empty);
  expect((await server.api('GET', '/v1/invoice-settings', undefined, empty)).body.netDays).toBe(99);
  expect((await server.api('GET', '/v1/invoice-settings', undefined, a.apiKey)).body.netDays).toBe(30);
});

it('GET and PATCH /v1/entitlement-settings, rules for loops and the report of sizes are the organisation’s own', async () => {
  await server.api('PATCH', '/v1/entitlement-settings', { defaultTtl: '77s' }, empty);
  expect((await server.api('GET', '/v1/entitlement-settings', undefined, empty)).body.defaultTtl).toBe('77s');
  expect((await server.api('GET', '/v1/entitlement-settings', undefined, a.apiKey)).body.defaultTtl).toBe('300s');
  expect((await server.api('GET', '/v1/loop-rules', undefined, empty)).body.items).toEqual([]);
  expect((await server.api('GET', '/v1/loop-rules', undefined, a.apiKey)).body.items).toHaveLength(1);
});

it('GET /v1/ledger/trial-balance and /v1/ledger/entries show what the organisation itself has booked', async () => {
  const path = '/v1/ledger/trial-balance';
  expect((await server.api('GET', path, undefined, empty)).body).toEqual({ at: null, currencies: [] });
  const received = async (key: string) => {
    const { body } = await server.api('GET', '/v1/ledger/entries?account=payments', undefined, key);
    return body.items.map((entry: { source: { id: string } }) => entry.source.id);
  };
  expect(await received(empty)).toEqual([]);
  expect(await received(a.apiKey)).toContain(a.payment);
  expect(await received(b.apiKey)).toContain(b.payment);
  expect(await received(b.apiKey)).not.toContain(a.payment);
});

it('GET /v1/organisation is the key’s own', async () => {
  const [ofA, ofB] = await Promise.all(
    [a, b].map(({ apiKey }) => server.api('GET', '/v1/organisation', undefined, apiKey)),
  );
  expect(ofB!.body.name).toBe('B');
  expect(ofA!.body.id).not.toBe(ofB!.body.id);
});

it('GET and POST /v1/api-keys are the organisation’s own', async () => {
  const made = await server.api('POST', '/v1/api-keys', { name: 'Mine', scopes: ['read'] }, b.apiKey);
  expect((await server.api('GET', '/v1/organisation', undefined, made.body.key)).body.name).toBe('B');
  const names = async (key: string) =>
    (await server.api('GET', '/v1/api-keys', undefined, key)).body.items.map((item: { name: string }) => item.name);
  expect(await names(b.apiKey)).toEqual(['First key', 'Another', 'Mine']);
  expect(await names(a.apiKey)).toEqual(['First key', 'Another']);
});

it('GET /v1/audit-log is the organisation’s own', async () => {
  const subjects = async (key: string) =>
    (await server.api('GET', '/v1/audit-log?subjectKind=api_key', undefined, key)).body.items.map(
      (item: { subject: { id: string } }) => item.subject.id,
    );
  expect(await subjects(b.apiKey)).toContain(b.otherKey);
  expect(await subjects(b.apiKey)).not.toContain(a.otherKey);
  expect(await subjects(empty)).toEqual([]);
});

it('GET /v1/plans/export is the organisation’s own', async () => {
  const keys = async (key: string) => {
    const { features, meters, plans } = (await server.api('GET', '/v1/plans/export', undefined, key)).body;
    return [...features, ...meters, ...plans].map((each: { key: string }) => each.key);
  };
  expect(await keys(b.apiKey)).toEqual(expect.arrayContaining([b.feature.key, b.meter.key, b.plan.key]));
  for (const { key } of [a.feature, a.meter, a.plan]) expect(await keys(b.apiKey)).not.toContain(key);
  expect(await keys(empty)).toEqual([]);
});

it('GET /v1/costs/pending counts the organisation’s own', async () => {
  const data = { provider: 'openai', model: 'a-model-nobody-priced', input_tokens: 1 };
  const event = { id: 'b-pending', type: 'llm.request', customer: b.customer.key, data, time: '2026-03-02T00:00:00Z' };
  await server.api('POST', '/v1/events', event, b.apiKey);
  const models = async (key: string) =>
    (await server.api('GET', '/v1/costs/pending', undefined, key)).body.groups.map(
      ({ model }: { model: string }) => model,
    );
  expect(await models(b.apiKey)).toContain('a-model-nobody-priced');
  expect(await models(a.apiKey)).not.toContain('a-model-nobody-priced');
  expect(await models(empty)).toEqual([]);
});

it('the same keys in two organisations are two things', async () => {
  const customer = { key: a.customer.key, name: 'Another Acme' };
  const made = await server.api('POST', '/v1/customers', customer, b.apiKey);
  expect(made.status).toBe(201);
  const found = await server.api('GET', `/v1/customers/${a.customer.key}`, undefined, b.apiKey);
  expect(found.body).toMatchObject({ id: made.body.id, name: 'Another Acme' });

  const event = { id: a.event.id, source: a.event.source, type: 'llm.request', customer: a.customer.key };
  const receipt = await server.api('POST', '/v1/events', event, b.apiKey);
  expect(receipt.body).toMatchObject({ accepted: 1, duplicates: 0 });
  const path = `/v1/events/${a.event.id}?source=${a.event.source}`;
  const mine = await server.api('GET', path, undefined, b.apiKey);
  const theirs = await server.api('GET', path, undefined, a.apiKey);
  expect([mine.body.customer, theirs.body.customer]).toEqual([made.body.id, a.customer.id]);
});

it('a meter, a test clock and a price of one organisation change nothing for another', async () => {
  const usage = async () => (await server.api('GET', `/v1/customers/${a.customer.id}/usage`, undefined, a.apiKey)).body;
  const before = await usage();
  const meter = { key: 'all', name: 'All', eventType: 'llm.request', aggregation: 'count' };
  expect((await server.api('POST', '/v1/meters', meter, b.apiKey)).status).toBe(201);
  const price = { provider: 'openai', model: a.model, units: { output: { amount: '1000' } } };
  expect((await server.api('POST', '/v1/price-book', price, b.apiKey)).status).toBe(201);
  expect((await server.api('POST', '/v1/test-clocks', { now: '2030-01-01T00:00:00Z' }, b.apiKey)).status).toBe(201);

  const event = { type: 'llm.request', customer: a.customer.key, time: '2026-03-02T00:00:00Z' };
  const data = { provider: 'openai', model: a.model, input_tokens: 0, output_tokens: 1_000_000 };
  await server.api('POST', '/v1/events', { ...event, id: 'a-priced', data }, a.apiKey);
  const stored = await server.api('GET', '/v1/events/a-priced', undefined, a.apiKey);
  expect(stored.body.cost).toMatchObject({ status: 'priced', amount: '2' });
  const after = await usage();
  expect(after.meters.map((each: { key: string }) => each.key)).toEqual(
    before.meters.map((each: { key: string }) => each.key),
  );
});

it('an invoice line or subscription of another organisation is not found from one’s own invoice or customer', async () => {
  const line = await server.api(
    'GET',
    `/v1/invoices/${b.invoice.id}/lines/${a.invoice.line}/explain`,
    undefined,
    b.apiKey,
  );
  expect(line).toMatchObject({ status: 404, body: { code: 'invoice_line_not_found' } });
  for (const name of [a.subscription.id, a.subscription.key]) {
    const path = `/v1/customers/${b.customer.id}/invoices/preview?subscription=${name}`;
    expect(await server.api('GET', path, undefined, b.apiKey)).toMatchObject({
      status: 404,
      body: { code: 'subscription_not_found' },
    });
  }
});

it('nothing that B asked or sent changed a row of A', async () => {
  const tables = await server.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.columns
      WHERE table_schema = 'public' AND column_name = 'organisation_id'`,
  );
  const [organisation] = await server.query<{ id: string }>(
    `SELECT id FROM organisation WHERE name = 'My organisation'`,
  );
  const rowsOfA = async () => {
    const rows: Record<string, unknown> = {};
    for (const { name } of tables) {
      // Which of the two usage tables a sum stands in changes by itself.
      if (name.startsWith('usage')) continue;
      // How far the pricing of pending events is, too.
      if (name === 'pending_pricing') continue;
      rows[name] = await server.query(`SELECT * FROM "${name}" WHERE organisation_id = $1 ORDER BY 1, 2`, [
        organisation!.id,
      ]);
    }
    return rows;
  };
  // What A sent itself is counted before anybody looks.
  await server.api('GET', `/v1/caps/${a.cap.key}`, undefined, a.apiKey);
  const before = await rowsOfA();
  for (const [route, cases] of Object.entries(ASKING)) {
    for (const { references, request } of cases) {
      for (const { theirs } of references()) {
        const { path, body } = request(theirs);
        await server.api(route.split(' ')[0]!, path, body, empty);
      }
    }
  }
  expect(await rowsOfA()).toEqual(before);
});
