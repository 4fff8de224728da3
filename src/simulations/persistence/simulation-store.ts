import type { Queryable } from '../../platform/database';
import type { CostChange, Summary } from '../domain';
import { fromStoredSummary, toStoredSummary, type StoredSummary } from './stored-summary';

export type SimulationStatus = 'running' | 'done' | 'cancelled' | 'failed';

/** What a simulation is about, as it was asked for. Plans are kept whole, as `P` has them. */
export interface SimulationDefinition<P> {
  readonly candidates: readonly { readonly name: string; readonly plan: P }[];
  readonly baseline: 'current' | P | null;
  /** The plan whose customers it is about; null where they were not chosen by one. */
  readonly planKey: string | null;
  readonly costChanges: readonly CostChange[];
  readonly lossAbovePercent: string;
}

/** Definitions as the table has them: cost changes have their decimals as text. */
export type StoredDefinition<P> = Omit<SimulationDefinition<P>, 'costChanges'> & {
  readonly costChanges: readonly { provider: string | null; model: string | null; percent: string }[];
};

export interface SimulationRecord<P> {
  readonly id: string;
  readonly status: SimulationStatus;
  readonly name: string | null;
  readonly definition: StoredDefinition<P>;
  readonly from: Date;
  readonly to: Date;
  readonly timeZone: string;
  /** Null: everybody up to `lastCustomerId`. */
  readonly customerIds: readonly string[] | null;
  readonly lastCustomerId: string | null;
  readonly total: number;
  /** Customers up to this one are done. */
  readonly position: string | null;
  readonly customers: number;
  readonly events: number;
  readonly ratings: number;
  readonly summaries: readonly Summary[];
  readonly failedReason: string | null;
  readonly madeBy: string;
  readonly createdAt: Date;
  readonly finishedAt: Date | null;
}

interface SimulationRow {
  id: string;
  status: SimulationStatus;
  name: string | null;
  definition: StoredDefinition<never>;
  from_time: Date;
  to_time: Date;
  time_zone: string;
  customer_ids: string[] | null;
  last_customer_id: string | null;
  total: string;
  position: string | null;
  customers: string;
  events: string;
  ratings: string;
  summaries: StoredSummary[];
  failed_reason: string | null;
  made_by: string;
  created_at: Date;
  finished_at: Date | null;
}

const COLUMNS = `id, status, name, definition, from_time, to_time, time_zone, last_customer_id, total, position, customers,
  events, ratings, summaries, failed_reason, made_by, created_at, finished_at`;

function toRecord<P>(row: SimulationRow): SimulationRecord<P> {
  return {
    id: row.id,
    status: row.status,
    name: row.name,
    definition: row.definition,
    from: row.from_time,
    to: row.to_time,
    timeZone: row.time_zone,
    customerIds: row.customer_ids,
    lastCustomerId: row.last_customer_id,
    total: Number(row.total),
    position: row.position,
    customers: Number(row.customers),
    events: Number(row.events),
    ratings: Number(row.ratings),
    summaries: row.summaries.map(fromStoredSummary),
    failedReason: row.failed_reason,
    madeBy: row.made_by,
    createdAt: row.created_at,
    finishedAt: row.finished_at,
  };
}

export async function insertSimulation<P>(
  db: Queryable,
  organisationId: string,
  made: SimulationRecord<P> & { readonly apiKeyId: string | null },
): Promise<void> {
  await db.query(
    `INSERT INTO simulation (organisation_id, id, status, name, definition, from_time, to_time, time_zone, customer_ids,
       last_customer_id, total, summaries, api_key_id, made_by, created_at, finished_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
    [
      organisationId,
      made.id,
      made.status,
      made.name,
      JSON.stringify(made.definition),
      made.from,
      made.to,
      made.timeZone,
      made.customerIds,
      made.lastCustomerId,
      made.total,
      JSON.stringify(made.summaries.map(toStoredSummary)),
      made.apiKeyId,
      made.madeBy,
      made.createdAt,
      made.finishedAt,
    ],
  );
}

/** @param lock holds it until the transaction ends, so that one page at a time is written, and none behind a cancel */
export async function findSimulation<P>(
  db: Queryable,
  organisationId: string,
  id: string,
  lock = false,
): Promise<SimulationRecord<P> | null> {
  const [row] = await db.query<SimulationRow>(
    `SELECT ${COLUMNS}, customer_ids FROM simulation WHERE organisation_id = $1 AND id = $2 ${lock ? 'FOR UPDATE' : ''}`,
    [organisationId, id],
  );
  return row === undefined ? null : toRecord<P>(row);
}

/** Newest first. */
export async function listSimulations<P>(
  db: Queryable,
  organisationId: string,
  before: string | null,
  limit: number,
): Promise<SimulationRecord<P>[]> {
  const rows = await db.query<SimulationRow>(
    `SELECT ${COLUMNS}, NULL::uuid[] AS customer_ids FROM simulation
      WHERE organisation_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
    [organisationId, before, limit],
  );
  return rows.map((row) => toRecord<P>(row));
}

/** Remembers where it stands and what it found so far. */
export async function saveSimulation(
  db: Queryable,
  organisationId: string,
  simulation: Pick<
    SimulationRecord<unknown>,
    'id' | 'status' | 'position' | 'customers' | 'events' | 'ratings' | 'summaries' | 'failedReason' | 'finishedAt'
  >,
): Promise<void> {
  await db.query(
    `UPDATE simulation
        SET status = $3, position = $4, customers = $5, events = $6, ratings = $7, summaries = $8, failed_reason = $9,
            finished_at = $10
      WHERE organisation_id = $1 AND id = $2`,
    [
      organisationId,
      simulation.id,
      simulation.status,
      simulation.position,
      simulation.customers,
      simulation.events,
      simulation.ratings,
      JSON.stringify(simulation.summaries.map(toStoredSummary)),
      simulation.failedReason,
      simulation.finishedAt,
    ],
  );
}

/** Simulations that no request waits for, of all organisations. */
export const RUNNING_SIMULATIONS = `SELECT organisation_id, id FROM simulation WHERE status = 'running' ORDER BY id`;
