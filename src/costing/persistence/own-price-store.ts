import type { Queryable } from '../../platform/database';
import { type ModelPriceRow, PRICE_COLUMNS, type StoredPriceRow, toStoredRow } from './price-store';

export interface OwnPriceFilter {
  readonly provider: string | null;
  readonly contractsOnly: boolean;
}

/** An organisation's own prices that are not retired, by their numbers. @param after the number the page before ended with */
export async function findOwnPrices(
  db: Queryable,
  organisationId: string,
  filter: OwnPriceFilter,
  after: number,
  limit: number,
): Promise<StoredPriceRow[]> {
  const rows = await db.query<ModelPriceRow>(
    `SELECT ${PRICE_COLUMNS} FROM model_price
      WHERE organisation_id = $1 AND retired_at IS NULL AND id > $2
        AND ($3::text IS NULL OR lower(provider) = lower($3))
        AND (NOT $4 OR definition->>'contract' IS NOT NULL)
      ORDER BY id LIMIT $5`,
    [organisationId, after, filter.provider, filter.contractsOnly, limit],
  );
  return rows.map(toStoredRow);
}

/** The own price of a number, or the contract of a key, that is not retired; null when there is none. */
export async function findOwnPrice(
  db: Queryable,
  organisationId: string,
  by: { readonly id: number } | { readonly contract: string },
): Promise<StoredPriceRow | null> {
  const [condition, value] = 'id' in by ? ['id = $2', by.id] : ["definition->>'contract' = $2", by.contract];
  const rows = await db.query<ModelPriceRow>(
    `SELECT ${PRICE_COLUMNS} FROM model_price WHERE organisation_id = $1 AND retired_at IS NULL AND ${condition}`,
    [organisationId, value],
  );
  return rows[0] === undefined ? null : toStoredRow(rows[0]);
}

/** Takes an own price out of the book. It stays readable by its number: events were costed by it. */
export async function retireOwnPrice(db: Queryable, organisationId: string, id: number, now: Date): Promise<void> {
  await db.query(
    'UPDATE model_price SET retired_at = $3 WHERE organisation_id = $1 AND id = $2 AND retired_at IS NULL',
    [organisationId, id, now],
  );
}
