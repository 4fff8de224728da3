import { advance, eventsBehind, invoicesOf, made, makeClock } from '../support/books';
import { type Answer, startTestServer, type TestServer } from '../support/server';

/**
 * A price changes in the middle of April for some, with the next period for others; one has agreed on a price of its
 * own, two have a trial. Every amount is worked by hand: April has 30 days, so the 16th at midnight is its middle; May
 * has 31.
 */
let server: TestServer;
let clock: string;

const APRIL = '2026-04-01T00:00:00.000Z';
const MIDDLE = '2026-04-16T00:00:00.000Z';
const MAY = '2026-05-01T00:00:00.000Z';
const JUNE = '2026-06-01T00:00:00.000Z';

const calls = { key: 'calls', name: 'Calls', meter: 'calls', allowance: '100' };
const tokens = {
  key: 'tokens',
  name: 'Tokens',
  meter: 'tokens',
  charge: { model: 'graduated', tiers: [{ upTo: '1000', unitPrice: '0.01' }, { upTo: null, unitPrice: '0.005' }] },
}; // prettier-ignore

/** The prices of before, and the new ones: base fee and calls cost twice as much. */
const version = (base: string, call: string) => ({
  key: 'pro',
  name: 'Pro',
  currency: 'USD',
  interval: 'month',
  prices: [
    { key: 'base', name: 'Base fee', charge: { model: 'flat', amount: base } },
    { ...calls, charge: { model: 'unit', unitPrice: call } },
    tokens,
  ],
});

/** A plan with a trial of ten days. */
const tried = (key: string, covers: 'base_fee' | 'everything') => ({
  ...version('31', '0.1'),
  key,
  prices: [
    { key: 'base', name: 'Base fee', charge: { model: 'flat', amount: '31' } },
    { key: 'calls', name: 'Calls', meter: 'calls', charge: { model: 'unit', unitPrice: '0.1' } },
  ],
  trial: { days: 10, covers },
});

beforeAll(async () => {
  server = await startTestServer({ WEIR_EVENT_MAX_AGE: '36500d' });
  clock = await makeClock(server, APRIL);
  for (const key of ['calls', 'tokens']) {
    await post('/v1/meters', { key, name: key, eventType: key, aggregation: 'sum', value: 'data.n' });
  }
  await post('/v1/plans', version('30', '0.1'));
  for (const key of ['acme', 'globex', 'initech']) await customer(key, 'pro', APRIL);
  for (const covers of ['base_fee', 'everything'] as const) {
    await post('/v1/plans', tried(`tried-${covers}`, covers));
    await customer(covers, `tried-${covers}`, MAY);
  }
});
afterAll(() => server.stop());

const post = (path: string, body: unknown) => made(server.api('POST', path, body));

async function customer(key: string, plan: string, startAt: string): Promise<void> {
  await post('/v1/customers', { key, name: key, testClock: clock });
  await post('/v1/subscriptions', { key: `${key}-sub`, customer: key, plan, startAt });
}

let sent = 0;
async function use(
  who: string,
  type: 'calls' | 'tokens',
  ...uses: readonly [time: string, n: number][]
): Promise<void> {
  const events = uses.map(([time, n]) => {
    sent += 1;
    return { id: `e-${sent}`, type, customer: who, time, data: { n } };
  });
  expect(await post('/v1/events', events)).toMatchObject({ accepted: events.length, rejected: 0 });
}

/** `Calls v1 01-16: 90 → 4`: price, version, days of service, quantity and exact amount of each line. */
function told({ lines }: Answer['body']): string[] {
  return lines.map(({ description, plan, servicePeriod: { start, end }, quantity, exactAmount }: Answer['body']) => {
    const days = `${start.slice(8, 10)}-${end.slice(8, 10)}`;
    return `${description} v${plan.version} ${days}: ${quantity} → ${exactAmount}`;
  });
}

describe('April, in the middle of which prices double', () => {
  beforeAll(async () => {
    // 150 calls and 1,500 tokens before, to the last instant; 100 calls and 1,200 tokens from that instant on.
    for (const who of ['acme', 'globex', 'initech']) {
      await use(who, 'calls', ['2026-04-10T12:00:00Z', 60], ['2026-04-15T23:59:59.999999Z', 90]);
      await use(who, 'calls', [MIDDLE, 30], ['2026-04-30T23:59:59.999Z', 70]);
      await use(who, 'tokens', ['2026-04-02T03:04:05Z', 1_500], ['2026-04-16T00:30:00Z', 1_200]);
    }
    const agreed = { charge: { model: 'unit', unitPrice: '0.05' }, reason: 'Loyal since 2024', from: APRIL };
    await made(server.api('PUT', '/v1/subscriptions/globex-sub/overrides/calls', agreed));

    await post('/v1/plans', version('60', '0.2'));
    const move = { fromPlan: 'pro', toPlan: 'pro', effectiveAt: MIDDLE, reason: 'Prices of 2026' };
    await post('/v1/plan-moves', { ...move, mode: 'now', customers: ['acme', 'globex'] });
    expect(await post('/v1/plan-moves', { ...move, mode: 'renewal' })).toMatchObject({ moved: 1, unchanged: 2 });
  });

  it('shows in the preview what the invoice then says', async () => {
    const preview = await made(server.api('GET', '/v1/customers/acme/invoices/preview'));
    await advance(server, clock, MAY);
    const [invoice] = await invoicesOf(server, 'acme');
    expect(told(invoice)).toEqual(told(preview));
  });

  it('is split at the instant for who moved now', async () => {
    const [invoice] = await invoicesOf(server, 'acme');
    expect(told(invoice)).toEqual([
      // Half of 30; half of the allowance of 100 is 50: 100 × 0.10; 1,000 × 0.01 + 500 × 0.005.
      'Base fee v1 01-16: 1 → 15',
      'Calls v1 01-16: 150 → 10',
      'Tokens v1 01-16: 1500 → 12.5',
      // Half of 60; 50 × 0.20; tiers begin anew: 1,000 × 0.01 + 200 × 0.005.
      'Base fee v2 16-01: 1 → 30',
      'Calls v2 16-01: 100 → 10',
      'Tokens v2 16-01: 1200 → 11',
    ]);
    expect(invoice).toMatchObject({ total: '88.50', plan: { version: 2 } });
  });

  it('has each event behind the line of its instant', async () => {
    const [invoice] = await invoicesOf(server, 'acme');
    const [before, after] = invoice.lines.filter(({ key }: Answer['body']) => key === 'calls');
    const behind = async (line: Answer['body']) =>
      (await eventsBehind(server, invoice.id, line.id)).map(({ time, quantity }: Answer['body']) => [time, quantity]);
    expect((await behind(before)).sort()).toEqual([
      ['2026-04-10T12:00:00.000000Z', '60'],
      ['2026-04-15T23:59:59.999999Z', '90'],
    ]);
    expect((await behind(after)).sort()).toEqual([
      ['2026-04-16T00:00:00.000000Z', '30'],
      ['2026-04-30T23:59:59.999000Z', '70'],
    ]);
  });

  it('leaves the price that was agreed on as it is, and takes the others of the new version', async () => {
    const [invoice] = await invoicesOf(server, 'globex');
    expect(told(invoice)).toEqual([
      'Base fee v1 01-16: 1 → 15',
      'Calls v1 01-16: 150 → 5', // 100 × 0.05
      'Tokens v1 01-16: 1500 → 12.5',
      'Base fee v2 16-01: 1 → 30',
      'Calls v2 16-01: 100 → 2.5', // 50 × 0.05
      'Tokens v2 16-01: 1200 → 11',
    ]);
  });

  it('is charged whole by the old version for who moves with the next period', async () => {
    const [invoice] = await invoicesOf(server, 'initech');
    expect(told(invoice)).toEqual([
      'Base fee v1 01-01: 1 → 30',
      'Calls v1 01-01: 250 → 15', // 150 × 0.10
      'Tokens v1 01-01: 2700 → 18.5', // 1,000 × 0.01 + 1,700 × 0.005
    ]);
  });

  it('stays as it is once it has its invoice', async () => {
    const late = { charge: { model: 'unit', unitPrice: '0' }, reason: 'Too late', from: MIDDLE };
    const refused = await server.api('PUT', '/v1/subscriptions/acme-sub/overrides/calls', late);
    expect(refused).toMatchObject({ status: 409, body: { code: 'period_closed' } });
    const [invoice] = await invoicesOf(server, 'acme');
    const finalized = await made(server.api('POST', `/v1/invoices/${invoice.id}/finalize`));
    expect(told(finalized)).toEqual(told(invoice));
  });
});

describe('May', () => {
  beforeAll(async () => {
    for (const who of ['base_fee', 'everything']) {
      await use(who, 'calls', ['2026-05-10T23:59:59.999Z', 30], ['2026-05-11T00:00:00Z', 20]);
    }
    await use('globex', 'calls', ['2026-05-02T00:00:00Z', 300], ['2026-05-20T00:00:00Z', 200]);
    await advance(server, clock, '2026-05-15T12:00:00.000Z');
    await made(server.api('DELETE', '/v1/subscriptions/globex-sub/overrides/calls'));
    await advance(server, clock, JUNE);
  });

  it('is charged whole by the new version for everyone who moved', async () => {
    for (const who of ['acme', 'initech']) {
      const invoice = (await invoicesOf(server, who)).at(-1);
      expect(told(invoice)).toEqual(['Base fee v2 01-01: 1 → 60', 'Calls v2 01-01: 0 → 0', 'Tokens v2 01-01: 0 → 0']);
    }
  });

  it('is split where what was agreed on ended', async () => {
    const invoice = (await invoicesOf(server, 'globex')).at(-1);
    const charged = told(invoice).filter((line) => line.startsWith('Calls'));
    // 14.5 of 31 days: of the allowance 100 × 14.5 ÷ 31 = 46.774193548387, of 300 so 253.225806451613 × 0.05; then
    // 53.225806451613 of 200, so 146.774193548387 × 0.20.
    expect(charged).toEqual(['Calls v2 01-15: 300 → 12.66129032258065', 'Calls v2 15-01: 200 → 29.3548387096774']);
  });

  it.each([
    ['base_fee', ['Base fee v1 01-11: 1 → 0', 'Calls v1 01-11: 30 → 3'], '26.00'],
    ['everything', ['Base fee v1 01-11: 1 → 0', 'Calls v1 01-11: 30 → 0'], '23.00'],
  ])('is free for ten days where the trial covers %s', async (who, free, total) => {
    const invoice = (await invoicesOf(server, who)).at(-1);
    // 21 of 31 days of 31.00, and 20 × 0.10.
    expect(told(invoice)).toEqual([...free, 'Base fee v1 11-01: 1 → 21', 'Calls v1 11-01: 20 → 2']);
    expect(invoice.total).toBe(total);
    // The fee of ten days is shown, and taken off.
    expect(invoice.lines[0].breakdown.map(({ kind, amount }: Answer['body']) => [kind, amount])).toContainEqual([
      'trial',
      '-10',
    ]);
    expect(await made(server.api('GET', `/v1/subscriptions/${who}-sub`))).toMatchObject({
      trialEndAt: '2026-05-11T00:00:00.000Z',
    });
  });
});
