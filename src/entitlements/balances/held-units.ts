import { Decimal } from '../../kernel';
import type { Queryable } from '../../platform/database';

/** What a customer's open holds have set aside of each meter's units, by the meter's uuid. @param at real time: so expire holds */
export async function heldUnits(
  db: Queryable,
  organisationId: string,
  customerId: string,
  at: Date,
): Promise<Map<string, Decimal>> {
  // A part of another hold is in that one already.
  const rows = await db.query<{ meter_id: string; held: string }>(
    `SELECT units.key AS meter_id, sum(units.value::numeric)::text AS held
       FROM hold, LATERAL jsonb_each_text(held::jsonb -> 'units') AS units
      WHERE organisation_id = $1 AND customer_id = $2 AND status = 'open' AND parent_id IS NULL AND expires_at > $3
      GROUP BY units.key`,
    [organisationId, customerId, at],
  );
  return new Map(rows.map(({ meter_id, held }) => [meter_id, new Decimal(held)]));
}
