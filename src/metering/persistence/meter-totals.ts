import { Decimal, formatMicros, type Micros } from '../../kernel';
import type { Queryable } from '../../platform/database';
import type { UsageWindows } from '../domain';
import { instants, Parameters } from './usage-question';

/** Sums of one meter for one customer in one window. */
export interface MeterTotal {
  readonly customerId: string;
  /** What the meter's usage is kept under. */
  readonly usageId: string;
  /** Counted from 0. */
  readonly window: number;
  readonly quantity: Decimal;
  readonly cost: Decimal;
  readonly events: number;
  readonly pendingEvents: number;
}

interface Row {
  customer_id: string;
  meter_id: string;
  slot: number;
  quantity: string;
  cost: string;
  events: string;
  pending_events: string;
}

/**
 * Sums of several meters for several customers in several windows, over whole hours, folded and pending together: one
 * statement, and so one instant. How many events are behind them does not matter.
 *
 * @param cutHours hours that no sums are taken of, as only a part of each lies in a window
 * @returns        nothing for a customer, meter and window without events
 */
export async function meterTotals(
  db: Queryable,
  organisationId: string,
  customerIds: readonly string[],
  usageIds: readonly string[],
  { starts, end }: UsageWindows,
  cutHours: readonly Micros[],
): Promise<MeterTotal[]> {
  const parameters = new Parameters();
  const organisation = parameters.add(organisationId, 'uuid');
  const customers = parameters.add(customerIds, 'uuid[]');
  const meters = parameters.add(usageIds, 'uuid[]');
  const edges = parameters.add(instants(starts), 'timestamptz[]');
  const from = parameters.add(formatMicros(starts[0]!), 'timestamptz');
  const to = parameters.add(formatMicros(end), 'timestamptz');
  const cut = parameters.add(instants(cutHours), 'timestamptz[]');
  const asked = `customer_id = ANY(${customers}) AND meter_id = ANY(${meters})
    AND hour >= ${from} AND hour < ${to} AND NOT hour = ANY(${cut})`;
  const rows = await db.query<Row>(
    `WITH pending AS (
       SELECT u.* FROM usage_pending,
              unnest(customer_ids, meter_ids, hours, quantities, costs, events, pending_events)
                AS u (customer_id, meter_id, hour, quantity, cost, events, pending_events)
        -- A commit's row that has none of the customers is passed over as a whole.
        WHERE organisation_id = ${organisation} AND customer_ids && ${customers}
     ), sums AS (
       SELECT customer_id, meter_id, hour, quantity, cost, events, pending_events FROM usage
        WHERE organisation_id = ${organisation} AND ${asked}
       UNION ALL
       SELECT * FROM pending WHERE ${asked}
     )
     SELECT customer_id, meter_id, width_bucket(hour, ${edges}) - 1 AS slot, sum(quantity) AS quantity, sum(cost) AS cost,
            sum(events) AS events, sum(pending_events) AS pending_events
       FROM sums GROUP BY 1, 2, 3 HAVING sum(events) <> 0`,
    parameters.values,
  );
  return rows.map((row) => ({
    customerId: row.customer_id,
    usageId: row.meter_id,
    window: row.slot,
    quantity: new Decimal(row.quantity),
    cost: new Decimal(row.cost),
    events: Number(row.events),
    pendingEvents: Number(row.pending_events),
  }));
}
