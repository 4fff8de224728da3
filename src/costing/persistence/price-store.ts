import { createHash } from 'node:crypto';
import type { PoolClient } from 'pg';
import type { Queryable } from '../../platform/database';
import {
  type CatalogueProvider,
  type ModelPrice,
  compileModelPrice,
  compileOwnPrice,
  type LivePriceRow,
  type OwnPrice,
  type PriceRow,
} from '../domain';

/** What a price says beside whose it is and when it holds; this is what is stored as JSON. */
type Definition = Omit<PriceRow, 'provider' | 'model' | 'validFrom' | 'validTo' | 'position'>;

export interface StoredPriceRow extends PriceRow {
  readonly id: number;
  /** Null for the public catalogue's. */
  readonly organisationId: string | null;
}

/** A row of the table. */
export interface ModelPriceRow {
  id: number;
  organisation_id: string | null;
  provider: string;
  model: string;
  position: number;
  definition: Definition;
  valid_from: Date | null;
  valid_to: Date | null;
}

export const PRICE_COLUMNS = 'id, organisation_id, provider, model, position, definition, valid_from, valid_to';

export function toStoredRow(row: ModelPriceRow): StoredPriceRow {
  return {
    ...row.definition,
    id: row.id,
    organisationId: row.organisation_id,
    provider: row.provider,
    model: row.model,
    position: row.position,
    validFrom: row.valid_from?.toISOString() ?? null,
    validTo: row.valid_to?.toISOString() ?? null,
  };
}

function definitionOf(row: PriceRow): Definition {
  const {
    match,
    dailyFrom,
    dailyTo,
    currency,
    units,
    serviceClass = null,
    factor = null,
    contract = null,
    name = null,
  } = row;
  return { match, dailyFrom, dailyTo, currency, units, serviceClass, factor, contract, name };
}

/** Tells two prices of one model apart by everything they say. */
function hashOf(row: PriceRow): Buffer {
  return createHash('sha256')
    .update(JSON.stringify([definitionOf(row), row.validFrom, row.validTo]))
    .digest();
}

/** A row of the public catalogue as another catalogue is compared with it. */
export function toLiveRow(row: ModelPriceRow): LivePriceRow {
  const { organisationId: _nobody, ...live } = toStoredRow(row);
  return live;
}

/** A price as its columns have it, for JSON that becomes rows. */
export function storedPrice(row: PriceRow) {
  return {
    provider: row.provider,
    model: row.model,
    position: row.position,
    definition: definitionOf(row),
    hash: hashOf(row).toString('hex'),
    valid_from: row.validFrom,
    valid_to: row.validTo,
  };
}

/** Any number that only loading the catalogue locks on. */
const CATALOGUE_LOCK = 0x63617461;

/** Keeps others from changing the public catalogue until the transaction ends. */
export async function lockCatalogue(client: PoolClient): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock($1)', [CATALOGUE_LOCK]);
}

/**
 * Brings the stored public catalogue to a version: rows it has anew are added, rows it no longer has are retired, and
 * rows that stay keep their ids, since events point to them. Does nothing when that version is stored already, nor once
 * the operator has approved a refresh: a release, older or newer, does not undo that (docs/catalogue-refresh.md).
 */
export async function storeCatalogue(
  client: PoolClient,
  catalogue: { version: string; providers: readonly CatalogueProvider[]; rows: readonly PriceRow[] },
): Promise<void> {
  await lockCatalogue(client);
  const { rows: stored } = await client.query<{ version: string; origin: string }>(
    'SELECT version, origin FROM price_catalogue',
  );
  if (stored[0]?.version === catalogue.version || stored[0]?.origin === 'approved') return;

  const rows = catalogue.rows.map((row) => ({
    ...row,
    definition: definitionOf(row),
    hash: hashOf(row).toString('hex'),
  }));
  await client.query(
    `CREATE TEMPORARY TABLE incoming ON COMMIT DROP AS
     SELECT provider, model, position, definition, decode(hash, 'hex') AS definition_hash,
            "validFrom" AS valid_from, "validTo" AS valid_to
       FROM jsonb_to_recordset($1::jsonb)
         AS row (provider text, model text, position int, definition jsonb, hash text, "validFrom" timestamptz, "validTo" timestamptz)`,
    [JSON.stringify(rows)],
  );
  await client.query(
    `UPDATE model_price AS price SET position = incoming.position FROM incoming
      WHERE price.organisation_id IS NULL AND price.retired_at IS NULL
        AND (price.provider, price.model, price.definition_hash) = (incoming.provider, incoming.model, incoming.definition_hash)`,
  );
  await client.query(
    `UPDATE model_price AS price SET retired_at = now()
      WHERE organisation_id IS NULL AND retired_at IS NULL
        AND NOT EXISTS (SELECT FROM incoming
              WHERE (price.provider, price.model, price.definition_hash) = (incoming.provider, incoming.model, incoming.definition_hash))`,
  );
  await client.query(
    `INSERT INTO model_price (provider, model, position, definition, definition_hash, valid_from, valid_to, created_at)
     SELECT provider, model, position, definition, definition_hash, valid_from, valid_to, now() FROM incoming ORDER BY position
     ON CONFLICT DO NOTHING`,
  );
  await client.query(
    `INSERT INTO price_catalogue (version, providers, loaded_at) VALUES ($1, $2, now())
     ON CONFLICT (only_row) DO UPDATE SET version = excluded.version, providers = excluded.providers, loaded_at = excluded.loaded_at`,
    [catalogue.version, JSON.stringify(catalogue.providers)],
  );
}

/** Version of the stored public catalogue, to see whether the one in memory is still it. */
export async function storedCatalogueVersion(db: Queryable): Promise<string> {
  const [stored] = await db.query<{ version: string }>('SELECT version FROM price_catalogue', []);
  return stored?.version ?? '';
}

/** The stored public catalogue, ready for costing. */
export async function loadCatalogue(db: Queryable): Promise<{ providers: CatalogueProvider[]; prices: ModelPrice[] }> {
  const [stored] = await db.query<{ providers: CatalogueProvider[] }>('SELECT providers FROM price_catalogue', []);
  const rows = await db.query<ModelPriceRow>(
    `SELECT ${PRICE_COLUMNS} FROM model_price WHERE organisation_id IS NULL AND retired_at IS NULL`,
    [],
  );
  return { providers: stored?.providers ?? [], prices: rows.map((row) => compileModelPrice(toStoredRow(row))) };
}

/** An organisation's own prices, ready for costing. */
export async function loadOwnPrices(db: Queryable, organisationId: string): Promise<OwnPrice[]> {
  const rows = await db.query<ModelPriceRow>(
    `SELECT ${PRICE_COLUMNS} FROM model_price WHERE organisation_id = $1 AND retired_at IS NULL`,
    [organisationId],
  );
  return rows.map((row) => compileOwnPrice(toStoredRow(row)));
}

/** Prices with these ids, retired ones too: an old event was costed by them. */
export async function findPrices(db: Queryable, ids: readonly number[]): Promise<Map<number, StoredPriceRow>> {
  const rows = await db.query<ModelPriceRow>(`SELECT ${PRICE_COLUMNS} FROM model_price WHERE id = ANY($1::int[])`, [
    ids,
  ]);
  return new Map(rows.map((row) => [row.id, toStoredRow(row)]));
}

/** Stores an own price, or finds the one that says exactly the same. */
export async function insertOwnPrice(
  db: Queryable,
  organisationId: string,
  row: PriceRow,
  now: Date,
): Promise<{ readonly price: StoredPriceRow; readonly added: boolean }> {
  const hash = hashOf(row);
  const inserted = await db.query<ModelPriceRow>(
    `INSERT INTO model_price (organisation_id, provider, model, position, definition, definition_hash, valid_from, valid_to, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING RETURNING ${PRICE_COLUMNS}`,
    [organisationId, row.provider, row.model, row.position, definitionOf(row), hash, row.validFrom, row.validTo, now],
  );
  if (inserted.length > 0) return { price: toStoredRow(inserted[0]!), added: true };
  const existing = await db.query<ModelPriceRow>(
    `SELECT ${PRICE_COLUMNS} FROM model_price
      WHERE organisation_id = $1 AND provider = $2 AND model = $3 AND definition_hash = $4 AND retired_at IS NULL`,
    [organisationId, row.provider, row.model, hash],
  );
  return { price: toStoredRow(existing[0]!), added: false };
}
