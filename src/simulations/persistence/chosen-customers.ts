import type { Queryable } from '../../platform/database';

/** Everybody there is now: how many, and the last of them by id. Who comes later has a greater id. */
export async function everyCustomer(
  db: Queryable,
  organisationId: string,
): Promise<{ readonly total: number; readonly lastId: string | null }> {
  const [row] = await db.query<{ total: string; last: string | null }>(
    `SELECT count(*) AS total, (SELECT id FROM customer WHERE organisation_id = $1 ORDER BY id DESC LIMIT 1) AS last
       FROM customer WHERE organisation_id = $1`,
    [organisationId],
  );
  return { total: Number(row!.total), lastId: row!.last };
}

/**
 * Customers with a subscription to a version of this plan, by the phase they are in at an instant; for those who live by a
 * test clock it is the phase at its time.
 */
export async function customersOfPlan(
  db: Queryable,
  organisationId: string,
  planKey: string,
  now: Date,
): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `SELECT DISTINCT s.customer_id AS id
       FROM subscription AS s
       JOIN customer AS c ON c.organisation_id = s.organisation_id AND c.id = s.customer_id
       LEFT JOIN test_clock AS t ON t.organisation_id = c.organisation_id AND t.id = c.test_clock_id
       LEFT JOIN LATERAL (
         SELECT plan_id FROM subscription_phase AS p
          WHERE p.organisation_id = s.organisation_id AND p.subscription_id = s.id AND p.from_at <= coalesce(t.now, $3)
          ORDER BY p.from_at DESC LIMIT 1) AS phase ON true
       JOIN plan ON plan.organisation_id = s.organisation_id AND plan.id = coalesce(phase.plan_id, s.plan_id)
      WHERE s.organisation_id = $1 AND plan.key = $2 AND s.start_at <= coalesce(t.now, $3)
      ORDER BY 1`,
    [organisationId, planKey, now],
  );
  return rows.map(({ id }) => id);
}

/** The next customers behind one, by id: of a list, or of everybody up to the last there was. */
export async function nextCustomers(
  db: Queryable,
  organisationId: string,
  { customerIds, lastId }: { readonly customerIds: readonly string[] | null; readonly lastId: string | null },
  after: string | null,
  limit: number,
): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `SELECT id FROM customer
      WHERE organisation_id = $1 AND ($2::uuid IS NULL OR id > $2)
        AND CASE WHEN $3::uuid[] IS NULL THEN id <= $4::uuid ELSE id = ANY($3) END
      ORDER BY id LIMIT $5`,
    [organisationId, after, customerIds, lastId, limit],
  );
  return rows.map(({ id }) => id);
}
