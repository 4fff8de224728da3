import { Clock, Decimal, sum } from '../../src/kernel';
import { made } from '../support/books';
import { type Answer, startTestServer, type TestServer } from '../support/server';
import { type ClientWindow, clientWindows, HAS_SERVEGEN } from './servegen';

/**
 * Real customers under the three templates. Each client of ServeGen is a customer, its two weeks (or one day) are the first
 * of October 2026, and its tokens cost what models of such a size cost in the price catalogue. ServeGen knows no tasks, so
 * those are made up: an agent's attempt for every thousand requests, five in six hours at most, of which four in five
 * succeed.
 */
const BEGIN = Date.parse('2026-10-01T00:00:00Z');
const OCTOBER = { from: '2026-10-01T00:00:00Z', to: '2026-11-01T00:00:00Z' };
class FixedClock extends Clock {
  now(): Date {
    return new Date('2026-11-02T00:00:00Z');
  }
}
/** What stands in for each model of the trace. */
const MODELS: Record<string, { provider: string; model: string; class: 'small' | 'large' }> = {
  'm-large': { provider: 'openai', model: 'gpt-4o', class: 'large' },
  'm-mid': { provider: 'openai', model: 'gpt-4o-mini', class: 'small' },
  'deepseek-r1': { provider: 'openai', model: 'o3-mini', class: 'small' },
  'mm-image': { provider: 'openai', model: 'gpt-4o-mini', class: 'small' },
};
const CANDIDATES = ['margin', 'outcome', 'hybrid'];

const describeWithData = HAS_SERVEGEN ? describe : describe.skip;

describeWithData('ServeGen’s customers under the three templates (skipped without ../shared/data/servegen_*)', () => {
  let server: TestServer;
  let simulation: Answer['body'];
  let rows: Map<string, Record<string, Answer['body']>>;
  const windows = HAS_SERVEGEN ? clientWindows() : [];
  const customers = [...new Set(windows.map(keyOf))];

  beforeAll(async () => {
    server = await startTestServer({}, { clock: new FixedClock() });
    await applyTemplates(server);
    for (const key of customers) {
      await made(server.api('POST', '/v1/customers', { key, name: `Client ${key}` }));
    }
    await load(server, windows);
    simulation = await simulate(server, { baseline: 'margin' });
    rows = await rowsOf(server, simulation.id, customers);
  }, 300_000);
  afterAll(() => server.stop());

  it('bills every client once by each plan, however many requests it sent', () => {
    expect(customers).toHaveLength(244);
    expect(simulation).toMatchObject({ status: 'done', progress: { customers: 244, total: 244 } });
    expect(simulation.work.ratings).toBe(244 * (CANDIDATES.length + 1));
    expect(simulation.work.events).toBe(windows.length + windows.reduce((all, window) => all + attemptsOf(window), 0));
    for (const { totals } of simulation.results) expect(totals).toMatchObject({ notRated: 0, pendingEvents: 0, compared: 244 }); // prettier-ignore
  });

  it('margin: cost ÷ 0.7, at least 10.00 a month', () => {
    for (const key of customers) {
      const { cost, revenueThen } = rows.get(key)!['margin'];
      const charged = new Decimal(cost).dividedBy('0.7').toDecimalPlaces(2);
      expect({ key, revenueThen }).toEqual({ key, revenueThen: Decimal.max(charged, 10).toFixed() });
    }
  });

  it('outcome: 99.00 and 0.99 for each solved ticket, never below 1.1 times the cost', () => {
    const solved = countBy(windows, (window) => attemptNumbers(window).filter(succeeds).length);
    for (const key of customers) {
      const { cost, revenueThen } = rows.get(key)!['outcome'];
      const outcomes = new Decimal(solved.get(key)!).times('0.99');
      const charged = Decimal.max(outcomes, new Decimal(cost).times('1.1')).toDecimalPlaces(2).plus(99);
      expect({ key, revenueThen }).toEqual({ key, revenueThen: charged.toFixed() });
    }
  });

  it('hybrid: 49.00 and a seat, 10,000 credits for output tokens, and a cent for each further one', () => {
    const tokens = countBy(windows, ({ outputTokens }) => outputTokens);
    for (const key of customers) {
      const weight = MODELS[key.replace(/-\d+$/, '')]!.class === 'large' ? '0.002' : '0.0001';
      const credits = new Decimal(tokens.get(key)!).times(weight);
      const overage = Decimal.max(credits.minus(10_000), 0).times('0.01').toDecimalPlaces(2);
      expect({ key, ...rows.get(key)!['hybrid'] }).toMatchObject({
        key,
        revenueThen: overage.plus(64).toFixed(),
        pools: [{ key: 'credits', granted: '10000', used: Decimal.min(credits, 10_000).toFixed() }],
      });
    }
  });

  it('in total: what each earns, who gains and who loses, adds up from the customers', () => {
    for (const { candidate, totals, histogram } of simulation.results) {
      const of = customers.map((key) => rows.get(key)![candidate]);
      const total = (field: string) => sum(of.map((row) => new Decimal(row[field]))).toFixed();
      expect(totals).toMatchObject({
        revenueNow: total('revenueNow'),
        revenueThen: total('revenueThen'),
        cost: total('cost'),
        marginThen: total('marginThen'),
        gainers: of.filter(({ change }) => change.startsWith('-')).length,
        losers: of.filter(({ change }) => change !== '0' && !change.startsWith('-')).length,
        unchanged: of.filter(({ change }) => change === '0').length,
      });
      expect(histogram.reduce((all: number, bar: { customers: number }) => all + bar.customers, 0)).toBe(244);
    }
    const [margin, outcome, hybrid] = simulation.results;
    expect(margin.totals).toMatchObject({ change: '0', unchanged: 244, shareAbove: { customers: 0 } });
    expect(Number(margin.totals.marginPercentThen)).toBeGreaterThanOrEqual(30);
    expect(outcome.totals.gainers).toBeGreaterThan(0);
    expect(hybrid.totals.gainers).toBeGreaterThan(0);
  });

  it('a provider that raises its prices by a fifth: a margin stays, the others carry it', async () => {
    const raised = await simulate(server, { baseline: null, costChanges: [{ provider: 'openai', percent: '20' }] });
    const before = totalsOf(simulation);
    const after = totalsOf(raised);
    for (const candidate of CANDIDATES) {
      expect(after[candidate].cost).toBe(new Decimal(before[candidate].cost).times('1.2').toFixed());
    }
    expect(Number(after['margin'].marginPercentThen)).toBeGreaterThanOrEqual(30);
    expect(after['hybrid'].revenueThen).toBe(before['hybrid'].revenueThen);
    expect(new Decimal(after['hybrid'].marginThen).lessThan(before['hybrid'].marginThen)).toBe(true);
  });
});

function keyOf({ model, client }: ClientWindow): string {
  return `${model}-${client}`;
}

async function applyTemplates(server: TestServer): Promise<void> {
  const { items } = await made(server.api('GET', '/v1/plan-templates'));
  for (const { document } of items) await made(server.api('POST', '/v1/plans/apply', { ...document, dryRun: false }));
}

function simulate(server: TestServer, more: object): Promise<Answer['body']> {
  const candidates = CANDIDATES.map((name) => ({ name, plan: name }));
  return settled(server, made(server.api('POST', '/v1/simulations', { ...OCTOBER, candidates, ...more })));
}

async function settled(server: TestServer, begun: Promise<Answer['body']>): Promise<Answer['body']> {
  let simulation = await begun;
  while (simulation.status === 'running')
    simulation = await made(server.api('GET', `/v1/simulations/${simulation.id}`));
  return simulation;
}

function totalsOf(simulation: Answer['body']): Record<string, Answer['body']> {
  return Object.fromEntries(
    simulation.results.map(({ candidate, totals }: Answer['body']): [string, unknown] => [candidate, totals]),
  ) as Record<string, Answer['body']>;
}

/** What each customer would pay by each candidate. */
async function rowsOf(
  server: TestServer,
  id: string,
  customers: readonly string[],
): Promise<Map<string, Record<string, Answer['body']>>> {
  const rows = new Map(customers.map((key) => [key, {} as Record<string, Answer['body']>]));
  for (const candidate of CANDIDATES) {
    for (let cursor: string | null = ''; cursor !== null;) {
      const at: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const path = `/v1/simulations/${id}/customers?candidate=${candidate}&limit=200${at}`;
      const page = await made(server.api('GET', path));
      for (const row of page.items) rows.get(row.customer.key)![candidate] = row;
      cursor = page.nextCursor;
    }
  }
  return rows;
}

/** An event for each six hours of a client, and one for each attempt of its agent. */
async function load(server: TestServer, windows: readonly ClientWindow[]): Promise<void> {
  const events = windows.flatMap((window) => {
    const { model, start, inputTokens, outputTokens } = window;
    const customer = keyOf(window);
    const time = (offset: number) => new Date(BEGIN + (start + offset) * 1_000).toISOString();
    const used = {
      ...{ id: `${customer}-${start}`, type: 'llm.request', customer, time: time(3_600) },
      data: { ...MODELS[model], input_tokens: inputTokens, output_tokens: outputTokens },
    };
    const attempts = attemptNumbers(window).map((attempt) => ({
      ...{ id: `${customer}-${start}-${attempt}`, type: 'agent.attempt', customer, time: time(3_600 * attempt) },
      task: `${customer}-${start}-${attempt}`,
      data: { outcome: 'resolved', success: true, score: succeeds(attempt) ? 0.9 : 0.5 },
    }));
    return [used, ...attempts];
  });
  for (let begin = 0; begin < events.length; begin += 5_000) {
    const answer = await made(server.api('POST', '/v1/events', events.slice(begin, begin + 5_000)));
    expect({ rejected: answer.rejected, first: answer.rejections?.[0] }).toEqual({ rejected: 0, first: undefined });
  }
}

/** Attempts of a window, counted from 1. */
function attemptNumbers(window: ClientWindow): number[] {
  return Array.from({ length: attemptsOf(window) }, (_, index) => index + 1);
}

function attemptsOf({ requests }: ClientWindow): number {
  return Math.min(5, Math.floor(requests / 1_000));
}

function succeeds(attempt: number): boolean {
  return attempt !== 5;
}

/** Sums by customer. */
function countBy(windows: readonly ClientWindow[], count: (window: ClientWindow) => number): Map<string, number> {
  const counts = new Map<string, number>();
  for (const window of windows) counts.set(keyOf(window), (counts.get(keyOf(window)) ?? 0) + count(window));
  return counts;
}
