import { toPlain } from '../../catalog';
import { Decimal, decimalText } from '../../kernel';
import type { Queryable } from '../../platform/database';
import type { CustomerOutcome } from '../domain';
import { fromStoredLine, fromStoredUse, type StoredLine, type StoredUse } from './stored-summary';

/** In which order customers are listed: the greatest rise first, the greatest fall, or the smallest margin. */
export const CUSTOMER_ORDERS = ['change', '-change', 'margin'] as const;
export type CustomerOrder = (typeof CUSTOMER_ORDERS)[number];

/** A stored outcome, with how the customer is called. */
export interface StoredOutcome extends CustomerOutcome {
  readonly customerKey: string;
  readonly customerName: string;
  readonly change: Decimal | null;
  readonly marginThen: Decimal | null;
}

/** Where a list stands: the value it is ordered by, null where there is none, and the customer. */
export interface CustomerPosition {
  readonly value: string | null;
  readonly customerId: string;
}

interface OutcomeRow {
  customer_id: string;
  key: string;
  name: string;
  revenue_now: string | null;
  revenue_then: string | null;
  change: string | null;
  cost_now: string | null;
  cost_then: string | null;
  margin_then: string | null;
  pending_events: string;
  events: string;
  lines: StoredLine[];
  included: StoredUse[];
  problem: string | null;
}

/** Writes what a page of customers came to. Called once for each of them. */
export async function insertOutcomes(
  db: Queryable,
  organisationId: string,
  simulationId: string,
  candidate: number,
  outcomes: readonly CustomerOutcome[],
): Promise<void> {
  const texts = (value: (outcome: CustomerOutcome) => Decimal | null): (string | null)[] =>
    outcomes.map(value).map((each) => (each === null ? null : decimalText(each)));
  await db.query(
    `INSERT INTO simulation_customer (organisation_id, simulation_id, candidate, customer_id, revenue_now, revenue_then,
       change, cost_now, cost_then, margin_then, pending_events, events, lines, included, problem)
     SELECT $1, $2, $3, customer_id, revenue_now, revenue_then, revenue_then - revenue_now, cost_now, cost_then,
            revenue_then - cost_then, pending_events, events, lines, included, problem
       FROM unnest($4::uuid[], $5::numeric[], $6::numeric[], $7::numeric[], $8::numeric[], $9::bigint[], $10::bigint[],
                   $11::jsonb[], $12::jsonb[], $13::text[])
         AS made (customer_id, revenue_now, revenue_then, cost_now, cost_then, pending_events, events, lines, included,
                  problem)`,
    [
      organisationId,
      simulationId,
      candidate,
      outcomes.map(({ customerId }) => customerId),
      texts(({ revenueNow }) => revenueNow),
      texts(({ revenueThen }) => revenueThen),
      texts(({ costNow }) => costNow),
      texts(({ costThen }) => costThen),
      outcomes.map(({ pendingEvents }) => pendingEvents),
      outcomes.map(({ events }) => events),
      outcomes.map(({ lines }) => JSON.stringify(toPlain(lines))),
      outcomes.map(({ included }) => JSON.stringify(toPlain(included))),
      outcomes.map(({ problem }) => problem),
    ],
  );
}

/** What the list is ordered by, and which way. What has no value comes last either way. */
const ORDERING: Readonly<Record<CustomerOrder, { column: string; direction: 'ASC' | 'DESC' }>> = {
  change: { column: 'change', direction: 'DESC' },
  '-change': { column: 'change', direction: 'ASC' },
  margin: { column: 'margin_then', direction: 'ASC' },
};

/** Customers under one candidate behind a position, at most `limit`. */
export async function findOutcomes(
  db: Queryable,
  organisationId: string,
  simulationId: string,
  candidate: number,
  order: CustomerOrder,
  after: CustomerPosition | null,
  limit: number,
): Promise<StoredOutcome[]> {
  const { column, direction } = ORDERING[order];
  const further = direction === 'DESC' ? '<' : '>';
  const behind =
    after === null
      ? 'true'
      : after.value === null
        ? `(o.${column} IS NULL AND o.customer_id > $5::uuid)`
        : `(o.${column} ${further} $6::numeric OR (o.${column} = $6::numeric AND o.customer_id > $5::uuid) OR o.${column} IS NULL)`;
  const parameters: unknown[] = [organisationId, simulationId, candidate, limit];
  if (after !== null) parameters.push(after.customerId);
  if (after !== null && after.value !== null) parameters.push(after.value);
  const rows = await db.query<OutcomeRow>(
    `SELECT o.customer_id, c.key, c.name, o.revenue_now, o.revenue_then, o.change, o.cost_now, o.cost_then, o.margin_then,
            o.pending_events, o.events, o.lines, o.included, o.problem
       FROM simulation_customer AS o
       JOIN customer AS c ON c.organisation_id = o.organisation_id AND c.id = o.customer_id
      WHERE o.organisation_id = $1 AND o.simulation_id = $2 AND o.candidate = $3 AND ${behind}
      ORDER BY o.${column} ${direction} NULLS LAST, o.customer_id LIMIT $4`,
    parameters,
  );
  return rows.map(toOutcome);
}

function toOutcome(row: OutcomeRow): StoredOutcome {
  const decimal = (text: string | null): Decimal | null => (text === null ? null : new Decimal(text));
  return {
    customerId: row.customer_id,
    customerKey: row.key,
    customerName: row.name,
    revenueNow: decimal(row.revenue_now),
    revenueThen: decimal(row.revenue_then),
    change: decimal(row.change),
    costNow: decimal(row.cost_now),
    costThen: decimal(row.cost_then),
    marginThen: decimal(row.margin_then),
    pendingEvents: Number(row.pending_events),
    events: Number(row.events),
    lines: row.lines.map(fromStoredLine),
    included: row.included.map(fromStoredUse),
    problem: row.problem,
  };
}

/** The position of the last customer of a page. */
export function positionOf({ customerId, change, marginThen }: StoredOutcome, order: CustomerOrder): CustomerPosition {
  const value = order === 'margin' ? marginThen : change;
  return { value: value === null ? null : decimalText(value), customerId };
}
