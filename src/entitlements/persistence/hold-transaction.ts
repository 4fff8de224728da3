import type { PoolClient } from 'pg';
import { scaledFromText } from '../../kernel';
import { asQueryable, Pipeline, type Queryable, type Statement, type TextRow } from '../../platform/database';
import { heldByJson, lockWallets } from '../../wallet';
import { insertAlerts } from '../alerts/alert-store';
import type { Alert, Counter, CounterRef, LockedState, SessionControl, SessionState } from '../domain';
import { sessionKey } from '../domain';
import { bucketsText } from './counter-store';
import { addHoldWrites, LOCK_HOLDS, toHold } from './hold-store';
import { CAPS_LOCK_CLASS } from './locks';
import { lockSessions, saveSessions } from './session-store';

const statement = (name: string, parameters: number, sql: string): Statement => ({ name, sql, parameters });

const BEGIN = statement('decide-begin', 0, 'BEGIN');
const COMMIT = statement('decide-commit', 0, 'COMMIT');
const LOCK_CAPS = statement(
  'decide-lock-caps',
  1,
  `SELECT pg_advisory_xact_lock_shared(${CAPS_LOCK_CLASS}, lock)
     FROM (SELECT DISTINCT hashtext(id::text) AS lock FROM unnest($1::uuid[]) AS id ORDER BY lock) AS locks`,
);
const READ_ORGANISATIONS = statement(
  'decide-organisations',
  1,
  `SELECT id, caps_revision, EXISTS (SELECT FROM entitlement_pending AS pending WHERE pending.organisation_id = organisation.id)
     FROM organisation WHERE id = ANY ($1::uuid[])`,
);
const MAKE_COUNTERS = statement(
  'decide-make-counters',
  7,
  `INSERT INTO cap_counter (id, organisation_id, cap_id, each_values, period_start, period_end, buckets)
   SELECT id, organisation_id, cap_id, ARRAY(SELECT jsonb_array_elements_text(each_values::jsonb)), period_start, period_end,
          buckets::jsonb
     FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::text[])
       AS made (id, organisation_id, cap_id, each_values, period_start, period_end, buckets)
    ORDER BY id ON CONFLICT DO NOTHING`,
);
/** Those that commands name, and those that holds are held in, whoever made them. */
const LOCK_COUNTERS = statement(
  'decide-lock-counters',
  2,
  `SELECT cap_counter.id, settled, held, overrun, buckets, alerted FROM cap_counter
    WHERE cap_counter.id IN (SELECT unnest($1::uuid[]) UNION SELECT unnest(hold.counters) FROM hold WHERE hold.id = ANY ($2::uuid[]))
    ORDER BY cap_counter.id FOR NO KEY UPDATE OF cap_counter`,
);
const WRITE_COUNTERS = statement(
  'decide-write-counters',
  6,
  `UPDATE cap_counter SET settled = new.settled, held = new.held, overrun = new.overrun, buckets = new.buckets::jsonb,
          alerted = new.alerted::numeric
     FROM unnest($1::uuid[], $2::numeric[], $3::numeric[], $4::numeric[], $5::text[], $6::text[])
       AS new (id, settled, held, overrun, buckets, alerted)
    WHERE cap_counter.id = new.id`,
);
/** Not locked: who pauses or stops a session needs not wait for those that ask, and what they ask for is before or after. */
const READ_SESSIONS = statement(
  'decide-sessions',
  3,
  `SELECT agent_session.customer_id, agent_session.session, state, reason, cap_id, finding_id, extract(epoch FROM next_at) * 1000, changed_by
     FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS asked (organisation_id, customer_id, session)
     JOIN agent_session USING (organisation_id, customer_id, session)
    WHERE state <> 'running'`,
);
const READ_UNKNOWN_SPEND = statement(
  'decide-unknown-spend',
  1,
  `SELECT customer_id, unknown_reason FROM spend_state
    WHERE (organisation_id, customer_id) IN (SELECT organisation_id, id FROM customer WHERE id = ANY ($1::uuid[]))
      AND unknown_reason IS NOT NULL`,
);

/** What a transaction locks and reads. */
export interface Wanted {
  readonly organisationIds: readonly string[];
  readonly holdIds: readonly string[];
  readonly refs: ReadonlyMap<string, { readonly ref: CounterRef; readonly organisationId: string }>;
  readonly sessions: ReadonlyMap<string, { organisationId: string; customerId: string; session: string }>;
  /** Whose spend decides. */
  readonly spenders: ReadonlySet<string>;
}

/** What is in the way of deciding, so that the transaction has to begin again. */
export interface Opened {
  readonly revisions: ReadonlyMap<string, string>;
  /** Organisations that have something to be counted first. */
  readonly uncounted: readonly string[];
  /** Null where counters are gone that were there: it has to begin again. */
  readonly state: LockedState | null;
}

/** What decisions leave besides the rows that were locked, by organisation. */
export interface Told {
  readonly alerts: ReadonlyMap<string, readonly Alert[]>;
  readonly paused: ReadonlyMap<string, readonly SessionControl[]>;
}

/** What never changes of a counter. */
type CounterFacts = Pick<Counter, 'capId' | 'eachValues' | 'period'>;

const MOST_KNOWN = 200_000;

/** Reads and writes what the transactions of holds lock, in as few round trips as can be: two where nothing is unusual. */
export class HoldTransactions {
  /** Counters that are there. */
  private readonly known = new Map<string, CounterFacts>();
  /** Those that a transaction makes: they are there once it has committed, and not where it begins again. */
  private readonly made = new WeakMap<LockedState, ReadonlyMap<string, CounterFacts>>();

  /** Begins a transaction, takes its locks in the one order, and reads what they keep. */
  async open(client: PoolClient, wanted: Wanted): Promise<Opened> {
    const { organisationIds, holdIds, refs, sessions, spenders } = wanted;
    const pipeline = new Pipeline();
    pipeline.add(BEGIN);
    pipeline.add(LOCK_CAPS).uuids(organisationIds);
    pipeline.add(READ_ORGANISATIONS).uuids(organisationIds);
    pipeline.add(LOCK_HOLDS).uuids(holdIds);
    const missing = [...refs.values()].filter(({ ref }) => !this.known.has(ref.id));
    if (missing.length > 0) addCounters(pipeline, missing);
    const lock = pipeline.add(LOCK_COUNTERS);
    lock.uuids([...refs.keys()]);
    lock.uuids(holdIds);
    if (sessions.size > 0) {
      const names = [...sessions.values()];
      const read = pipeline.add(READ_SESSIONS);
      read.uuids(names.map(({ organisationId }) => organisationId));
      read.uuids(names.map(({ customerId }) => customerId));
      read.texts(names.map(({ session }) => session));
    }
    if (spenders.size > 0) pipeline.add(READ_UNKNOWN_SPEND).uuids([...spenders]);

    const results = await pipeline.run(client);
    const organisations = results[2]!;
    const holds = new Map(results[3]!.map((row) => [row[0]!, toHold(row)]));
    let next = missing.length > 0 ? 5 : 4;
    const made = new Map(missing.map(({ ref }) => [ref.id, { ...ref, capId: ref.cap.id }]));
    const counters = await this.countersOf(client, results[next++]!, made);
    const read = sessions.size > 0 ? results[next++]! : [];
    const unknown = spenders.size > 0 ? results[next]! : [];

    const state: LockedState = {
      holds,
      counters,
      wallets: new Map(),
      sessions: new Map(read.map(toSession).map((each) => [sessionKey(each.customerId, each.session), each])),
      spendUnknown: new Map(unknown.map((row) => [row[0]!, row[1]!])),
      alerts: [],
    };
    this.made.set(state, made);
    const gone = [...refs.keys()].filter((id) => !counters.has(id));
    for (const id of gone) this.known.delete(id);
    return {
      revisions: new Map(organisations.map((row) => [row[0]!, row[1]!])),
      uncounted: organisations.filter((row) => row[2] === 't').map((row) => row[0]!),
      state: gone.length === 0 ? state : null,
    };
  }

  /** Locks the wallets that commands need and holds are held in, behind everything that `open` locks but sessions. */
  async lockWallets(
    client: PoolClient,
    state: LockedState,
    ids: ReadonlyMap<string, ReadonlySet<string>>,
  ): Promise<void> {
    for (const organisationId of [...ids.keys()].sort()) {
      const wallets = await lockWallets(asQueryable(client), organisationId, [...ids.get(organisationId)!].sort());
      for (const [id, wallet] of wallets) state.wallets.set(id, wallet);
    }
  }

  /** Writes what was changed, and commits. */
  async commit(client: PoolClient, state: LockedState, told: Told, now: Date): Promise<void> {
    const db = asQueryable(client);
    const wallets = [...state.wallets.values()].filter(({ changed }) => changed);
    if (wallets.length > 0) {
      await db.query(
        `UPDATE wallet SET held = new.held::numeric, held_by = new.held_by::jsonb
           FROM unnest($1::uuid[], $2::text[], $3::text[]) AS new (id, held, held_by) WHERE wallet.id = new.id`,
        [wallets.map(({ id }) => id), wallets.map(({ held }) => held.toFixed()), wallets.map(({ heldBy }) => heldByJson(heldBy))], // prettier-ignore
      );
    }
    for (const [organisationId, alerts] of told.alerts) await insertAlerts(db, organisationId, alerts);
    for (const [organisationId, paused] of told.paused) await savePaused(db, organisationId, paused, now);

    const pipeline = new Pipeline();
    const changed = [...state.counters.values()].filter((counter) => counter.changed);
    if (changed.length > 0) {
      const write = pipeline.add(WRITE_COUNTERS);
      write.uuids(changed.map(({ id }) => id));
      write.numerics(changed.map(({ settled }) => settled));
      write.numerics(changed.map(({ held }) => held));
      write.numerics(changed.map(({ overrun }) => overrun));
      write.nullableTexts(changed.map(({ buckets }) => bucketsText(buckets)));
      write.texts(changed.map(({ alerted }) => String(alerted)));
    }
    addHoldWrites(pipeline, state.holds.values());
    pipeline.add(COMMIT);
    await pipeline.run(client);
    for (const [id, facts] of this.made.get(state) ?? []) this.remember(id, facts);
  }

  private async countersOf(
    client: PoolClient,
    rows: readonly TextRow[],
    made: ReadonlyMap<string, CounterFacts>,
  ): Promise<Map<string, Counter>> {
    const strangers = rows.map((row) => row[0]!).filter((id) => !this.known.has(id) && !made.has(id));
    if (strangers.length > 0) await this.learn(client, strangers);
    const counters = new Map<string, Counter>();
    for (const row of rows) {
      const id = row[0]!;
      const facts = (made.get(id) ?? this.known.get(id))!;
      const buckets = row[4] === null ? null : (JSON.parse(row[4]!) as [number, string][]);
      counters.set(id, {
        id,
        capId: facts.capId,
        eachValues: facts.eachValues,
        period: facts.period,
        settled: scaledFromText(row[1]!),
        held: scaledFromText(row[2]!),
        overrun: scaledFromText(row[3]!),
        buckets: buckets?.map(([start, amount]) => [start, scaledFromText(amount)]) ?? null,
        alerted: Number(row[5]),
        changed: false,
      });
    }
    return counters;
  }

  /** Counters that another process made. */
  private async learn(client: PoolClient, ids: readonly string[]): Promise<void> {
    const rows = await asQueryable(client).query<{
      id: string;
      cap_id: string;
      each_values: string[];
      start: string;
      end: string | null;
    }>(
      `SELECT id, cap_id, each_values, (extract(epoch FROM period_start) * 1000000)::bigint::text AS start,
              (extract(epoch FROM period_end) * 1000000)::bigint::text AS "end"
         FROM cap_counter WHERE id = ANY ($1::uuid[])`,
      [ids],
    );
    for (const { id, cap_id, each_values, start, end } of rows) {
      const period = { start: Number(start), end: end === null ? null : Number(end) };
      this.remember(id, { capId: cap_id, eachValues: each_values, period });
    }
  }

  private remember(id: string, { capId, eachValues, period }: CounterFacts): void {
    if (this.known.size >= MOST_KNOWN) this.known.clear();
    this.known.set(id, { capId, eachValues, period });
  }
}

function addCounters(
  pipeline: Pipeline,
  made: readonly { readonly ref: CounterRef; readonly organisationId: string }[],
): void {
  const insert = pipeline.add(MAKE_COUNTERS);
  insert.uuids(made.map(({ ref }) => ref.id));
  insert.uuids(made.map(({ organisationId }) => organisationId));
  insert.uuids(made.map(({ ref }) => ref.cap.id));
  insert.texts(made.map(({ ref }) => JSON.stringify(ref.eachValues)));
  insert.timestamptzs(made.map(({ ref }) => ref.period.start));
  insert.nullableTimestamptzs(made.map(({ ref }) => ref.period.end));
  insert.nullableTexts(made.map(({ ref }) => (ref.cap.rollingSeconds === null ? null : '[]')));
}

/** Sessions that a cap pauses. One that was stopped meanwhile stays so. */
async function savePaused(
  db: Queryable,
  organisationId: string,
  paused: readonly SessionControl[],
  now: Date,
): Promise<void> {
  const locked = await lockSessions(db, organisationId, paused);
  const free = paused.filter((each) => locked.get(sessionKey(each.customerId, each.session))?.state !== 'stopped');
  await saveSessions(db, organisationId, free, now);
}

function toSession(row: TextRow): SessionControl {
  return {
    customerId: row[0]!,
    session: row[1]!,
    state: row[2] as SessionState,
    reason: row[3]!,
    capId: row[4]!,
    findingId: row[5]!,
    nextAt: row[6] === null ? null : Number(row[6]),
    changedBy: row[7]!,
    changed: false,
  };
}
