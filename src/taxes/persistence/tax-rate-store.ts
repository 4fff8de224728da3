import { Decimal, decimalText, newUuid } from '../../kernel';
import type { Queryable } from '../../platform/database';
import type { NewTaxRate, StoredTaxRate } from '../domain';

/** A version of a rate with its history. */
export interface DatedTaxRate extends StoredTaxRate {
  readonly createdAt: Date;
  /** Since when no invoice that is made bears it; null while it may be borne. */
  readonly archivedAt: Date | null;
}

/** Which rates: the versions of a key, one by its id, or a page of a list. */
export interface TaxRateQuery {
  readonly key?: string;
  readonly id?: string;
  readonly country?: string;
  /** Without it, those that were archived are among them. */
  readonly archived?: false;
  /** The key and id that the page before ended with. */
  readonly after?: readonly [string, string] | null;
  readonly limit?: number;
}

interface TaxRateRow {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly tax: string;
  readonly percent: string;
  readonly behaviour: StoredTaxRate['behaviour'];
  readonly category: StoredTaxRate['category'];
  readonly reason: string | null;
  readonly country: string | null;
  readonly region: string | null;
  readonly city: string | null;
  readonly tax_code: string | null;
  readonly valid_from: string | null;
  readonly valid_to: string | null;
  readonly created_at: Date;
  readonly archived_at: Date | null;
}

/** Days leave the database as text: a day has no zone that a `Date` could be in. */
const COLUMNS = `id, key, name, tax, percent, behaviour, category, reason, country, region, city, tax_code,
  valid_from::text AS valid_from, valid_to::text AS valid_to, created_at, archived_at`;

/** All rates that lines may bear. */
export async function loadTaxRates(db: Queryable, organisationId: string): Promise<DatedTaxRate[]> {
  const rows = await db.query<TaxRateRow>(
    `SELECT ${COLUMNS} FROM tax_rate WHERE organisation_id = $1 AND archived_at IS NULL ORDER BY key, id`,
    [organisationId],
  );
  return rows.map(toTaxRate);
}

/** Rates by key, versions of one in the order in which they were added. */
export async function findTaxRates(
  db: Queryable,
  organisationId: string,
  query: TaxRateQuery,
): Promise<DatedTaxRate[]> {
  const [key, id] = query.after ?? [null, null];
  const rows = await db.query<TaxRateRow>(
    `SELECT ${COLUMNS} FROM tax_rate
      WHERE organisation_id = $1 AND ($2::text IS NULL OR key = $2) AND ($3::uuid IS NULL OR id = $3)
        AND ($4::text IS NULL OR country = $4) AND ($5::boolean OR archived_at IS NULL)
        AND ($6::text IS NULL OR (key COLLATE "C", id) > ($6 COLLATE "C", $7::uuid))
      ORDER BY key COLLATE "C", id LIMIT $8`,
    [
      ...[organisationId, query.key ?? null, query.id ?? null, query.country ?? null, query.archived ?? true],
      ...[key, id, query.limit ?? null],
    ],
  );
  return rows.map(toTaxRate);
}

export async function insertTaxRate(
  db: Queryable,
  organisationId: string,
  rate: NewTaxRate,
  now: Date,
): Promise<DatedTaxRate> {
  const id = newUuid();
  await db.query(
    `INSERT INTO tax_rate (organisation_id, id, key, name, tax, percent, behaviour, category, reason, country, region,
       city, tax_code, valid_from, valid_to, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
    [
      ...[organisationId, id, rate.key, rate.name, rate.tax, decimalText(rate.percent), rate.behaviour, rate.category],
      ...[rate.reason, rate.country, rate.region, rate.city, rate.taxCode, rate.validFrom, rate.validTo, now],
    ],
  );
  return { ...rate, id, createdAt: now, archivedAt: null };
}

export async function archiveTaxRates(
  db: Queryable,
  organisationId: string,
  ids: readonly string[],
  now: Date,
): Promise<void> {
  await db.query('UPDATE tax_rate SET archived_at = $3 WHERE organisation_id = $1 AND id = ANY ($2::uuid[])', [
    organisationId,
    ids,
    now,
  ]);
}

function toTaxRate(row: TaxRateRow): DatedTaxRate {
  const { id, key, name, tax, behaviour, category, reason, country, region, city } = row;
  return {
    ...{ id, key, name, tax, behaviour, category, reason, country, region, city },
    percent: new Decimal(row.percent),
    taxCode: row.tax_code,
    validFrom: row.valid_from,
    validTo: row.valid_to,
    createdAt: row.created_at,
    archivedAt: row.archived_at,
  };
}
