import type { Answer, TestServer } from '../support/server';

/** Everything an organisation can have, with every name by which it can be asked for. */
export interface FullOrganisation {
  readonly apiKey: string;
  readonly meter: Named;
  readonly plan: Named;
  /** A plan that nobody has published yet. */
  readonly draftPlan: Named;
  readonly feature: Named;
  readonly testClock: string;
  readonly customer: Named;
  readonly subscription: Named;
  /** A plan that the subscription is moved to with its next period. */
  readonly nextPlan: Named;
  readonly planMove: string;
  /** A pause that is planned. */
  readonly change: string;
  readonly event: { readonly id: string; readonly source: string };
  readonly draft: string;
  readonly invoice: { readonly id: string; readonly number: string; readonly line: string };
  /** What was paid of the invoice, which is a part of it. */
  readonly payment: string;
  readonly creditNote: string;
  /** A further API key, by its id. */
  readonly otherKey: string;
  /** A currency that only this organisation has a rate for. */
  readonly currency: string;
  /** A model that only this organisation has a price for. */
  readonly model: string;
  /** The id of that price. */
  readonly price: string;
  readonly contract: string;
  readonly resource: Named;
  /** A rate that is for nobody there is. */
  readonly taxRate: Named;
  /** An item that was taken back. */
  readonly invoiceItem: string;
  /** A re-costing that was applied. */
  readonly recosting: string;
  /** A billing run that closed a period. */
  readonly billingRun: string;
  readonly cap: Named;
  /** A hold that was settled, by id and key. */
  readonly hold: Named;
  readonly wallet: Named;
  /** Of the session `looping`. */
  readonly loopFinding: string;
  /** A simulation that is done, of one candidate called `candidate`. */
  readonly simulation: string;
}

interface Named {
  readonly id: string;
  readonly key: string;
}

const FIRST_PERIOD = '2026-01-01T00:00:00.000Z';
const SECOND_PERIOD = '2026-02-01T00:00:00.000Z';
const THIRD_PERIOD = '2026-03-01T00:00:00.000Z';

/**
 * Fills an organisation until every tenant table has rows of it: catalog, a customer on a test clock with a
 * subscription, events, a finalized invoice (two lines) and a draft, a price and a key of its own.
 *
 * @param prefix begins every key, so that two organisations need not have the same ones
 */
export async function fillOrganisation(server: TestServer, apiKey: string, prefix: string): Promise<FullOrganisation> {
  const post = async (path: string, body?: unknown) => made(await server.api('POST', path, body, apiKey));
  const key = (name: string) => `${prefix}-${name}`;
  const model = key('model');

  const rate19 = { key: key('vat'), name: 'VAT', percent: '19', country: 'AT' };
  const taxRate = await post('/v1/tax-rates', rate19);

  const idempotent = { 'content-type': 'application/json', 'idempotency-key': key('clock') };
  const clockBody = JSON.stringify({ now: FIRST_PERIOD });
  const clock = made(
    await server.send('/v1/test-clocks', { method: 'POST', headers: idempotent, body: clockBody }, apiKey),
  );
  const meter = await post('/v1/meters', {
    key: key('tokens'),
    name: 'Output tokens',
    eventType: 'llm.request',
    aggregation: 'sum',
    value: 'data.output_tokens',
  });
  const plan = await post('/v1/plans', {
    key: key('plan'),
    name: 'Everything',
    currency: 'USD',
    interval: 'month',
    prices: [
      { key: 'base', name: 'Base fee', charge: { model: 'flat', amount: '20' } },
      { key: 'tokens', name: 'Output tokens', meter: meter.key, charge: { model: 'unit', unitPrice: '0.001' } },
    ],
  });
  const feature = await post('/v1/features', { key: key('feature'), name: 'Models' });
  const draftPlan = await post('/v1/plans', {
    key: key('drafted'),
    name: 'Drafted',
    currency: 'USD',
    interval: 'month',
    prices: [{ key: 'base', name: 'Base fee', charge: { model: 'flat', amount: '25' }, feature: feature.key }],
    draft: true,
  });
  const customer = await post('/v1/customers', { key: key('customer'), name: 'Acme', testClock: clock.id });
  const billing = { legalName: 'Acme Corporation', addressLines: ['1 Market Street'], country: 'US' };
  made(await server.api('PATCH', `/v1/customers/${customer.key}`, { billing }, apiKey));
  made(await server.api('PATCH', '/v1/organisation', { billing: { legalName: key('Ltd'), country: 'DE' } }, apiKey));
  const subscription = await post('/v1/subscriptions', {
    key: key('subscription'),
    customer: customer.key,
    plan: plan.key,
  });
  const units = { input: { amount: '1' }, output: { amount: '2' } };
  const price = await post('/v1/price-book', { provider: 'openai', model, units });
  const contract = await post('/v1/contracts', {
    key: key('contract'),
    name: 'Contract',
    provider: 'anthropic',
    discountPercent: '10',
  });
  const resource = await post('/v1/resources', {
    key: key('resource'),
    name: 'Own GPUs',
    unit: 'GPU second',
    field: 'data.gpu_seconds',
    prices: [{ amount: '0.001' }],
  });
  const currency = prefix === 'a' ? 'AMD' : 'BWP';
  const rate = { base: currency, quote: 'USD', rate: '1.5', validFrom: FIRST_PERIOD };
  await post('/v1/exchange-rates', [rate]);
  // Exempt for a moment, so that something was said of it; an item that nobody pays for in the end.
  for (const status of [{ status: 'exempt', reason: 'A mistake' }, { status: 'taxed' }]) {
    made(await server.api('PUT', `/v1/customers/${customer.key}/tax`, status, apiKey));
  }
  const item = { description: 'Set-up', unitAmount: '5', currency: 'USD', reference: key('item') };
  const { id: invoiceItem } = await post(`/v1/customers/${customer.key}/invoice-items`, item);
  made(await server.api('DELETE', `/v1/customers/${customer.key}/invoice-items/${invoiceItem}`, undefined, apiKey));
  const other = await post('/v1/api-keys', { name: 'Another', scopes: ['read'] });

  const event = { id: key('event'), source: key('source') };
  await post('/v1/events', [
    {
      ...event,
      type: 'llm.request',
      customer: customer.key,
      time: '2026-01-10T12:00:00Z',
      session: 'shared-session',
      task: 'shared-task',
      data: { provider: 'openai', model, input_tokens: 10, output_tokens: 500 },
    },
    {
      id: key('later-event'),
      type: 'llm.request',
      customer: customer.key,
      time: '2026-02-10T12:00:00Z',
      data: { output_tokens: 100 },
      cost: { amount: '0.5', currency: 'USD' },
    },
  ]);

  const advance = `/v1/test-clocks/${clock.id}/advance`;
  await post(advance, { now: SECOND_PERIOD });
  const first = await onlyInvoice(server, apiKey, customer.id);
  const invoice = await post(`/v1/invoices/${first}/finalize`);
  const payment = await post(`/v1/invoices/${first}/payments`, { amount: '0.01', reference: key('transfer') });
  const back = { as: 'invoice', reason: 'A word of thanks', lines: [{ line: '1', amount: '0.01' }] };
  const creditNote = await post(`/v1/invoices/${first}/credit-notes`, back);
  await post(advance, { now: THIRD_PERIOD });
  const draft = await onlyInvoice(server, apiKey, customer.id);

  const march = { type: 'page.read', customer: customer.key, source: event.source, time: '2026-03-01T12:00:00Z' };
  const recosted = key('recosted-model');
  await post('/v1/events', [
    { ...march, id: key('voided') },
    {
      ...march,
      id: key('recosted'),
      cost: { amount: '0.5', currency: 'USD' },
      data: { provider: 'openai', model: recosted, input_tokens: 10, output_tokens: 500 },
    },
  ]);
  await post(`/v1/events/${key('voided')}/void`, { reason: 'A test run', source: event.source });
  await post('/v1/price-book', { provider: 'openai', model: recosted, units });
  const range = { from: THIRD_PERIOD, to: '2026-03-02T00:00:00Z' };
  let recosting = await post('/v1/recostings', { reason: 'The price came later', ...range });
  const settled = async (): Promise<void> => {
    while (recosting.status.endsWith('ing')) {
      recosting = made(await server.api('GET', `/v1/recostings/${recosting.id}`, undefined, apiKey));
    }
  };
  await settled();
  recosting = await post(`/v1/recostings/${recosting.id}/apply`);
  await settled();

  const nextPlan = await post('/v1/plans', {
    key: key('next-plan'),
    name: 'Everything, dearer',
    currency: 'USD',
    interval: 'month',
    prices: [{ key: 'base', name: 'Base fee', charge: { model: 'flat', amount: '30' } }],
  });
  const planMove = await post('/v1/plan-moves', {
    fromPlan: plan.key,
    toPlan: nextPlan.key,
    mode: 'renewal',
    effectiveAt: '2026-03-15T00:00:00Z',
    reason: 'New prices',
  });
  const agreed = { name: 'Base fee, as agreed', reason: 'A word of thanks' };
  made(await server.api('PUT', `/v1/subscriptions/${subscription.id}/overrides/base`, agreed, apiKey));

  const { change } = await post(`/v1/subscriptions/${subscription.id}/pause`, {
    ...{ bills: 'base_fee', at: '2099-01-01T00:00:00Z', until: '2099-02-01T00:00:00Z' },
  });

  let simulation = await post('/v1/simulations', {
    ...{ from: FIRST_PERIOD, to: SECOND_PERIOD },
    candidates: [{ name: 'candidate', plan: plan.id }],
  });
  while (simulation.status === 'running') {
    simulation = made(await server.api('GET', `/v1/simulations/${simulation.id}`, undefined, apiKey));
  }

  const caps = await fillEntitlements(server, apiKey, key, customer.key);

  const runs = made(await server.api('GET', '/v1/billing-runs?limit=1', undefined, apiKey));

  return {
    apiKey,
    meter,
    plan,
    draftPlan,
    feature,
    testClock: clock.id,
    customer,
    subscription,
    nextPlan,
    planMove: planMove.id,
    change: change.id,
    event,
    draft,
    invoice: { id: invoice.id, number: invoice.number, line: invoice.lines[1].id },
    payment: payment.id,
    creditNote: creditNote.id,
    otherKey: other.id,
    currency,
    model,
    price: price.id,
    contract: contract.key,
    resource,
    taxRate,
    invoiceItem,
    recosting: recosting.id,
    billingRun: runs.items[0].id,
    ...caps,
    simulation: simulation.id,
  };
}

/** Caps with what they count, a hold, credit, and an agent that goes round in circles. */
async function fillEntitlements(
  server: TestServer,
  apiKey: string,
  key: (name: string) => string,
  customer: string,
): Promise<Pick<FullOrganisation, 'cap' | 'hold' | 'wallet' | 'loopFinding'>> {
  const send = async (method: string, path: string, body?: unknown) =>
    made(await server.api(method, path, body, apiKey));
  await send('PATCH', '/v1/entitlement-settings', { defaultTtl: '300s' });
  const lifetime = { scope: { customer }, period: 'lifetime', limit: '1000' };
  const cap = await send('POST', '/v1/caps', { ...lifetime, key: key('cap'), measure: 'cost', kind: 'hard' });
  const raise = { limit: '2000', until: '2099-01-01T00:00:00Z', approvedBy: 'kim', reason: 'A test' };
  await send('POST', `/v1/caps/${cap.id}/raise`, raise);
  const spend = { ...lifetime, key: key('spend'), measure: 'spend', currency: 'USD', kind: 'soft' };
  await send('POST', '/v1/caps', spend);
  await send('POST', '/v1/caps', { ...lifetime, key: key('told'), measure: 'actions', kind: 'soft', limit: '1' });
  const money = { key: key('wallet'), customer, currency: 'USD' };
  const wallet = await send('POST', '/v1/wallets', money);
  await send('POST', `/v1/wallets/${wallet.id}/grants`, { kind: 'bought', amount: '20' });
  await send('POST', `/v1/wallets/${wallet.id}/top-ups`, { amount: '5', paid: true });

  const asked = { key: key('hold'), customer, estimate: { amount: '0.25' } };
  const { hold } = await send('POST', '/v1/holds', asked);
  await send('POST', `/v1/holds/${hold}/settle`, { amount: '0.2' });

  await send('PUT', '/v1/loop-rules/default', {});
  const call = {
    type: 'tool.call',
    customer,
    session: 'looping',
    data: { tool: 'search', arguments: { q: 'x' }, result: 'none' },
  };
  const calls = Array.from({ length: 6 }, (_, second) => ({
    ...call,
    id: key(`call-${second}`),
    time: `2026-03-01T13:00:${String(second * 7).padStart(2, '0')}Z`,
  }));
  await send('POST', '/v1/events', calls);
  const output = {
    type: 'llm.request',
    customer,
    data: { output_tokens: 100 },
    cost: { amount: '0.1', currency: 'USD' },
  };
  await send('POST', '/v1/events', [{ ...output, id: key('counted'), time: '2026-03-01T14:00:00Z' }]);
  // What was accepted is counted before anybody is told of it.
  await send('GET', `/v1/customers/${customer}/sessions/looping`);
  const findings = await send('GET', '/v1/loop-findings');
  return { cap, hold: { id: hold, key: asked.key }, wallet, loopFinding: findings.items[0].id };
}

/** The newest invoice of a customer; an earlier one is finalized already. */
async function onlyInvoice(server: TestServer, apiKey: string, customer: string): Promise<string> {
  const { items } = made(await server.api('GET', `/v1/customers/${customer}/invoices`, undefined, apiKey));
  return items.find((invoice: { status: string }) => invoice.status === 'draft').id;
}

/** The body of an answer that must be a success. */
function made({ status, body }: Answer): Answer['body'] {
  if (status >= 300) throw new Error(`${status} ${JSON.stringify(body)}`);
  return body;
}
