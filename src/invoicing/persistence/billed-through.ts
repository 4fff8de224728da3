import type { Queryable } from '../../platform/database';

/**
 * Up to which batch of events the usage of billing periods stands on invoices that were finalized and aren't void, at the
 * period's end or early, by a threshold.
 *
 * @returns in the order of the periods; null where there is no such invoice
 */
export async function billedThrough(
  db: Queryable,
  organisationId: string,
  periods: readonly { readonly subscriptionId: string; readonly index: number }[],
): Promise<readonly (number | null)[]> {
  if (periods.length === 0) return [];
  const found = await db.query<{ subscription_id: string; period_index: number; through: string }>(
    `SELECT part.subscription_id, part.period_index, max(invoice.events_through) AS through
       FROM invoice_part AS part
       JOIN invoice ON invoice.organisation_id = part.organisation_id AND invoice.id = part.invoice_id
      WHERE part.organisation_id = $1 AND part.kind IN ('period', 'threshold')
        AND invoice.status NOT IN ('draft', 'void')
        AND (part.subscription_id, part.period_index) IN (SELECT * FROM unnest($2::uuid[], $3::int[]))
      GROUP BY part.subscription_id, part.period_index`,
    [organisationId, periods.map(({ subscriptionId }) => subscriptionId), periods.map(({ index }) => index)],
  );
  const through = new Map(found.map((row) => [`${row.subscription_id} ${row.period_index}`, Number(row.through)]));
  return periods.map(({ subscriptionId, index }) => through.get(`${subscriptionId} ${index}`) ?? null);
}
