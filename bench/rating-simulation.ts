import { setTimeout as sleep } from 'node:timers/promises';
import { grouped } from '../src/client';
import { BenchError } from './bench-error';
import { openBooks } from './books';
import { BenchDatabase } from './database';
import { CUSTOMERS, customerKey } from './events';
import { startWeir, type Weir } from './processes';
import { spreadOf } from './statistics';
import { storeEvents } from './store-events';

const ASKED_EVERY_MS = 20;

interface Answer {
  readonly id: string;
  readonly status: string;
  readonly progress: { readonly customers: number };
  readonly failedReason: string | null;
}

/**
 * Simulates a month of stored usage on a server of its own: a margin, a graduated and a mixed plan for every customer.
 * Tells how long it takes from the request to the last result, and what CPU it is.
 */
export async function simulate(customers: number, events: number, rounds: number): Promise<string[]> {
  const weir = await startWeir(null);
  let database: BenchDatabase | null = null;
  try {
    await openBooks(weir, []);
    database = await BenchDatabase.connect(weir.dataFolder, 0);
    await database.run((client) => storeEvents(client, events));

    const seconds: number[] = [];
    const server: number[] = [];
    const postgres: number[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      const before = weir.cpu();
      const begin = performance.now();
      const { progress } = await finished(weir, await post(weir, request(customers)));
      const took = (performance.now() - begin) / 1_000;
      const after = weir.cpu();
      if (progress.customers !== Math.min(customers, CUSTOMERS))
        throw new BenchError(`${customers} customers should be simulated: ${progress.customers} were.`);
      if (round === 0) continue; // warms up
      seconds.push(took);
      if (before === null || after === null) continue;
      server.push(after.server - before.server);
      postgres.push(after.postgres - before.postgres);
    }
    const spread = (values: readonly number[]): string => {
      if (values.length === 0) return 'not told by the system';
      const { median, least, most } = spreadOf(values);
      return `${median.toFixed(2)} [${least.toFixed(2)}–${most.toFixed(2)}] s`;
    };
    const calls = customers * CANDIDATES.length;
    return [
      `Simulation of ${grouped(customers)} customers × 1 month × ${CANDIDATES.length} plans, ${grouped(events)} events stored`,
      `  from the request to the last result  ${spread(seconds)}`,
      `  CPU of the server                    ${spread(server)}`,
      `  CPU of PostgreSQL                    ${spread(postgres)}`,
      `  plans rated                          ${grouped(calls)}, one for each customer, month and plan`,
    ];
  } finally {
    await database?.close();
    await weir.stop();
  }
}

/** Plans over the two meters that the benchmarks have: cost plus a margin, tiers behind an allowance, seats and a pool. */
const CANDIDATES = [
  {
    name: 'margin',
    plan: {
      key: 'margin',
      name: 'Margin',
      currency: 'USD',
      interval: 'month',
      prices: [
        { key: 'models', name: 'Models', meter: 'requests', charge: { model: 'consumption_margin', grossMarginPercent: '30' } }, // prettier-ignore
      ],
      minimum: '10',
    },
  },
  {
    name: 'graduated',
    plan: {
      key: 'graduated',
      name: 'Graduated',
      currency: 'USD',
      interval: 'month',
      prices: [
        { key: 'base', name: 'Base fee', charge: { model: 'flat', amount: '20' } },
        { key: 'tokens', name: 'Tokens', meter: 'output-tokens', allowance: '10000', charge: { model: 'graduated', tiers: [{ upTo: '100000', unitPrice: '0.00002' }, { upTo: null, unitPrice: '0.00001' }] } }, // prettier-ignore
      ],
    },
  },
  {
    name: 'pool',
    plan: {
      key: 'pool',
      name: 'Pool',
      currency: 'USD',
      interval: 'month',
      pools: [{ key: 'credits', name: 'Credits', amount: '5000', rollover: { limit: '2500', expiresAfterPeriods: 1 } }],
      prices: [
        { key: 'seats', name: 'Seats', charge: { model: 'recurring', unitPrice: '15', quantity: '3' } },
        { key: 'requests', name: 'Requests', meter: 'requests', pool: { key: 'credits', weight: '5' }, charge: { model: 'unit', unitPrice: '0.05' } }, // prettier-ignore
      ],
      minimum: '50',
    },
  },
] as const;

/** This month, of which events are stored up to now. */
function request(customers: number): object {
  const now = new Date();
  const first = (months: number): string =>
    new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + months, 1)).toISOString();
  return {
    candidates: CANDIDATES,
    baseline: null,
    customers: { keys: Array.from({ length: customers }, (_, index) => customerKey(index)) },
    from: first(0),
    to: first(1),
  };
}

async function post(weir: Weir, body: object): Promise<Answer> {
  return answered(
    await fetch(`${weir.url}/v1/simulations`, {
      method: 'POST',
      headers: { authorization: `Bearer ${weir.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  );
}

async function finished(weir: Weir, answer: Answer): Promise<Answer> {
  let last = answer;
  while (last.status === 'running') {
    await sleep(ASKED_EVERY_MS);
    const headers = { authorization: `Bearer ${weir.apiKey}` };
    last = await answered(await fetch(`${weir.url}/v1/simulations/${answer.id}`, { headers }));
  }
  if (last.status !== 'done') throw new BenchError(`The simulation is ${last.status}: ${last.failedReason ?? ''}`);
  return last;
}

async function answered(response: Response): Promise<Answer> {
  const text = await response.text();
  if (!response.ok) throw new BenchError(`A simulation was answered: ${response.status} ${text}`);
  return JSON.parse(text) as Answer;
}
