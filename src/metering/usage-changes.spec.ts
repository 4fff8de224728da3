import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { Pool } from 'pg';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres';
import { actingFor } from '../access';
import { ENTITIES } from '../app.module';
import { MetersService, type MeterDefinition } from '../catalog';
import { eventKey, type EventKey, eventKeyToUuid, findEffective } from '../events';
import { newUuid, SystemClock } from '../kernel';
import { createLogger, DomainEvents } from '../platform';
import { Database, pauseIngest } from '../platform/database';
import { MeterFiller } from './meter-filler';
import { foldLeftovers } from './persistence/usage-store';
import { changeUsage } from './usage-changes';

let file: TestDatabase;
let owner: Pool;
let database: Database;

beforeAll(async () => {
  file = await createTestDatabase();
  owner = new Pool({ connectionString: file.url, max: 4 });
  database = await Database.connect({ url: file.url, entities: ENTITIES, poolSize: 4 });
});
afterAll(async () => {
  await database.close();
  await owner.end();
  await file.drop();
});

const HOUR = 3_600_000;
const BEGIN = Date.UTC(2026, 0, 1);
const CUSTOMERS = 3;

/** A definition, and the same said in SQL over the stored events. */
interface Variant {
  readonly definition: Omit<MeterDefinition, 'key' | 'name'>;
  readonly where: string;
  readonly quantity: string;
  /** What is kept of each event; null where sums are enough. */
  readonly sample: string | null;
}

const base = { eventType: 'call', timeUnit: null, filters: [], groupBy: [] } as const;
const TOKENS = `(data::jsonb->>'tokens')::numeric`;
const VARIANTS: readonly Variant[] = [
  {
    definition: { ...base, aggregation: 'count', valueField: null },
    where: 'true',
    quantity: '1',
    sample: null,
  },
  {
    definition: { ...base, aggregation: 'sum', valueField: 'data.tokens' },
    where: `${TOKENS} IS NOT NULL`,
    quantity: TOKENS,
    sample: null,
  },
  {
    definition: {
      ...base,
      aggregation: 'sum',
      valueField: 'data.tokens',
      filters: [{ field: 'data.tokens', operator: 'at_least', value: 50 }],
    },
    where: `${TOKENS} >= 50`,
    quantity: TOKENS,
    sample: null,
  },
  {
    definition: { ...base, aggregation: 'max', valueField: 'data.tokens' },
    where: `${TOKENS} IS NOT NULL`,
    quantity: '0',
    sample: TOKENS,
  },
  {
    definition: { ...base, eventType: 'other', aggregation: 'count', valueField: null },
    where: 'true',
    quantity: '1',
    sample: null,
  },
];
const METERS = 2;

type Step =
  | { do: 'ingest'; events: { customer: number; hour: number; tokens: number | null; other: boolean; cost: number | null }[] } // prettier-ignore
  | { do: 'void' | 'cost' | 'amend'; at: number; cost: number | null; tokens: number }
  | { do: 'define'; meter: number; variant: number }
  | { do: 'fill'; meter: number; page: number }
  | { do: 'fold' };

const COST = fc.option(fc.integer({ min: 0, max: 9 }), { freq: 3 });
const STEP: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('ingest' as const),
      events: fc.array(
        fc.record({
          customer: fc.nat(CUSTOMERS - 1),
          hour: fc.nat(3),
          tokens: fc.option(fc.nat(100), { freq: 5 }),
          other: fc.boolean(),
          cost: COST,
        }),
        { minLength: 1, maxLength: 6 },
      ),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('void' as const, 'cost' as const, 'amend' as const),
      at: fc.nat(),
      cost: COST,
      tokens: fc.nat(100),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('define' as const),
      meter: fc.nat(METERS - 1),
      variant: fc.nat(VARIANTS.length - 1),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('fill' as const),
      meter: fc.nat(METERS - 1),
      page: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'fold' as const }) },
);

/** One organisation, and everything that may happen to its events and meters. */
class World {
  readonly organisationId = randomUUID();
  private readonly tenant = actingFor(this.organisationId);
  private readonly customers = Array.from({ length: CUSTOMERS }, () => newUuid()).sort();
  private readonly news = new DomainEvents();
  private readonly meters = new MetersService(database, new SystemClock(), this.news);
  private readonly filler = new MeterFiller(
    database,
    this.meters,
    this.news,
    new SystemClock(),
    createLogger('silent'),
  );
  /** Keys of events that count, and by meter the variant asked for last. */
  private readonly counting: EventKey[] = [];
  private readonly wanted = new Map<number, number>();
  private made = 0;

  async create(): Promise<void> {
    await owner.query('INSERT INTO organisation (id, name, created_at) VALUES ($1, $2, now())', [
      this.organisationId,
      'Org',
    ]);
    for (const id of this.customers) {
      await owner.query(
        `INSERT INTO customer (organisation_id, id, key, name, time_zone, created_at) VALUES ($1, $2::uuid, $2::text, '', 'UTC', now())`,
        [this.organisationId, id],
      );
    }
  }

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case 'ingest':
        return this.ingest(step.events);
      case 'define':
        return this.define(step.meter, step.variant);
      case 'fill':
        await this.fill(step.meter, 1, step.page);
        return;
      case 'fold':
        await foldLeftovers(owner, 0);
        return;
      default:
        return this.correct(step);
    }
  }

  /** Fills to the end what is being filled. */
  async settle(): Promise<void> {
    for (const meter of this.wanted.keys()) while (await this.fill(meter, 1_000, 3));
  }

  /** What is kept for the revisions in force, under the keys of their meters. */
  async counted(): Promise<unknown> {
    const { rows: sums } = await owner.query(
      `WITH sums AS (
         SELECT customer_id, meter_id, hour, dimensions, quantity, cost, events, pending_events FROM usage
          WHERE organisation_id = $1 AND customer_id <> '00000000-0000-0000-0000-000000000000'
         UNION ALL
         SELECT u.* FROM usage_pending,
           unnest(customer_ids, meter_ids, hours, dimensions, quantities, costs, events, pending_events) AS u
          WHERE organisation_id = $1
       )
       SELECT customer_id, COALESCE(meter.key, 'all') AS meter, hour, ${SUMS}
         FROM sums LEFT JOIN meter ON meter.usage_id = meter_id
        WHERE meter.status = 'ready' OR meter_id = '00000000-0000-0000-0000-000000000000'
        GROUP BY 1, 2, 3 HAVING sum(events) <> 0 OR sum(cost) <> 0 OR sum(quantity) <> 0 OR sum(pending_events) <> 0
        ORDER BY 1, 2, 3`,
      [this.organisationId],
    );
    const { rows: samples } = await owner.query(
      `SELECT meter.key AS meter, event_key, trim_scale(quantity)::text AS quantity
         FROM meter_sample JOIN meter ON meter.usage_id = meter_id
        WHERE meter.organisation_id = $1 AND status = 'ready' ORDER BY 1, 2`,
      [this.organisationId],
    );
    return { sums, samples };
  }

  /** The same from the stored events, one by one. */
  async recounted(): Promise<unknown> {
    const { rows: ready } = await owner.query<{ key: string; event_type: string }>(
      `SELECT key FROM meter WHERE organisation_id = $1 AND status = 'ready'`,
      [this.organisationId],
    );
    const parts = [`SELECT customer_id, 'all' AS meter, time, 1 AS quantity, cost, cost_status FROM event_now WHERE organisation_id = $1`]; // prettier-ignore
    const samples = [`SELECT NULL AS meter, NULL::uuid AS event_key, NULL AS quantity WHERE false`];
    for (const { key } of ready) {
      const variant = VARIANTS[await this.variantInForce(key)]!;
      const from = `FROM event_now WHERE organisation_id = $1 AND type = '${variant.definition.eventType}' AND ${variant.where}`;
      parts.push(`SELECT customer_id, '${key}', time, ${variant.quantity}, cost, cost_status ${from}`);
      if (variant.sample !== null) samples.push(`SELECT '${key}', key, trim_scale(${variant.sample})::text ${from}`);
    }
    const { rows: sums } = await owner.query(
      `SELECT customer_id, meter, date_trunc('hour', time, 'UTC') AS hour, ${SUMS}
         FROM (SELECT customer_id, meter, time, quantity, COALESCE(cost, 0) AS cost, 1 AS events,
                      CASE WHEN cost_status = 'u' THEN 1 ELSE 0 END AS pending_events
                 FROM (${parts.join(' UNION ALL ')}) AS each) AS counted
        GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
      [this.organisationId],
    );
    const { rows: kept } = await owner.query(`SELECT * FROM (${samples.join(' UNION ALL ')}) AS s WHERE $1::uuid IS NOT NULL ORDER BY 1, 2`, [this.organisationId]); // prettier-ignore
    return { sums, samples: kept };
  }

  /** Sums over all customers, folded, against those of the customers. */
  async everyCustomer(): Promise<{ whole: unknown; parts: unknown }> {
    while ((await foldLeftovers(owner, 0)).more);
    const sums = (whole: boolean) =>
      owner.query(
        `SELECT meter_id, hour, ${SUMS} FROM usage
          WHERE organisation_id = $1 AND (customer_id = '00000000-0000-0000-0000-000000000000') = $2
          GROUP BY 1, 2 ORDER BY 1, 2`,
        [this.organisationId, whole],
      );
    return { whole: (await sums(true)).rows, parts: (await sums(false)).rows };
  }

  private async variantInForce(key: string): Promise<number> {
    const { rows } = await owner.query<{ definition: string }>(
      `SELECT definition::text FROM meter_revision AS r JOIN meter ON meter.id = r.meter_id AND meter.revision = r.revision
        WHERE meter.organisation_id = $1 AND meter.key = $2`,
      [this.organisationId, key],
    );
    const stored = JSON.parse(rows[0]!.definition) as Record<string, unknown>;
    return VARIANTS.findIndex(({ definition }) =>
      Object.entries(definition).every(
        ([name, value]) => JSON.stringify(stored[name]) === JSON.stringify(sorted(value)),
      ),
    );
  }

  private async ingest(events: Extract<Step, { do: 'ingest' }>['events']): Promise<void> {
    await this.paused(async (db, batch) => {
      const keys: EventKey[] = [];
      for (const event of events) keys.push(await this.insert(db, batch, `event-${(this.made += 1)}`, event));
      const added = await findEffective(db, this.organisationId, keys);
      await changeUsage(db, this.organisationId, batch, { removed: [], added: [...added.values()] });
      this.counting.push(...keys);
    });
  }

  private async correct({ do: kind, at, cost, tokens }: Extract<Step, { at: number }>): Promise<void> {
    if (this.counting.length === 0) return;
    const index = at % this.counting.length;
    const key = this.counting[index]!;
    await this.paused(async (db, batch) => {
      const before = (await findEffective(db, this.organisationId, [key])).get(key)!;
      let after = null;
      if (kind === 'cost') {
        await db.query(
          `INSERT INTO event_cost (organisation_id, event_key, batch, cost, cost_status, change_id, reason, made_by, made_at)
           VALUES ($1, $2, $3, $4, $5, gen_random_uuid(), '', '', now())`,
          [this.organisationId, eventKeyToUuid(key), batch, cost, cost === null ? 'u' : 'p'],
        );
        after = key;
      } else {
        await db.query(
          `INSERT INTO event_void (organisation_id, event_key, identity_key, batch, kind, change_id, reason, made_by, made_at, answer)
           VALUES ($1, $2, $2, $3, $4, gen_random_uuid(), '', '', now(), '{}')`,
          [this.organisationId, eventKeyToUuid(key), batch, kind === 'void' ? 'void' : 'amendment'],
        );
        this.counting.splice(index, 1);
        if (kind === 'amend') {
          const customer = this.customers.indexOf(before.customerId);
          const hour = (before.happenedAt / 1_000 - BEGIN) / HOUR;
          after = await this.insert(db, batch, `event-${(this.made += 1)}`, { customer, hour, tokens, other: before.type === 'other', cost }); // prettier-ignore
          this.counting.push(after);
        }
      }
      const added = after === null ? [] : [(await findEffective(db, this.organisationId, [after])).get(after)!];
      await changeUsage(db, this.organisationId, batch, { removed: [before], added });
    });
  }

  private async define(meter: number, variant: number): Promise<void> {
    const definition = { ...VARIANTS[variant]!.definition, name: 'A meter' };
    if (this.wanted.has(meter)) await this.meters.change(this.tenant, `meter-${meter}`, definition);
    else await this.meters.create(this.tenant, { ...definition, key: `meter-${meter}` });
    this.wanted.set(meter, variant);
  }

  /** @returns whether something was being filled */
  private async fill(meter: number, events: number, page: number): Promise<boolean> {
    const { rows } = await owner.query<{ meter_id: string; revision: number }>(
      `SELECT meter_id, r.revision FROM meter_revision AS r JOIN meter ON meter.id = meter_id
        WHERE meter.organisation_id = $1 AND meter.key = $2 AND r.status = 'filling'`,
      [this.organisationId, `meter-${meter}`],
    );
    if (rows[0] === undefined) return false;
    const filling = { organisationId: this.organisationId, meterId: rows[0].meter_id, revision: rows[0].revision };
    await this.filler.fill(filling, { events, page, stopping: new AbortController().signal });
    return true;
  }

  private async insert(
    db: Pick<Pool, never> & { query(sql: string, parameters: unknown[]): Promise<unknown> },
    batch: number,
    id: string,
    event: { customer: number; hour: number; tokens: number | null; other: boolean; cost: number | null },
  ): Promise<EventKey> {
    const key = eventKey(this.organisationId, 'api', id);
    await db.query(
      `INSERT INTO event (key, organisation_id, batch, customer_id, time, time_given, received_at, type, source, id, cost, cost_status, data)
       VALUES ($1, $2, $3, $4, $5, true, now(), $6, 'api', $7, $8, $9, $10)`,
      [
        eventKeyToUuid(key),
        this.organisationId,
        batch,
        this.customers[event.customer],
        new Date(BEGIN + event.hour * HOUR),
        event.other ? 'other' : 'call',
        id,
        event.cost,
        event.cost === null ? 'u' : 'p',
        JSON.stringify(event.tokens === null ? {} : { tokens: event.tokens }),
      ],
    );
    return key;
  }

  private async paused(work: (db: Parameters<typeof changeUsage>[0], batch: number) => Promise<void>): Promise<void> {
    await database.tenant(this.organisationId, async (db) => {
      await pauseIngest(db, this.organisationId);
      const [{ batch }] = await db.query<[{ batch: string }]>(`SELECT nextval('event_batch') AS batch`);
      await work(db, Number(batch));
    });
  }
}

const SUMS = `trim_scale(sum(quantity))::text AS quantity, trim_scale(sum(cost))::text AS cost, sum(events)::int AS events,
  sum(pending_events)::int AS pending`;

/** As jsonb gives an object back: shorter names first. */
function sorted(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.map((each: unknown) =>
    typeof each !== 'object' || each === null
      ? each
      : Object.fromEntries(Object.entries(each).sort(([a], [b]) => a.length - b.length || (a < b ? -1 : 1))),
  );
}

it('after whatever happens to events while meters are made, changed and filled, usage equals a recount', async () => {
  let filledInBetween = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(STEP, { minLength: 20, maxLength: 60 }), async (steps) => {
      const world = new World();
      await world.create();
      for (const [index, step] of steps.entries()) {
        await world.take(step);
        // What is in force and full is right at any moment, not only in the end.
        if (index % 10 === 9) {
          expect(await world.counted()).toEqual(await world.recounted());
          filledInBetween += 1;
        }
      }
      await world.settle();
      expect(await world.counted()).toEqual(await world.recounted());
      const { whole, parts } = await world.everyCustomer();
      expect(whole).toEqual(parts);
      expect(await world.counted()).toEqual(await world.recounted());
    }),
    { numRuns: 15, endOnFailure: true },
  );
  expect(filledInBetween).toBeGreaterThan(15);
}, 120_000);

it('sees and writes nothing of another organisation', async () => {
  const [a, b] = [new World(), new World()];
  await a.create();
  await b.create();
  await a.take({ do: 'ingest', events: [{ customer: 0, hour: 0, tokens: 1, other: false, cost: 1 }] });
  await expect(
    database.tenant(a.organisationId, (db) =>
      db.query(
        `INSERT INTO usage_pending (organisation_id, batch, customer_ids, meter_ids, hours, dimensions, quantities, costs, events, pending_events)
         VALUES ($1, 1, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')`,
        [b.organisationId],
      ),
    ),
  ).rejects.toMatchObject({ code: '42501' });
  const { rows } = await owner.query('SELECT count(*)::int AS count FROM usage_pending WHERE organisation_id = $1', [
    b.organisationId,
  ]);
  expect(rows).toEqual([{ count: 0 }]);
});
