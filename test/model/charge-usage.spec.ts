import fc from 'fast-check';
import { Pool } from 'pg';
import { PostgresQueryRunner } from 'typeorm/driver/postgres/PostgresQueryRunner';
import { actingFor } from '../../src/access';
import { ENTITIES } from '../../src/app.module';
import type { Charge, MeterDefinition } from '../../src/catalog/domain';
import { CustomersService } from '../../src/customers';
import { Decimal, formatMicros, fromPublicId, type Period, SystemClock, ZERO } from '../../src/kernel';
import {
  type ChargeUsage,
  ChargeUsageService,
  foldUsageJob,
  type UsageTotals,
  type UsageWanted,
} from '../../src/metering';
import { Database } from '../../src/platform/database';
import { JobLocks } from '../../src/platform/jobs/job-locks';
import { type ListedEvent, usageOfEvents } from '../../src/rating/domain/usage-of-events';
import { made, makeClock } from '../support/books';
import { startTestServer, type TestServer } from '../support/server';
import { type Counted, recount } from './usage-query-recount';

/**
 * The usage that prices are rated by is the same three times: as it is read from sums, as it is folded from the list of
 * events that count, and as it is counted once more by hand. Events come in random order, late, at the same instant, are
 * voided and amended; periods begin anywhere, leave gaps and overlap; clocks change in Berlin on the 25th of October 2026.
 */
const SECOND = 1_000_000;
const HOUR = 3_600 * SECOND;
const HOUR_MS = 3_600_000;
const FIRST = Date.UTC(2026, 8, 27) * 1_000;
const DAYS = 33;
/** Customers live by test clocks: what holds has held until then. */
const NOW = Date.UTC(2026, 9, 31) * 1_000;
const CUSTOMERS = ['ada', 'ben', 'cyd'] as const;
const GROUP_BY = ['feature', 'data.site'];
const FEATURES = ['chat', 'search', undefined];
const SITES = ['eu', 'a "b": ✓', 'zz', undefined];
const ZONES = ['UTC', 'Europe/Berlin', 'Asia/Kathmandu', 'America/St_Johns'];

interface Drawn {
  readonly customer: (typeof CUSTOMERS)[number];
  readonly type: 'use' | 'level' | 'task';
  readonly time: number;
  readonly feature: string | undefined;
  readonly site: string | undefined;
  readonly value: number | string | undefined;
  readonly cost: '0.25' | 'pending' | null;
  readonly task: string | undefined;
  readonly ok: boolean;
  readonly reversed: boolean;
}
type Sent = Drawn & { readonly id: string; key: string };

const TIME = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: DAYS * 24 * 60 }).map((minute) => FIRST + minute * 60 * SECOND) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: DAYS * 4 }).map((quarter) => FIRST + quarter * 6 * HOUR) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: DAYS * 24 }).map((hour) => FIRST + hour * HOUR - 1) },
  // Long before: too early to decide about an outcome, but what was told then holds.
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 40 }).map((day) => FIRST - day * 24 * HOUR) },
);
const EVENT: fc.Arbitrary<Drawn> = fc.record({
  customer: fc.constantFrom(...CUSTOMERS),
  type: fc.constantFrom('use' as const, 'use' as const, 'level' as const, 'task' as const),
  time: TIME,
  feature: fc.constantFrom(...FEATURES),
  site: fc.constantFrom(...SITES),
  value: fc.constantFrom(0, 1, 2, '2.0', 7, '0.5', '3.000000000001', 1000, undefined),
  cost: fc.constantFrom('0.25' as const, 'pending' as const, null),
  task: fc.constantFrom('t1', 't2', 't3', undefined),
  ok: fc.boolean(),
  reversed: fc.boolean(),
});

const one = new Decimal(1);
const UNIT: Charge = { model: 'unit', unitPrice: one };
const SEATS: Charge = { model: 'recurring', unitPrice: one, proration: 'none' };
const scheduled = (timeZone: string): Charge => ({
  model: 'scheduled',
  timeZone,
  windows: [
    { name: 'office', hours: { from: '08:30', to: '18:00' }, weekdays: ['mon', 'tue', 'wed', 'thu', 'fri'], charge: UNIT }, // prettier-ignore
    { name: 'night', hours: { from: '22:00', to: '06:15' }, charge: UNIT },
  ],
  otherwise: UNIT as never,
});
const OUTCOME: Charge = {
  model: 'outcome',
  prices: [{ type: 'x', unitPrice: one }],
  success: [{ field: 'data.ok', equals: true }],
  confirmationHours: 48,
  disputeHours: 72,
  costFloor: { factor: one, meter: 'sum' },
};
/** Until it counts, and may be disputed; and the month in which it did. */
const LOOK_BACK_MS = (48 + 72 + 31 * 24) * HOUR_MS;

const METERS = {
  count: { aggregation: 'count', eventType: 'use' },
  sum: { aggregation: 'sum', eventType: 'use', value: 'data.value' },
  average: { aggregation: 'average', eventType: 'use', value: 'data.value' },
  unique: { aggregation: 'unique', eventType: 'use', value: 'data.value' },
  time_weighted: { aggregation: 'time_weighted', eventType: 'use', value: 'data.value', timeUnit: 'hour' },
  min: { aggregation: 'min', eventType: 'level', value: 'data.value' },
  max: { aggregation: 'max', eventType: 'level', value: 'data.value' },
  latest: { aggregation: 'latest', eventType: 'level', value: 'data.value' },
  attempts: { aggregation: 'count', eventType: 'task' },
} as const;
type MeterKey = keyof typeof METERS;

/** Every way in which a charge wants usage. */
const WANTED: readonly { readonly meter: MeterKey; readonly charge: Charge }[] = [
  ...(Object.keys(METERS) as MeterKey[]).map((meter) => ({ meter, charge: UNIT })),
  ...(['latest', 'max', 'min', 'time_weighted'] as const).map((meter) => ({ meter, charge: SEATS })),
  { meter: 'sum', charge: { model: 'matrix', dimensions: ['data.site'], cells: [], fallback: one } },
  { meter: 'count', charge: { model: 'per_group', dimensions: ['data.site', 'feature'], charge: UNIT as never } },
  { meter: 'sum', charge: scheduled('customer') },
  { meter: 'count', charge: scheduled('Europe/Berlin') },
  { meter: 'sum', charge: { model: 'percentage', percent: one, fixedPerEvent: one } },
  { meter: 'attempts', charge: OUTCOME },
  { meter: 'attempts', charge: { ...OUTCOME, costFloor: { factor: one } } },
];

let server: TestServer;
let pool: Pool;
let database: Database;
let service: ChargeUsageService;
let organisationId: string;
const customerIds = new Map<string, string>();
const meterIds = new Map<MeterKey, string>();
/** What counts, by the event's id. */
const counted = new Map<string, Sent>();

beforeAll(async () => {
  server = await startTestServer({ WEIR_EVENT_MAX_AGE: '400d' });
  pool = new Pool({ connectionString: server.databaseUrl, max: 2 });
  database = await Database.connect({ url: server.databaseUrl, entities: ENTITIES, poolSize: 3 });
  const clock = new SystemClock();
  service = new ChargeUsageService(database, new CustomersService(database, clock), clock);
  organisationId = (await server.query<{ id: string }>('SELECT id FROM organisation'))[0]!.id;
  const testClock = await makeClock(server, formatMicros(NOW));
  for (const key of CUSTOMERS) {
    const { id } = await made(server.api('POST', '/v1/customers', { key, name: key, testClock }));
    customerIds.set(key, fromPublicId('customer', id)!);
  }
  for (const [key, definition] of Object.entries(METERS)) {
    const { id } = await made(server.api('POST', '/v1/meters', { key, name: key, groupBy: GROUP_BY, ...definition }));
    meterIds.set(key as MeterKey, fromPublicId('meter', id)!);
  }
}, 60_000);
afterAll(async () => {
  await database.close();
  await pool.end();
  await server.stop();
});

const toEvent = ({ type, customer, time, feature, site, value, cost, task, ok, reversed }: Drawn) => ({
  type,
  customer,
  time: formatMicros(time),
  ...(feature === undefined ? {} : { feature }),
  ...(task === undefined ? {} : { task }),
  data: { site, value, ok, reversed, outcome: 'x' },
  ...(cost === null ? {} : { cost: cost === 'pending' ? { amount: '1', currency: 'EUR' } : { amount: cost, currency: 'USD' } }), // prettier-ignore
});

/** Sends events, voids some and amends others, and notes what counts. Keys are the database's, who orders by them. */
async function send(round: number, drawn: readonly Drawn[], again: readonly Drawn[]): Promise<void> {
  const events = drawn.map((event, index) => ({ ...event, id: `e-${round}-${index}`, key: '' }));
  for (const half of [events.slice(0, events.length / 2), events.slice(events.length / 2)]) {
    const body = half.map((event) => ({ id: event.id, ...toEvent(event) }));
    expect(await made(server.api('POST', '/v1/events', body))).toMatchObject({ rejected: 0 });
    if (half[0] === events[0]) await fold();
  }
  for (const event of events) counted.set(event.id, event);
  for (const { id } of events.slice(0, 8)) {
    await made(server.api('POST', `/v1/events/${id}/void`, { reason: 'was a test' }));
    counted.delete(id);
  }
  for (const [index, event] of again.entries()) {
    const { id } = events[10 + index]!;
    await made(server.api('POST', `/v1/events/${id}/amend`, { reason: 'was another', event: toEvent(event) }));
    counted.set(id, { ...event, id, key: '' });
  }
  for (const { id, key } of await server.query<{ id: string; key: string }>('SELECT id, key FROM event_now')) {
    const event = counted.get(id);
    expect(event).toBeDefined();
    event!.key = key;
  }
}

/** Folds what the server is about to fold from memory; it notices and lets go of it. */
function fold(): Promise<unknown> {
  return new JobLocks(pool).runAlone(foldUsageJob(pool, 0), new AbortController().signal);
}

const BOUND = fc.oneof(
  fc.integer({ min: 0, max: DAYS * 24 }).map((hour) => FIRST + hour * HOUR),
  fc.integer({ min: 0, max: DAYS * 24 * 60 }).map((minute) => FIRST + minute * 60 * SECOND + 1_000),
);
const PERIOD: fc.Arbitrary<Period> = fc
  .tuple(BOUND, BOUND)
  .filter(([a, b]) => a !== b)
  .map((bounds) => bounds.toSorted((a, b) => a - b))
  .map(([from, to]) => ({ start: new Date(from! / 1_000), end: new Date(to! / 1_000) }));
const ASKED = fc.record({
  periods: fc.array(PERIOD, { minLength: 1, maxLength: 4 }),
  timeZone: fc.constantFrom(...ZONES),
  /** What one customer's plan wants. */
  some: fc.subarray([...WANTED]),
});

/** As text, so that one digit more is seen. */
function shown(usage: UsageTotals): unknown {
  return JSON.parse(JSON.stringify(usage));
}

it('is the same read from sums, folded from the events, and counted by hand', async () => {
  const seen = { groups: 0, windows: 0, transactions: 0, outcomes: 0 };
  for (let round = 0; round < 3; round += 1) {
    const [drawn] = fc.sample(fc.array(EVENT, { minLength: 150, maxLength: 150 }), 1);
    const [again] = fc.sample(fc.array(EVENT, { minLength: 6, maxLength: 6 }), 1);
    await send(round, drawn!, again!);

    await fc.assert(
      fc.asyncProperty(ASKED, async ({ periods, timeZone, some }) => {
        const wanted: UsageWanted[] = WANTED.map(({ meter, charge }) => ({ meterId: meterIds.get(meter)!, charge }));
        const ids = CUSTOMERS.map((key) => customerIds.get(key)!);
        const read = await service.ofCustomers(actingFor(organisationId), ids, periods, wanted, timeZone);
        for (const customer of CUSTOMERS) {
          for (const [place, period] of periods.entries()) {
            const segment = read.get(customerIds.get(customer)!)![place]!;
            expect(shown(segment.allEvents)).toEqual(shown(byHandAllEvents(customer, period)));
            for (const { meter, charge } of WANTED) {
              // A charge that says the same is the same charge.
              const usage = segment.of(meterIds.get(meter)!, structuredCharge(charge));
              expect([meter, shown(usage)]).toEqual([meter, shown(folded(customer, meter, charge, period, timeZone))]);
              expect([meter, shown(usage)]).toEqual([meter, shown(byHand(customer, meter, charge, period, timeZone))]);
              for (const kind of Object.keys(seen) as (keyof typeof seen)[]) seen[kind] += usage[kind]?.length ?? 0;
            }
          }
        }
        // Whatever else is asked with it, and for whom, usage is the same.
        const [customerId] = ids;
        const few = some.map(({ meter, charge }) => ({ meterId: meterIds.get(meter)!, charge }));
        const single = await service.inPeriod(actingFor(organisationId), customerId!, periods[0]!, few, timeZone);
        const same = read.get(customerId!)![0]!;
        expect(shown(single.allEvents)).toEqual(shown(same.allEvents));
        for (const { meterId, charge } of few)
          expect(shown(single.of(meterId, charge))).toEqual(shown(same.of(meterId, charge)));
      }),
      { numRuns: 8, endOnFailure: true },
    );
  }
  // None of it was trivial.
  for (const [kind, times] of Object.entries(seen)) expect([kind, times > 100]).toEqual([kind, true]);
}, 240_000);

it('asks as many statements for many customers and periods as for one, and reads no event for totals and groups', async () => {
  const statements: string[] = [];
  const query = jest.spyOn(PostgresQueryRunner.prototype, 'query');
  const asked = async (customers: readonly string[], periods: readonly Period[], wanted: UsageWanted[]) => {
    query.mockClear();
    await service.ofCustomers(actingFor(organisationId), customers, periods, wanted, 'UTC');
    statements.push(...query.mock.calls.map(([sql]) => sql));
    return query.mock.calls.length;
  };
  const sums = WANTED.filter(({ charge }) => !['percentage', 'outcome'].includes(charge.model));
  // Edges at half past would cut hours; these are whole.
  const whole: Charge = { ...scheduled('UTC'), windows: [{ name: 'night', hours: { from: '22:00', to: '06:00' }, charge: UNIT }] } as never; // prettier-ignore
  const wanted = sums.map(({ meter, charge }) => ({ meterId: meterIds.get(meter)!, charge: charge.model === 'scheduled' ? whole : charge })); // prettier-ignore
  const periods = Array.from({ length: 12 }, (_, day) => ({
    start: new Date(FIRST / 1_000 + day * 24 * HOUR_MS),
    end: new Date(FIRST / 1_000 + (day + 1) * 24 * HOUR_MS),
  }));
  const ids = CUSTOMERS.map((key) => customerIds.get(key)!);

  const forOne = await asked(ids.slice(0, 1), periods.slice(0, 1), wanted);
  expect(await asked(ids, periods, wanted)).toBe(forOne);

  expect(statements.filter((sql) => /event_now|FROM event\b/.test(sql))).toEqual([]);
  query.mockRestore();
});

it('refuses to charge more single events of one customer and period than fit, and no others', async () => {
  const bounded = new ChargeUsageService(
    database,
    new CustomersService(database, new SystemClock()),
    new SystemClock(),
  );
  Object.assign(bounded, { mostTransactions: 3 });
  const period = { start: new Date(FIRST / 1_000), end: new Date(FIRST / 1_000 + DAYS * 24 * HOUR_MS) };
  const single = WANTED.filter(({ charge }) => ['percentage', 'outcome'].includes(charge.model));
  for (const { meter, charge } of single) {
    const wanted = [{ meterId: meterIds.get(meter)!, charge }];
    const read = (reader: ChargeUsageService) => reader.inPeriod(actingFor(organisationId), customerIds.get('ada')!, period, wanted, 'UTC'); // prettier-ignore
    await expect(read(bounded)).rejects.toMatchObject({ code: 'too_many_transactions', kind: 'conflict' });
    await expect(read(service)).resolves.toBeDefined();
  }
  const wanted = [{ meterId: meterIds.get('sum')!, charge: UNIT }];
  await bounded.inPeriod(actingFor(organisationId), customerIds.get('ada')!, period, wanted, 'UTC');
});

function structuredCharge(charge: Charge): Charge {
  return { ...charge };
}

function definitionOf(meter: MeterKey): MeterDefinition {
  const { aggregation, eventType } = METERS[meter];
  return {
    eventType,
    aggregation,
    valueField: aggregation === 'count' ? null : 'data.value',
    timeUnit: aggregation === 'time_weighted' ? 'hour' : null,
    filters: [],
    groupBy: GROUP_BY,
  };
}

function ofCustomer(customer: string): Sent[] {
  return [...counted.values()].filter((event) => event.customer === customer);
}

function listed(events: readonly Sent[]): ListedEvent[] {
  const none = { source: 'api', session: null, agent: null, department: null, user: null, parent: null, step: null };
  return events.map(({ id, key, type, time, feature = null, task = null, site, value, cost, ok, reversed }) => ({
    id,
    key,
    time,
    event: { ...none, type, feature, task, data: { site, value, ok, reversed, outcome: 'x' } },
    cost: { amount: cost === '0.25' ? 25n * 10n ** 22n : null, pending: cost === 'pending' },
  }));
}

/** The second way. What a list can't know is the cost of another meter: here, as in storage, a floor compares with that. */
function folded(customer: string, meter: MeterKey, charge: Charge, period: Period, timeZone: string): ChargeUsage {
  const usage = usageOfEvents(definitionOf(meter), charge, listed(ofCustomer(customer)), period, timeZone);
  if (charge.model !== 'outcome' || charge.costFloor?.meter === undefined) return usage;
  const { cost, pendingEvents } = byHand(customer, 'sum', UNIT, period, timeZone);
  return { ...usage, floorCost: { cost, pendingEvents } };
}

function inside(events: readonly Sent[], { start, end }: Period, lookBackMs = 0): Sent[] {
  return events.filter(({ time }) => start.getTime() - lookBackMs <= time / 1_000 && time / 1_000 < end.getTime());
}

const costs = (events: readonly Sent[]) => ({
  cost: events.reduce((total, { cost }) => (cost === '0.25' ? total.plus('0.25') : total), ZERO),
  pendingEvents: events.filter(({ cost }) => cost === 'pending').length,
});

function byHandAllEvents(customer: string, period: Period): ChargeUsage {
  const events = inside(ofCustomer(customer), period);
  return { quantity: new Decimal(events.length), events: events.length, ...costs(events) };
}

/** The third way: from the events, with other means. */
function byHand(customer: string, meter: MeterKey, charge: Charge, period: Period, timeZone: string): ChargeUsage {
  const { aggregation, eventType } = METERS[meter];
  const takes = ({ type, value }: Sent): boolean =>
    type === eventType && (aggregation === 'count' || value !== undefined);
  const all = ofCustomer(customer).filter(takes);
  const usageOf = (events: readonly Sent[]) => ({ quantity: quantityOf(aggregation, eventType, events, period), events: inside(events, period).length, ...costs(inside(events, period)) }); // prettier-ignore
  const usage = {
    ...usageOf(all),
    measured: { aggregation, timeUnit: aggregation === 'time_weighted' ? ('hour' as const) : null },
  };
  const events = inside(all, period);
  switch (charge.model) {
    case 'matrix':
    case 'per_group': {
      const valuesOf = ({ site, feature }: Sent) => charge.dimensions.map((name) => (name === 'feature' ? feature : site) ?? null); // prettier-ignore
      const names = [...new Set(events.map((event) => JSON.stringify(valuesOf(event))))];
      const groups = names.map((name) => ({
        ...usageOf(events.filter((event) => JSON.stringify(valuesOf(event)) === name)),
        values: JSON.parse(name) as (string | null)[],
      }));
      // U+0000 sorts before every text, as no value does.
      const order = (values: readonly (string | null)[]): string => values.map((value) => value ?? '\0').join('\u0001');
      return { ...usage, groups: groups.sort((a, b) => (order(a.values) < order(b.values) ? -1 : 1)) };
    }
    case 'scheduled': {
      const zone = charge.timeZone === 'customer' ? timeZone : charge.timeZone;
      return { ...usage, windows: [0, 1, 2].map((window) => usageOf(events.filter(({ time }) => windowAt(time, zone) === window))) }; // prettier-ignore
    }
    case 'recurring': {
      const before = all
        .filter(({ time }) => time / 1_000 < period.start.getTime())
        .sort(later)
        .at(-1);
      if (!['latest', 'max', 'min'].includes(aggregation) || before === undefined) return usage;
      // As if it were told once more, a microsecond before anything else of the period.
      const again = { ...before, time: period.start.getTime() * 1_000, key: '' };
      return { ...usage, quantity: quantityOf(aggregation, eventType, [again, ...all], period) };
    }
    case 'percentage':
      return {
        ...usage,
        transactions: events.sort(later).map(({ time, key, value }) => ({ time, key, value: new Decimal(value!) })),
      };
    case 'outcome': {
      const attempts = inside(all, period, LOOK_BACK_MS).sort(later);
      const floorOn = inside(ofCustomer(customer), period).filter(
        ({ type, value }) => charge.costFloor!.meter === undefined || (type === 'use' && value !== undefined),
      );
      return {
        ...usage,
        outcomes: attempts.map(({ key, time, id, task, ok, reversed }) => ({
          key, time, id, task: task ?? null, type: 'x', success: ok && !reversed, reversal: reversed,
        })), // prettier-ignore
        floorCost: costs(floorOn),
      };
    }
    default:
      return usage;
  }
}

function later(a: Sent, b: Sent): number {
  return a.time - b.time || (a.key < b.key ? -1 : 1);
}

/** Half past eight to six on working days, else ten at night to a quarter past six, else neither. */
function windowAt(time: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-GB', { timeZone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).formatToParts(time / 1_000); // prettier-ignore
  const part = (type: string): string => parts.find((each) => each.type === type)!.value;
  const clock = `${part('hour')}:${part('minute')}`;
  if (!['Sat', 'Sun'].includes(part('weekday')) && '08:30' <= clock && clock < '18:00') return 0;
  return clock >= '22:00' || clock < '06:15' ? 1 : 2;
}

/** By the recount that questions about usage are held against; where there is no value to tell, nothing is charged. */
function quantityOf(aggregation: string, type: string, events: readonly Sent[], period: Period): Decimal {
  const question = {
    aggregation,
    type,
    customerIds: null,
    from: period.start.getTime() * 1_000,
    to: period.end.getTime() * 1_000,
    window: 'period' as const,
    timeZone: 'UTC',
    byCustomer: false,
    groupBy: [],
    filter: null,
    empty: false,
    now: () => NOW,
  };
  const ofEvents = events.map((event): Counted => ({
    type: event.type,
    customerId: event.customer,
    time: event.time,
    key: event.key,
    value: event.value,
    groups: [event.feature ?? null, event.site ?? null],
    pendingCost: false,
  }));
  return new Decimal(recount(ofEvents, question)[0]?.quantity ?? 0);
}
