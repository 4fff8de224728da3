import type { Period } from '../../kernel';
import type { Queryable } from '../../platform/database';

/** A billed period that an invoice of a later one has to look at again. */
export interface EarlierPeriod {
  readonly period: Period;
  /** What happened up to this batch is billed. */
  readonly throughBatch: number;
  /** The customer's events that counted then; null where an older release finalized it, which didn't note it. */
  readonly events: number | null;
}

/** Billed: it has a number, and asks for money still. */
export const BILLED = `invoice.number IS NOT NULL AND invoice.status NOT IN ('draft', 'void')`;

/**
 * Joins as `last` what is noted to be billed of the period of `part`, up to which batch and with how many events. Of what
 * is noted that before an invoice which adjusted the period and is void now: what that one billed of it is to be billed
 * again, whatever later ones did. An invoice of the period itself is told by its part.
 *
 * @param subscription the SQL that names it
 */
export function lastNoted(subscription: string): string {
  return `LEFT JOIN LATERAL (
         SELECT through_batch, events FROM period_billed AS noted
           JOIN invoice AS noting
             ON (noting.organisation_id, noting.id) = (noted.organisation_id, noted.invoice_id)
          WHERE noted.organisation_id = $1 AND noted.subscription_id = ${subscription}
            AND noted.period_start = part.period_start AND noting.status <> 'void'
            AND noted.through_batch < ALL (
            SELECT gone.through_batch FROM period_billed AS gone
              JOIN invoice AS undone ON (undone.organisation_id, undone.id) = (gone.organisation_id, gone.invoice_id)
             WHERE gone.organisation_id = $1 AND gone.subscription_id = ${subscription}
               AND gone.period_start = part.period_start AND undone.status = 'void'
               AND NOT EXISTS (SELECT FROM invoice_part AS own
                     WHERE own.organisation_id = $1 AND own.subscription_id = ${subscription} AND own.kind = 'period'
                       AND own.period_start = part.period_start AND own.invoice_id = gone.invoice_id))
          ORDER BY through_batch DESC LIMIT 1) AS last ON true`;
}

/**
 * Of many subscriptions the billed periods before one of each that the next invoice adjusts, oldest first: those behind
 * the last draft, which adjusts what is before it. The same as `billedPeriodsBefore` tells of one.
 *
 * @param starts of the period that is to be billed, for each subscription
 * @param most   periods back
 * @returns      in the order of the subscriptions
 */
export async function earlierPeriods(
  db: Queryable,
  organisationId: string,
  subscriptionIds: readonly string[],
  starts: readonly Date[],
  most: number,
): Promise<readonly (readonly EarlierPeriod[])[]> {
  const rows = await db.query<EarlierRow>(
    `SELECT wanted.place::int - 1 AS place, part.period_start, part.period_end, invoice.number,
            ${BILLED} AS billed,
            COALESCE(last.through_batch, invoice.events_through) AS through, last.events
       FROM unnest($2::uuid[], $3::timestamptz[]) WITH ORDINALITY AS wanted (id, starts, place)
       CROSS JOIN LATERAL (
         SELECT DISTINCT ON (period_start) invoice_id, period_start, period_end
           FROM invoice_part
          WHERE organisation_id = $1 AND subscription_id = wanted.id AND kind = 'period' AND period_start < wanted.starts
          ORDER BY period_start DESC, live DESC, id DESC LIMIT $4) AS part
       JOIN invoice ON invoice.organisation_id = $1 AND invoice.id = part.invoice_id
       ${lastNoted('wanted.id')}
      ORDER BY wanted.place, part.period_start DESC`,
    [organisationId, subscriptionIds, starts, most],
  );
  const found = subscriptionIds.map((): EarlierPeriod[] => []);
  const behindDraft = new Set<number>();
  for (const row of rows) {
    if (row.number === null) behindDraft.add(row.place);
    if (!row.billed || behindDraft.has(row.place)) continue;
    found[row.place]!.unshift({
      period: { start: row.period_start, end: row.period_end },
      throughBatch: Number(row.through),
      events: row.events === null ? null : Number(row.events),
    });
  }
  return found;
}

interface EarlierRow {
  readonly place: number;
  readonly period_start: Date;
  readonly period_end: Date;
  readonly number: string | null;
  readonly billed: boolean;
  readonly through: string | null;
  readonly events: string | null;
}

/** Customers among these of whom an event was corrected after a batch, whichever period it counts in. */
export async function withCorrections(
  db: Queryable,
  organisationId: string,
  customerIds: readonly string[],
  afterBatch: number,
): Promise<ReadonlySet<string>> {
  const rows = await db.query<{ id: string }>(
    `SELECT DISTINCT event.customer_id AS id
       FROM (SELECT event_key FROM event_void WHERE organisation_id = $1 AND batch > $3
             UNION ALL
             SELECT event_key FROM event_cost WHERE organisation_id = $1 AND batch > $3) AS corrected
       JOIN event ON event.key = corrected.event_key
      WHERE event.organisation_id = $1 AND event.customer_id = ANY ($2::uuid[])`,
    [organisationId, customerIds, afterBatch],
  );
  return new Set(rows.map(({ id }) => id));
}

/** Subscriptions among these of which thresholds have billed something. */
export async function withThresholds(
  db: Queryable,
  organisationId: string,
  subscriptionIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await db.query<{ id: string }>(
    `SELECT DISTINCT subscription_id AS id FROM invoice_part
      WHERE organisation_id = $1 AND subscription_id = ANY ($2::uuid[]) AND kind = 'threshold' AND live`,
    [organisationId, subscriptionIds],
  );
  return new Set(rows.map(({ id }) => id));
}

/** Subscriptions among these that have had a pool, of which something may be left, or to be forgotten. */
export async function withPools(
  db: Queryable,
  organisationId: string,
  subscriptionIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await db.query<{ id: string }>(
    `SELECT DISTINCT subscription_id AS id FROM pool_balance
      WHERE organisation_id = $1 AND subscription_id = ANY ($2::uuid[])`,
    [organisationId, subscriptionIds],
  );
  return new Set(rows.map(({ id }) => id));
}
