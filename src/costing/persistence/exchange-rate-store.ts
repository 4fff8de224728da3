import { newUuid } from '../../kernel';
import type { Queryable } from '../../platform/database';
import type { ExchangeRate } from '../domain/exchange-rates';

export interface StoredExchangeRate extends ExchangeRate {
  readonly id: string;
  readonly createdAt: string;
  /** When a corrected one took its place; null for the one that counts. */
  readonly replacedAt: string | null;
}

/** What became of a list of rates. */
export interface SavedRates {
  readonly added: number;
  readonly replaced: number;
  readonly unchanged: number;
}

interface ExchangeRateRow {
  id: string;
  base: string;
  quote: string;
  rate: string;
  valid_from: Date;
  created_at: Date;
  replaced_at: Date | null;
}

/** The rates that count, for compiling. */
export async function loadExchangeRates(db: Queryable, organisationId: string): Promise<ExchangeRate[]> {
  const rows = await db.query<ExchangeRateRow>(
    `SELECT base, quote, rate::text AS rate, valid_from FROM exchange_rate
      WHERE organisation_id = $1 AND replaced_at IS NULL ORDER BY valid_from`,
    [organisationId],
  );
  return rows.map(({ base, quote, rate, valid_from }) => ({ base, quote, rate, validFrom: valid_from.toISOString() }));
}

/**
 * Stores rates, each for its pair and instant. The same rate again changes nothing; another one takes the former's
 * place, which is kept. The caller keeps others from doing so at the same time.
 */
export async function saveExchangeRates(
  db: Queryable,
  organisationId: string,
  rates: readonly ExchangeRate[],
  now: Date,
): Promise<SavedRates> {
  const incoming = [
    organisationId,
    rates.map((rate) => rate.base),
    rates.map((rate) => rate.quote),
    rates.map((rate) => rate.rate),
    rates.map((rate) => rate.validFrom),
  ];
  const replaced = await db.query(
    `WITH replaced AS (
       UPDATE exchange_rate AS stored SET replaced_at = $6
         FROM unnest($2::text[], $3::text[], $4::numeric[], $5::timestamptz[]) AS incoming (base, quote, rate, valid_from)
        WHERE stored.organisation_id = $1 AND stored.replaced_at IS NULL
          AND (stored.base, stored.quote, stored.valid_from) = (incoming.base, incoming.quote, incoming.valid_from)
          AND stored.rate <> incoming.rate
       RETURNING 1)
     SELECT FROM replaced`,
    [...incoming, now],
  );
  const inserted = await db.query(
    `WITH inserted AS (
       INSERT INTO exchange_rate (organisation_id, id, base, quote, rate, valid_from, created_at)
       SELECT $1, id, base, quote, rate, valid_from, $6
         FROM unnest($2::text[], $3::text[], $4::numeric[], $5::timestamptz[], $7::uuid[])
           AS incoming (base, quote, rate, valid_from, id)
       ON CONFLICT (organisation_id, base, quote, valid_from) WHERE replaced_at IS NULL DO NOTHING
       RETURNING 1)
     SELECT FROM inserted`,
    [...incoming, now, rates.map(() => newUuid())],
  );
  return {
    added: inserted.length - replaced.length,
    replaced: replaced.length,
    unchanged: rates.length - inserted.length,
  };
}

/** Which rates a list shows. */
export interface RateFilter {
  readonly base: string | null;
  readonly quote: string | null;
  readonly withReplaced: boolean;
}

/** Rates by pair and time, after a position of `[base, quote, validFrom, id]`. */
export async function findExchangeRates(
  db: Queryable,
  organisationId: string,
  filter: RateFilter,
  after: readonly string[] | null,
  limit: number,
): Promise<StoredExchangeRate[]> {
  const [base = null, quote = null, validFrom = null, id = null] = after ?? [];
  const rows = await db.query<ExchangeRateRow>(
    `SELECT id, base, quote, rate::text AS rate, valid_from, created_at, replaced_at FROM exchange_rate
      WHERE organisation_id = $1 AND ($2::text IS NULL OR base = $2) AND ($3::text IS NULL OR quote = $3)
        AND ($4 OR replaced_at IS NULL)
        AND ($5::text IS NULL OR (base::text, quote::text, valid_from, id) > ($5, $6::text, $7::timestamptz, $8::uuid))
      ORDER BY base::text, quote::text, valid_from, id LIMIT $9`,
    [organisationId, filter.base, filter.quote, filter.withReplaced, base, quote, validFrom, id, limit],
  );
  return rows.map((row) => ({
    id: row.id,
    base: row.base,
    quote: row.quote,
    rate: row.rate,
    validFrom: row.valid_from.toISOString(),
    createdAt: row.created_at.toISOString(),
    replacedAt: row.replaced_at?.toISOString() ?? null,
  }));
}
