import { toPublicId } from '../../kernel';
import type { Queryable } from '../../platform/database';
import type { Amounts, HoldStatus, WorkScope } from '../domain';
import { amountsOfText } from './amount-texts';
import type { NamedHolds } from './cap-recount';

/** A hold, as far as caps look at it from outside. */
export interface CapHold {
  readonly id: string;
  readonly customerId: string;
  readonly key: string | null;
  readonly parentId: string | null;
  readonly status: HoldStatus;
  readonly scope: WorkScope;
  readonly held: Amounts;
  readonly booked: Amounts | null;
  readonly counters: readonly string[];
  readonly askedAt: Date;
  readonly countsAt: Date;
}

interface HoldRow {
  readonly id: string;
  readonly customer_id: string;
  readonly key: string | null;
  readonly parent_id: string | null;
  readonly status: HoldStatus;
  readonly scope: string;
  readonly held: string;
  readonly booked: string | null;
  readonly counters: string[];
  readonly asked_at: Date;
  readonly counts_at: Date;
}

const COLUMNS = 'id, customer_id, key, parent_id, status, scope, held, booked, counters, asked_at, counts_at';

/**
 * Holds that a new cap takes over: open ones, and those that were settled by an amount in its periods. No event of theirs
 * is counted yet; those of which some are stay with their events. A part comes with the hold that it is a part of.
 *
 * @param customerId null: everyone's
 * @param since      when the first of the cap's periods began, by the customers' clocks
 */
export async function findHoldsToTakeOver(
  db: Queryable,
  organisationId: string,
  customerId: string | null,
  since: Date,
): Promise<CapHold[]> {
  const rows = await db.query<HoldRow>(
    `SELECT ${COLUMNS} FROM hold
      WHERE organisation_id = $1 AND ($2::uuid IS NULL OR customer_id = $2) AND used IS NULL
        AND (status = 'open' OR (booked IS NOT NULL AND counts_at >= $3))
      ORDER BY id FOR NO KEY UPDATE`,
    [organisationId, customerId, since],
  );
  return rows.map(toCapHold);
}

/** Holds that are held and booked in counters. @param askedSince null: whenever they were asked for */
export async function findHoldsInCounters(
  db: Queryable,
  organisationId: string,
  customerId: string | null,
  counterIds: readonly string[],
  askedSince: Date | null,
): Promise<CapHold[]> {
  const rows = await db.query<HoldRow>(
    `SELECT ${COLUMNS} FROM hold
      WHERE organisation_id = $1 AND ($2::uuid IS NULL OR customer_id = $2) AND counters && $3::uuid[]
        AND ($4::timestamptz IS NULL OR asked_at >= $4) AND status <> 'refused'`,
    [organisationId, customerId, counterIds, askedSince],
  );
  return rows.map(toCapHold);
}

/** Makes holds, which the caller has locked, be held and booked in further counters. @param added hold and counter */
export async function addCountersToHolds(
  db: Queryable,
  organisationId: string,
  added: readonly (readonly [string, string])[],
): Promise<void> {
  if (added.length === 0) return;
  await db.query(
    `UPDATE hold SET counters = hold.counters || added.counter_ids
       FROM (SELECT id, array_agg(counter_id ORDER BY counter_id) AS counter_ids
               FROM unnest($2::uuid[], $3::uuid[]) AS each (id, counter_id) GROUP BY id) AS added
      WHERE hold.organisation_id = $1 AND hold.id = added.id`,
    [organisationId, added.map(([id]) => id), added.map(([, counter]) => counter)],
  );
}

/** Holds by the names that events may have for them. */
export function namesOf(holds: Iterable<CapHold>, wanted: NamedHolds['wanted']): NamedHolds {
  const names: string[] = [];
  const customerIds: string[] = [];
  const askedAt: Date[] = [];
  const ids: string[] = [];
  for (const { id, key, customerId, askedAt: asked } of holds) {
    ids.push(id);
    for (const name of [toPublicId('hold', id), ...(key === null ? [] : [key])]) {
      names.push(name);
      customerIds.push(customerId);
      askedAt.push(asked);
    }
  }
  return { wanted, names, customerIds, ids, askedAt };
}

function toCapHold(row: HoldRow): CapHold {
  const { id, key, status, counters } = row;
  return {
    ...{ id, key, status, counters, customerId: row.customer_id, parentId: row.parent_id },
    scope: { ...(JSON.parse(row.scope) as object), customer: row.customer_id },
    held: amountsOfText(row.held),
    booked: row.booked === null ? null : amountsOfText(row.booked),
    askedAt: row.asked_at,
    countsAt: row.counts_at,
  };
}
