import type { Queryable } from '../../platform/database';
import { Decimal, type Micros } from '../../kernel';
import { type NodeName, nodeKey, type WorkRow } from '../domain';

interface Row {
  session: string | null;
  task: string | null;
  parent: string | null;
  step: string | null;
  cost: string;
  events: string;
  pending: string;
  first_micros: string;
  last_micros: string;
}

export interface WorkScope {
  readonly organisationId: string;
  readonly customerId: string;
  /** Half-open, by the time of the events. */
  readonly from: Micros;
  readonly to: Micros;
}

/** What the events of these nodes, and those that name them as session or parent, cost; added up by node, parent and step. */
export async function findWorkRows(db: Queryable, scope: WorkScope, nodes: readonly NodeName[]): Promise<WorkRow[]> {
  const named = (kind: NodeName['kind']): string[] =>
    nodes.filter((node) => node.kind === kind).map(({ name }) => name);
  const [sessions, tasks] = [named('session'), named('task')];
  const rows = await db.query<Row>(
    `SELECT session, task, parent, step, coalesce(sum(cost), 0) AS cost, count(*) AS events,
            count(*) FILTER (WHERE cost_status = 'u') AS pending,
            (extract(epoch FROM min(time)) * 1000000)::bigint AS first_micros,
            (extract(epoch FROM max(time)) * 1000000)::bigint AS last_micros
       FROM event_now
      WHERE organisation_id = $1 AND customer_id = $2
        AND time >= timestamptz '1970-01-01 00:00:00+00' + $3::bigint * interval '1 microsecond'
        AND time < timestamptz '1970-01-01 00:00:00+00' + $4::bigint * interval '1 microsecond'
        AND (session = ANY($5::text[]) OR task = ANY($6::text[]) OR parent = ANY($7::text[])
             OR (parent = ANY($5::text[]) AND task IS NULL) OR (parent = ANY($6::text[]) AND task IS NOT NULL))
      GROUP BY session, task, parent, step`,
    [scope.organisationId, scope.customerId, scope.from, scope.to, sessions, tasks, nodes.map(nodeKey)],
  );
  return rows.map((row) => ({
    session: row.session,
    task: row.task,
    parent: row.parent,
    step: row.step,
    cost: new Decimal(row.cost),
    events: Number(row.events),
    pendingEvents: Number(row.pending),
    firstAt: Number(row.first_micros),
    lastAt: Number(row.last_micros),
  }));
}
