// Would a base fee do better than a price by the token? Bills last month's usage by both, and says who pays what.
//
//   WEIR=http://127.0.0.1:8787 KEY=weir_… node examples/simulate.mjs
const { WEIR = 'http://127.0.0.1:8787', KEY } = process.env;
const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };

async function ask(method, path, body) {
  const response = await fetch(`${WEIR}/v1/${path}`, { method, headers, body: body && JSON.stringify(body) });
  if (!response.ok) throw new Error(await response.text());
  return response.json();
}

// What is sold now: 0.01 a token. Repeats of all this change nothing.
const tokens = (unitPrice) => ({
  key: 'tokens',
  name: 'Tokens',
  meter: 'simulated_tokens',
  charge: { model: 'unit', unitPrice },
});
const plan = (key, prices) => ({ key, name: key, currency: 'USD', interval: 'month', prices });
await ask('POST', 'meters', {
  key: 'simulated_tokens',
  name: 'Tokens',
  eventType: 'simulated.request',
  aggregation: 'sum',
  value: 'data.tokens',
});
await ask('POST', 'plans', plan('by-the-token', [tokens('0.01')]));

// A small customer and a large one, this month.
const now = new Date();
const from = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth()));
const to = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1));
for (const [customer, used, cost] of [
  ['simulated-small', 1_000, '2'],
  ['simulated-large', 10_000, '30'],
]) {
  await ask('POST', 'customers', { key: customer, name: customer });
  await ask('POST', 'subscriptions', { key: customer, customer, plan: 'by-the-token' });
  await ask('POST', 'events', {
    id: `${customer}-${from.toISOString()}`,
    type: 'simulated.request',
    customer,
    time: from,
    data: { tokens: used },
    cost: { amount: cost, currency: 'USD' },
  });
}

const base = { key: 'base', name: 'Base fee', charge: { model: 'flat', amount: '10' } };
let simulation = await ask('POST', 'simulations', {
  from,
  to,
  customers: { plan: 'by-the-token' },
  candidates: [
    { name: 'base fee and half the price', plan: plan('idea-1', [base, tokens('0.005')]) },
    { name: 'half as dear again', plan: plan('idea-2', [tokens('0.015')]) },
  ],
});
while (simulation.status === 'running') simulation = await ask('GET', `simulations/${simulation.id}`);

for (const { candidate, currency, totals } of simulation.results) {
  const { revenueNow, revenueThen, changePercent, marginPercentThen, gainers, losers } = totals;
  console.log(`${candidate}: ${revenueThen} ${currency} after ${revenueNow} (${changePercent} %),`);
  console.log(`  ${marginPercentThen} % of it left, ${gainers} pay less, ${losers} more`);
}
const { items } = await ask('GET', `simulations/${simulation.id}/customers?candidate=${encodeURIComponent('base fee and half the price')}`); // prettier-ignore
for (const { customer, revenueNow, revenueThen } of items)
  console.log(`${customer.key}: ${revenueNow} → ${revenueThen}`);
