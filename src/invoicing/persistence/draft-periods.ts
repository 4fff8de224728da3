import type { EntityManager } from 'typeorm';

/** A billing period that has a draft, which isn't finalized yet. */
export interface DraftPeriod {
  readonly subscriptionId: string;
  readonly periodStart: Date;
}

/** Billing periods of subscriptions whose invoices are drafts. */
export async function draftPeriods(
  db: EntityManager,
  organisationId: string,
  subscriptionIds: readonly string[],
): Promise<DraftPeriod[]> {
  const rows = await db.query<{ subscription_id: string; period_start: Date }[]>(
    `SELECT part.subscription_id, part.period_start
       FROM invoice_part AS part
       JOIN invoice ON (invoice.organisation_id, invoice.id) = (part.organisation_id, part.invoice_id)
      WHERE part.organisation_id = $1 AND part.subscription_id = ANY ($2) AND part.kind = 'period' AND part.live
        AND invoice.status = 'draft'
      ORDER BY part.period_start`,
    [organisationId, subscriptionIds],
  );
  return rows.map(({ subscription_id, period_start }) => ({
    subscriptionId: subscription_id,
    periodStart: period_start,
  }));
}
