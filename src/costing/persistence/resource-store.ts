import type { Filter } from '../../catalog';
import { newUuid } from '../../kernel';
import type { Queryable } from '../../platform/database';
import type { Resource, ResourcePrice } from '../domain';

export interface StoredResourcePrice extends ResourcePrice {
  readonly createdAt: string;
}

export interface StoredResource extends Resource {
  readonly createdAt: string;
  /** In the order in which they were added. */
  readonly prices: readonly StoredResourcePrice[];
}

interface ResourceRow {
  id: string;
  key: string;
  name: string;
  unit: string;
  event_type: string | null;
  field: string | null;
  filters: Filter[];
  created_at: Date;
}

interface ResourcePriceRow {
  id: string;
  resource_id: string;
  amount: string;
  per: string;
  currency: string;
  valid_from: Date | null;
  valid_to: Date | null;
  created_at: Date;
}

const RESOURCE = 'id, key, name, unit, event_type, field, filters, created_at';
const PRICE = 'id, resource_id, amount::text AS amount, per::text AS per, currency, valid_from, valid_to, created_at';

/** Which resources: one by its id or key, or those after an id. */
export type ResourceSelection =
  { readonly id: string } | { readonly key: string } | { readonly after: string | null; readonly limit: number };

/** An organisation's resources with their prices, by id. */
export async function findResources(
  db: Queryable,
  organisationId: string,
  selection: ResourceSelection,
): Promise<StoredResource[]> {
  const [condition, value] =
    'id' in selection
      ? ['id = $2', selection.id]
      : 'key' in selection
        ? ['key = $2', selection.key]
        : ['($2::uuid IS NULL OR id > $2)', selection.after];
  const limit = 'limit' in selection ? selection.limit : 1;
  const rows = await db.query<ResourceRow>(
    `SELECT ${RESOURCE} FROM resource WHERE organisation_id = $1 AND ${condition} ORDER BY id LIMIT $3`,
    [organisationId, value, limit],
  );
  return withPrices(db, organisationId, rows);
}

/** All of an organisation's resources, for costing. */
export async function loadResources(db: Queryable, organisationId: string): Promise<StoredResource[]> {
  const rows = await db.query<ResourceRow>(`SELECT ${RESOURCE} FROM resource WHERE organisation_id = $1 ORDER BY id`, [
    organisationId,
  ]);
  return rows.length === 0 ? [] : withPrices(db, organisationId, rows);
}

export async function countResources(db: Queryable, organisationId: string): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM resource WHERE organisation_id = $1',
    [organisationId],
  );
  return row?.count ?? 0;
}

export async function insertResource(
  db: Queryable,
  organisationId: string,
  resource: Resource,
  now: Date,
): Promise<void> {
  const { id, key, name, unit, eventType, field, filters } = resource;
  await db.query(
    `INSERT INTO resource (organisation_id, id, key, name, unit, event_type, field, filters, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [organisationId, id, key, name, unit, eventType, field, JSON.stringify(filters), now],
  );
}

/** Adds a price. The caller keeps others from adding to the same resource at the same time. */
export async function insertResourcePrice(
  db: Queryable,
  organisationId: string,
  resourceId: string,
  price: Omit<ResourcePrice, 'id'>,
  now: Date,
): Promise<void> {
  await db.query(
    `INSERT INTO resource_price (organisation_id, id, resource_id, amount, per, currency, valid_from, valid_to, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      organisationId,
      newUuid(),
      resourceId,
      price.amount,
      price.per,
      price.currency,
      price.validFrom,
      price.validTo,
      now,
    ],
  );
}

async function withPrices(
  db: Queryable,
  organisationId: string,
  rows: readonly ResourceRow[],
): Promise<StoredResource[]> {
  const prices = await db.query<ResourcePriceRow>(
    `SELECT ${PRICE} FROM resource_price WHERE organisation_id = $1 AND resource_id = ANY($2::uuid[])
      ORDER BY created_at, id`,
    [organisationId, rows.map((row) => row.id)],
  );
  return rows.map((row) => ({
    id: row.id,
    key: row.key,
    name: row.name,
    unit: row.unit,
    eventType: row.event_type,
    field: row.field,
    filters: row.filters,
    createdAt: row.created_at.toISOString(),
    prices: prices.filter((price) => price.resource_id === row.id).map(toPrice),
  }));
}

function toPrice(row: ResourcePriceRow): StoredResourcePrice {
  const { id, amount, per, currency } = row;
  return {
    id,
    amount,
    per,
    currency,
    validFrom: row.valid_from?.toISOString() ?? null,
    validTo: row.valid_to?.toISOString() ?? null,
    createdAt: row.created_at.toISOString(),
  };
}
