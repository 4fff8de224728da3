import { scaledText } from '../../kernel';
import type { Pipeline, Queryable, Statement, TextRow } from '../../platform/database';
import { amountsOfText, scaledOfText, textOfAmounts } from './amount-texts';
import type { Hold, HoldFlag, HoldStatus, WorkScope } from '../domain';

/** All of it as text, whoever asks: through a pipeline, or as rows of a `Queryable`. */
const COLUMNS = `id::text, organisation_id::text, customer_id::text, key, request_hash::text, status, parent_id::text, scope,
  task_class, sized_risk::text, held, stated, used, booked, split, first_held, counters::text, wallets, answer,
  end_hash::text, end_answer, flags::text, asked_at::text, counts_at::text, expires_at::text, ended_at::text, pending_events::text, last_held`;

/** Locks holds in the order of their ids. Takes the ids. */
export const LOCK_HOLDS: Statement = {
  name: 'hold-lock',
  sql: `SELECT ${COLUMNS} FROM hold WHERE id = ANY($1::uuid[]) ORDER BY hold.id FOR NO KEY UPDATE`,
  parameters: 1,
};

const INSERT_HOLDS: Statement = {
  name: 'hold-insert',
  sql: `INSERT INTO hold (id, organisation_id, customer_id, key, request_hash, status, parent_id, scope, task_class, sized_risk,
          held, stated, used, booked, split, first_held, counters, wallets, answer, flags, asked_at, counts_at, expires_at)
        SELECT id, organisation_id, customer_id, key, request_hash, status, parent_id, scope, task_class, sized_risk::numeric,
               held, stated, used, booked, split, first_held, counters::uuid[], wallets, answer, flags::text[], asked_at, counts_at, expires_at
          FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::uuid[], $8::text[], $9::text[], $10::text[],
                      $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[], $18::text[], $19::text[], $20::text[],
                      $21::timestamptz[], $22::timestamptz[], $23::timestamptz[])
            AS new (id, organisation_id, customer_id, key, request_hash, status, parent_id, scope, task_class, sized_risk,
                    held, stated, used, booked, split, first_held, counters, wallets, answer, flags, asked_at, counts_at, expires_at)`,
  parameters: 23,
};

const UPDATE_HOLDS: Statement = {
  name: 'hold-update',
  sql: `UPDATE hold SET status = new.status, held = new.held, stated = new.stated, used = new.used, booked = new.booked,
               split = new.split, first_held = new.first_held, counters = new.counters::uuid[], wallets = new.wallets, end_hash = new.end_hash,
               end_answer = new.end_answer, flags = new.flags::text[], expires_at = new.expires_at, ended_at = new.ended_at,
               pending_events = new.pending_events::integer, last_held = new.last_held
          FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                      $10::uuid[], $11::text[], $12::text[], $13::timestamptz[], $14::timestamptz[], $15::text[], $16::text[], $17::text[])
            AS new (id, status, held, stated, used, booked, split, counters, wallets, end_hash, end_answer, flags, expires_at, ended_at, first_held,
                    pending_events, last_held)
         WHERE hold.id = new.id`,
  parameters: 17,
};

/** Reads holds and keeps them for the transaction, in the order of their ids. @returns those that there are, by id */
export async function lockHolds(
  db: Queryable,
  organisationId: string,
  ids: readonly string[],
): Promise<Map<string, Hold>> {
  if (ids.length === 0) return new Map();
  const rows = await db.query<Record<string, string | null>>(
    `SELECT ${COLUMNS} FROM hold WHERE id = ANY($1::uuid[]) AND organisation_id = $2 ORDER BY hold.id FOR NO KEY UPDATE`,
    [ids, organisationId],
  );
  return new Map(rows.map((row) => [row['id']!, toHold(Object.values(row))]));
}

/**
 * The holds that these are parts of and all open ones that are parts of them, theirs included, themselves as well. Who ends a
 * hold locks all of them, in one statement: what is found here before, a child that is made meanwhile is not among.
 */
export async function relatedHolds(db: Queryable, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const rows = await db.query<{ id: string }>(
    `WITH RECURSIVE above (id, parent_id) AS (
       SELECT id, parent_id FROM hold WHERE id = ANY($1::uuid[])
       UNION SELECT hold.id, hold.parent_id FROM hold JOIN above ON hold.id = above.parent_id
     ), below (id) AS (
       SELECT unnest($1::uuid[])
       UNION SELECT hold.id FROM hold JOIN below ON hold.parent_id = below.id WHERE hold.status = 'open'
     )
     SELECT id FROM above UNION SELECT id FROM below`,
    [ids],
  );
  return rows.map(({ id }) => id);
}

/** Writes what was changed of holds that the transaction has locked. */
export async function saveHolds(db: Queryable, organisationId: string, holds: Iterable<Hold>): Promise<void> {
  const changed = [...holds].filter((hold) => hold.changed === 'yes' && hold.organisationId === organisationId);
  if (changed.length === 0) return;
  const instants = (values: readonly (number | null)[]): (string | null)[] =>
    values.map((value) => (value === null ? null : new Date(value).toISOString()));
  const { ids, status, held, stated, used, booked, split, counters, wallets, endHashes, endAnswers, flags, expires, ended, firstHeld, pendingEvents, lastHeld } = changesOf(changed); // prettier-ignore
  await db.query(UPDATE_HOLDS.sql, [
    ids, status, held, stated, used, booked, split, counters, wallets, endHashes, endAnswers, flags, instants(expires), instants(ended), firstHeld, pendingEvents, lastHeld,
  ]); // prettier-ignore
}

/** Adds what writes new and changed holds. */
export function addHoldWrites(pipeline: Pipeline, holds: Iterable<Hold>): void {
  const made: Hold[] = [];
  const changed: Hold[] = [];
  for (const hold of holds) {
    if (hold.changed === 'new') made.push(hold);
    else if (hold.changed === 'yes') changed.push(hold);
  }
  if (made.length > 0) addInsert(pipeline, made);
  if (changed.length > 0) addUpdate(pipeline, changed);
}

function addInsert(pipeline: Pipeline, holds: readonly Hold[]): void {
  const insert = pipeline.add(INSERT_HOLDS);
  insert.uuids(holds.map((hold) => hold.id));
  insert.uuids(holds.map((hold) => hold.organisationId));
  insert.uuids(holds.map((hold) => hold.customerId));
  insert.nullableTexts(holds.map((hold) => hold.key));
  insert.uuids(holds.map((hold) => hold.requestHash));
  insert.texts(holds.map((hold) => hold.status));
  insert.nullableUuids(holds.map((hold) => hold.parentId));
  insert.texts(holds.map((hold) => JSON.stringify(hold.scope)));
  insert.nullableTexts(holds.map((hold) => hold.taskClass));
  insert.nullableTexts(holds.map((hold) => (hold.sizedRisk === null ? null : String(hold.sizedRisk))));
  insert.texts(holds.map((hold) => textOfAmounts(hold.held)));
  insert.nullableTexts(holds.map((hold) => (hold.stated === null ? null : textOfAmounts(hold.stated))));
  insert.nullableTexts(holds.map((hold) => (hold.used === null ? null : textOfAmounts(hold.used))));
  insert.nullableTexts(holds.map((hold) => (hold.booked === null ? null : textOfAmounts(hold.booked))));
  insert.texts(holds.map((hold) => textOfAmounts(hold.split)));
  insert.texts(holds.map((hold) => textOfAmounts(hold.firstHeld)));
  insert.texts(holds.map((hold) => arrayText(hold.counters)));
  insert.texts(holds.map((hold) => walletsText(hold.wallets)));
  insert.texts(holds.map((hold) => hold.answer));
  insert.texts(holds.map((hold) => arrayText([...hold.flags])));
  insert.timestamptzs(holds.map((hold) => hold.askedAt * 1_000));
  insert.timestamptzs(holds.map((hold) => hold.countsAt * 1_000));
  insert.timestamptzs(holds.map((hold) => hold.expiresAt * 1_000));
}

function addUpdate(pipeline: Pipeline, holds: readonly Hold[]): void {
  const update = pipeline.add(UPDATE_HOLDS);
  const changes = changesOf(holds);
  update.uuids(changes.ids);
  update.texts(changes.status);
  update.texts(changes.held);
  update.nullableTexts(changes.stated);
  update.nullableTexts(changes.used);
  update.nullableTexts(changes.booked);
  update.texts(changes.split);
  update.texts(changes.counters);
  update.texts(changes.wallets);
  update.nullableUuids(changes.endHashes);
  update.nullableTexts(changes.endAnswers);
  update.texts(changes.flags);
  update.timestamptzs(changes.expires.map((at) => at * 1_000));
  update.nullableTimestamptzs(changes.ended.map((at) => (at === null ? null : at * 1_000)));
  update.texts(changes.firstHeld);
  update.texts(changes.pendingEvents);
  update.nullableTexts(changes.lastHeld);
}

/** A list for each column that may change. */
function changesOf(holds: readonly Hold[]) {
  return {
    ids: holds.map((hold) => hold.id),
    status: holds.map((hold) => hold.status),
    held: holds.map((hold) => textOfAmounts(hold.held)),
    stated: holds.map((hold) => (hold.stated === null ? null : textOfAmounts(hold.stated))),
    used: holds.map((hold) => (hold.used === null ? null : textOfAmounts(hold.used))),
    booked: holds.map((hold) => (hold.booked === null ? null : textOfAmounts(hold.booked))),
    split: holds.map((hold) => textOfAmounts(hold.split)),
    counters: holds.map((hold) => arrayText(hold.counters)),
    wallets: holds.map((hold) => walletsText(hold.wallets)),
    endHashes: holds.map((hold) => hold.endHash),
    endAnswers: holds.map((hold) => hold.endAnswer),
    flags: holds.map((hold) => arrayText([...hold.flags])),
    expires: holds.map((hold) => hold.expiresAt),
    ended: holds.map((hold) => hold.endedAt),
    firstHeld: holds.map((hold) => textOfAmounts(hold.firstHeld)),
    pendingEvents: holds.map((hold) => String(hold.pendingEvents)),
    lastHeld: holds.map((hold) => (hold.lastHeld === null ? null : textOfAmounts(hold.lastHeld))),
  };
}

/** @param row in the order of `COLUMNS` */
export function toHold(row: TextRow): Hold {
  const amounts = (text: string | null | undefined) =>
    text === null || text === undefined ? null : amountsOfText(text);
  return {
    id: row[0]!,
    organisationId: row[1]!,
    customerId: row[2]!,
    key: row[3]!,
    requestHash: row[4]!,
    status: row[5] as HoldStatus,
    parentId: row[6]!,
    scope: JSON.parse(row[7]!) as WorkScope,
    taskClass: row[8]!,
    sizedRisk: row[9] === null ? null : Number(row[9]),
    held: amountsOfText(row[10]!),
    stated: amounts(row[11]),
    used: amounts(row[12]),
    booked: amounts(row[13]),
    split: amountsOfText(row[14]!),
    firstHeld: amountsOfText(row[15]!),
    counters: elementsOf(row[16]!),
    wallets: walletsOf(row[17]!),
    answer: row[18]!,
    endHash: row[19]!,
    endAnswer: row[20]!,
    flags: flagsOf(row[21]!),
    askedAt: millisecondsOf(row[22]!),
    countsAt: millisecondsOf(row[23]!),
    expiresAt: millisecondsOf(row[24]!),
    endedAt: row[25] === null ? null : millisecondsOf(row[25]!),
    pendingEvents: Number(row[26]),
    lastHeld: amounts(row[27]),
    changed: 'no',
  };
}

const NO_FLAGS: ReadonlySet<HoldFlag> = new Set();
const NO_WALLETS: ReadonlyMap<string, bigint> = new Map();

function flagsOf(text: string): ReadonlySet<HoldFlag> {
  return text === '{}' ? NO_FLAGS : new Set(elementsOf(text) as HoldFlag[]);
}

/** An array's text whose elements need no quotes: uuids and flags. */
function elementsOf(text: string): string[] {
  return text === '{}' ? [] : text.slice(1, -1).split(',');
}

function arrayText(elements: readonly string[]): string {
  return `{${elements.join(',')}}`;
}

function walletsOf(text: string): ReadonlyMap<string, bigint> {
  if (text === '{}') return NO_WALLETS;
  const amounts = JSON.parse(text) as Record<string, string>;
  return new Map(Object.entries(amounts).map(([id, amount]) => [id, scaledOfText(amount)]));
}

function walletsText(wallets: ReadonlyMap<string, bigint>): string {
  if (wallets.size === 0) return '{}';
  return JSON.stringify(Object.fromEntries([...wallets].map(([id, amount]) => [id, scaledText(amount)])));
}

/** `2026-11-22 10:00:00.123+00`, as a session in UTC writes it. */
function millisecondsOf(text: string): number {
  return Date.parse(`${text.slice(0, 10)}T${text.slice(11)}:00`);
}

/** A hold as it is, without a lock. */
export async function readHold(db: Queryable, id: string): Promise<Hold | null> {
  const rows = await db.query<Record<string, string | null>>(`SELECT ${COLUMNS} FROM hold WHERE id = $1`, [id]);
  return rows[0] === undefined ? null : toHold(Object.values(rows[0]));
}

/** Which holds are listed. */
export interface HoldsWanted {
  readonly customerId: string | null;
  readonly status: HoldStatus | null;
  readonly session: string | null;
  /** Customer, instant and id of the last one of the page before. */
  readonly before: readonly string[] | null;
  readonly limit: number;
}

/** Customer by customer, of each the newest first, as the index has them. */
export async function listHolds(
  db: Queryable,
  organisationId: string,
  { customerId, status, session, before, limit }: HoldsWanted,
): Promise<{ readonly hold: Hold; readonly position: readonly string[] }[]> {
  const rows = await db.query<Record<string, string | null>>(
    `SELECT ${COLUMNS} FROM hold
      WHERE organisation_id = $1 AND ($2::uuid IS NULL OR customer_id = $2) AND ($3::text IS NULL OR status = $3)
        AND ($4::text IS NULL OR scope::jsonb ->> 'session' = $4)
        AND ($5::uuid IS NULL OR (hold.customer_id, hold.asked_at, hold.id) < ($5::uuid, $6::timestamptz, $7::uuid))
      ORDER BY hold.customer_id DESC, hold.asked_at DESC, hold.id DESC LIMIT $8`,
    [organisationId, customerId, status, session, before?.[0] ?? null, before?.[1] ?? null, before?.[2] ?? null, limit],
  );
  return rows.map((row) => {
    const hold = toHold(Object.values(row));
    return { hold, position: [hold.customerId, row['asked_at']!, hold.id] };
  });
}
