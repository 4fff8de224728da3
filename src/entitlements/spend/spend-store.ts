import { scaledFromText, scaledText } from '../../kernel';
import type { Queryable } from '../../platform/database';
import type { SpendEntry } from '../counting/counting-step';
import type { EntitlementRules } from '../rules';
import type { PeriodSoFar } from './charged-so-far';

/** What a charge of a billing period was written down as so far. */
export interface SpendTotal {
  readonly customerId: string;
  readonly subscriptionId: string;
  readonly periodIndex: number;
  readonly charge: string;
  readonly currency: string;
  /** Counts 10^-24. */
  readonly amount: bigint;
}

export async function loadTotals(
  db: Queryable,
  organisationId: string,
  periods: readonly PeriodSoFar[],
): Promise<SpendTotal[]> {
  if (periods.length === 0) return [];
  const rows = await db.query<{
    customer_id: string;
    subscription_id: string;
    period_index: number;
    charge: string;
    currency: string;
    amount: string;
  }>(
    `SELECT total.customer_id, total.subscription_id, total.period_index, total.charge, total.currency, total.amount::text
       FROM unnest($2::uuid[], $3::int[]) AS wanted (subscription_id, period_index)
       JOIN spend_total AS total
         ON total.organisation_id = $1
        AND (total.subscription_id, total.period_index) = (wanted.subscription_id, wanted.period_index)`,
    [
      organisationId,
      periods.map(({ subscriptionId }) => subscriptionId),
      periods.map(({ periodIndex }) => periodIndex),
    ],
  );
  return rows.map((row) => ({
    customerId: row.customer_id,
    subscriptionId: row.subscription_id,
    periodIndex: row.period_index,
    charge: row.charge,
    currency: row.currency,
    amount: scaledFromText(row.amount),
  }));
}

/** Writes totals that changed, in the order of their keys. */
export async function saveTotals(db: Queryable, organisationId: string, totals: readonly SpendTotal[]): Promise<void> {
  if (totals.length === 0) return;
  await db.query(
    `INSERT INTO spend_total (organisation_id, subscription_id, period_index, charge, currency, customer_id, amount)
     SELECT $1, * FROM unnest($2::uuid[], $3::int[], $4::text[], $5::text[], $6::uuid[], $7::numeric[])
      ORDER BY 2, 3, 4, 5
     ON CONFLICT (organisation_id, subscription_id, period_index, charge, currency)
       DO UPDATE SET amount = excluded.amount`,
    [
      organisationId,
      totals.map(({ subscriptionId }) => subscriptionId),
      totals.map(({ periodIndex }) => periodIndex),
      totals.map(({ charge }) => charge),
      totals.map(({ currency }) => currency),
      totals.map(({ customerId }) => customerId),
      totals.map(({ amount }) => scaledText(amount)),
    ],
  );
}

/** @param at when they are written down, for those that no event caused */
export async function insertEntries(
  db: Queryable,
  organisationId: string,
  entries: readonly SpendEntry[],
  at: Date,
): Promise<void> {
  if (entries.length === 0) return;
  await db.query(
    `INSERT INTO spend_entry (organisation_id, id, customer_id, subscription_id, period_index, charge, currency, amount,
                              scope, minute, hold_id, pending_id, at)
     SELECT $1, entry.id, entry.customer_id, entry.subscription_id, entry.period_index, entry.charge, entry.currency,
            entry.amount, entry.scope::jsonb, to_timestamp(entry.minute / 1000000), entry.hold_id, entry.pending_id, $13
       FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::int[], $6::text[], $7::text[], $8::numeric[], $9::text[],
                   $10::bigint[], $11::uuid[], $12::bigint[])
         AS entry (id, customer_id, subscription_id, period_index, charge, currency, amount, scope, minute, hold_id, pending_id)`,
    [
      organisationId,
      entries.map(({ id }) => id),
      entries.map(({ customerId }) => customerId),
      entries.map(({ subscriptionId }) => subscriptionId),
      entries.map(({ periodIndex }) => periodIndex),
      entries.map(({ charge }) => charge),
      entries.map(({ currency }) => currency),
      entries.map(({ amount }) => amount.toFixed()),
      entries.map(({ scope: { customer: _1, subscription: _2, ...fields } }) => JSON.stringify(fields)),
      entries.map(({ minute }) => minute),
      entries.map(({ holdId }) => holdId),
      entries.map(({ pendingId }) => pendingId),
      at,
    ],
  );
}

/** A customer whose spend became unknown, or known again. */
export interface ChangedState {
  readonly customerId: string;
  readonly reason: string | null;
}

/**
 * Writes how customers' spend stands, where that is news.
 *
 * @returns those of whom it is
 */
export async function saveStates(
  db: Queryable,
  organisationId: string,
  states: readonly ChangedState[],
  at: Date,
): Promise<ChangedState[]> {
  if (states.length === 0) return [];
  const rows = await db.query<{ customer_id: string; unknown_reason: string | null }>(
    `INSERT INTO spend_state (organisation_id, customer_id, unknown_reason, rated_at)
     SELECT $1, customer_id, reason, $4 FROM unnest($2::uuid[], $3::text[]) AS state (customer_id, reason)
      ORDER BY customer_id
     ON CONFLICT (organisation_id, customer_id)
       DO UPDATE SET unknown_reason = excluded.unknown_reason, rated_at = excluded.rated_at
       WHERE spend_state.unknown_reason IS DISTINCT FROM excluded.unknown_reason
     RETURNING customer_id, unknown_reason`,
    [organisationId, states.map(({ customerId }) => customerId), states.map(({ reason }) => reason), at],
  );
  return rows.map(({ customer_id, unknown_reason }) => ({ customerId: customer_id, reason: unknown_reason }));
}

/** Customers whose spend has to be known and never was rated, the oldest first. */
export async function neverRated(
  db: Queryable,
  { organisationId, spendOf }: Pick<EntitlementRules, 'organisationId' | 'spendOf'>,
  most: number,
): Promise<string[]> {
  if (spendOf !== 'all' && spendOf.size === 0) return [];
  const rows = await db.query<{ id: string }>(
    `SELECT customer.id FROM customer
      WHERE customer.organisation_id = $1 AND ($2::uuid[] IS NULL OR customer.id = ANY ($2))
        AND NOT EXISTS (SELECT FROM spend_state AS state
              WHERE state.organisation_id = $1 AND state.customer_id = customer.id)
      ORDER BY customer.id LIMIT $3`,
    [organisationId, spendOf === 'all' ? null : [...spendOf], most],
  );
  return rows.map(({ id }) => id);
}

/** Customers of these who were never rated. */
export async function withoutState(
  db: Queryable,
  organisationId: string,
  customerIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await db.query<{ id: string }>(
    `SELECT asked.id FROM unnest($2::uuid[]) AS asked (id)
      WHERE NOT EXISTS (SELECT FROM spend_state AS state
              WHERE state.organisation_id = $1 AND state.customer_id = asked.id)`,
    [organisationId, customerIds],
  );
  return new Set(rows.map(({ id }) => id));
}

/** Customers whose spend could not be told when it was asked last. */
export async function unknownSpend(db: Queryable, organisationId: string): Promise<string[]> {
  const rows = await db.query<{ customer_id: string }>(
    'SELECT customer_id FROM spend_state WHERE organisation_id = $1 AND unknown_reason IS NOT NULL',
    [organisationId],
  );
  return rows.map(({ customer_id }) => customer_id);
}
