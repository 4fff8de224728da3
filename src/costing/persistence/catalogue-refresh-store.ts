import type { PoolClient } from 'pg';
import type { GenaiCatalogue } from '../catalogue';
import type { CatalogueChange, CatalogueProvider, LivePriceRow, PriceRow, RefreshPlan } from '../domain';
import { lockCatalogue, storedPrice, toLiveRow, type ModelPriceRow } from './price-store';

/** A catalogue that was compared with the stored one, and waits for the operator's word or has had it. */
export interface CatalogueRefresh {
  readonly id: string;
  readonly version: string;
  /** Version of the stored catalogue that `changes` are from. */
  readonly comparedWith: string;
  readonly source: string;
  readonly changes: readonly CatalogueChange[];
  readonly status: 'proposed' | 'applied';
  readonly createdAt: Date;
  readonly appliedAt: Date | null;
  /** From when on its prices hold, once applied; null: from the beginning. */
  readonly validFrom: Date | null;
}

interface RefreshRow {
  id: string;
  version: string;
  compared_with: string;
  source: string;
  changes: CatalogueChange[];
  status: 'proposed' | 'applied';
  created_at: Date;
  applied_at: Date | null;
  valid_from: Date | null;
}

const COLUMNS = 'id, version, compared_with, source, changes, status, created_at, applied_at, valid_from';

function toRefresh(row: RefreshRow): CatalogueRefresh {
  const { id, version, source, changes, status } = row;
  return {
    id,
    version,
    comparedWith: row.compared_with,
    source,
    changes,
    status,
    createdAt: row.created_at,
    appliedAt: row.applied_at,
    validFrom: row.valid_from,
  };
}

/** The stored catalogue as it stands; others that would change it wait until the transaction ends. */
export async function lockStoredCatalogue(client: PoolClient): Promise<{ version: string; rows: LivePriceRow[] }> {
  await lockCatalogue(client);
  const catalogue = await client.query<{ version: string }>('SELECT version FROM price_catalogue');
  const prices = await client.query<ModelPriceRow>(
    'SELECT * FROM model_price WHERE organisation_id IS NULL AND retired_at IS NULL ORDER BY id',
  );
  return { version: catalogue.rows[0]?.version ?? '', rows: prices.rows.map(toLiveRow) };
}

export async function insertRefresh(
  client: PoolClient,
  refresh: CatalogueRefresh,
  catalogue: GenaiCatalogue,
): Promise<void> {
  await client.query(
    `INSERT INTO catalogue_refresh (id, version, compared_with, source, catalogue, changes, status, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      refresh.id,
      refresh.version,
      refresh.comparedWith,
      refresh.source,
      JSON.stringify({ providers: catalogue.providers, rows: catalogue.rows }),
      JSON.stringify(refresh.changes),
      refresh.status,
      refresh.createdAt,
    ],
  );
}

/** A refresh with the catalogue it would bring; null when there is none of this id. */
export async function findRefresh(
  client: PoolClient,
  id: string,
): Promise<{ refresh: CatalogueRefresh; providers: CatalogueProvider[]; rows: PriceRow[] } | null> {
  const { rows: found } = await client.query<
    RefreshRow & { catalogue: { providers: CatalogueProvider[]; rows: PriceRow[] } }
  >(`SELECT ${COLUMNS}, catalogue FROM catalogue_refresh WHERE id = $1 FOR UPDATE`, [id]);
  return found[0] === undefined ? null : { refresh: toRefresh(found[0]), ...found[0].catalogue };
}

/** Refreshes, newest first, older than the one named. */
export async function listRefreshes(
  client: PoolClient,
  before: string | null,
  limit: number,
): Promise<CatalogueRefresh[]> {
  const { rows } = await client.query<RefreshRow>(
    `SELECT ${COLUMNS} FROM catalogue_refresh WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2`,
    [before, limit],
  );
  return rows.map(toRefresh);
}

/**
 * Makes the stored catalogue what a plan says, marks the refresh, and tells every process: each organisation's books are
 * loaded anew before its next commit. From now on a start leaves the catalogue alone.
 */
export async function applyRefresh(
  client: PoolClient,
  refresh: CatalogueRefresh,
  providers: readonly CatalogueProvider[],
  plan: RefreshPlan,
  validFrom: Date | null,
  now: Date,
): Promise<void> {
  await client.query('UPDATE model_price SET retired_at = $2 WHERE id = ANY ($1::int[])', [plan.retired, now]);
  await client.query(
    `UPDATE model_price AS price
        SET position = changed.position, definition = changed.definition,
            definition_hash = decode(changed.hash, 'hex'), valid_to = changed.valid_to
       FROM jsonb_to_recordset($1::jsonb)
         AS changed (id int, position int, definition jsonb, hash text, valid_to timestamptz)
      WHERE price.id = changed.id AND price.organisation_id IS NULL`,
    [JSON.stringify(plan.updates.map((row) => ({ id: row.id, ...storedPrice(row) })))],
  );
  await client.query(
    `INSERT INTO model_price (provider, model, position, definition, definition_hash, valid_from, valid_to, created_at)
     SELECT provider, model, position, definition, decode(hash, 'hex'), valid_from, valid_to, $2
       FROM jsonb_to_recordset($1::jsonb)
         AS row (provider text, model text, position int, definition jsonb, hash text, valid_from timestamptz, valid_to timestamptz)
      ORDER BY position`,
    [JSON.stringify(plan.inserts.map(storedPrice)), now],
  );
  await client.query(`UPDATE price_catalogue SET version = $1, providers = $2, loaded_at = $3, origin = 'approved'`, [
    refresh.version,
    JSON.stringify(providers),
    now,
  ]);
  await client.query(
    `UPDATE catalogue_refresh SET status = 'applied', applied_at = $2, valid_from = $3 WHERE id = $1`,
    [refresh.id, now, validFrom],
  );
  await client.query('UPDATE organisation SET catalog_revision = catalog_revision + 1');
}
