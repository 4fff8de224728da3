import type { Queryable } from '../../platform/database';

/** What an organisation wants of caps and holds, as it is stored; decimals are text. */
export interface StoredSettings {
  readonly time_zone: string;
  readonly unknown_price_amount: string | null;
  readonly default_ttl_seconds: number;
  readonly longest_ttl_seconds: number;
  readonly sizing_risk: string;
  readonly away_amount: string | null;
  readonly away_holds: number | null;
}

/** What holds where nothing was ever set. */
export const DEFAULT_SETTINGS: StoredSettings = {
  time_zone: 'UTC',
  unknown_price_amount: null,
  default_ttl_seconds: 600,
  longest_ttl_seconds: 86_400,
  sizing_risk: '0.05',
  away_amount: null,
  away_holds: null,
};

export async function findSettings(db: Queryable, organisationId: string): Promise<StoredSettings> {
  const [found] = await db.query<StoredSettings>(
    `SELECT time_zone, unknown_price_amount, default_ttl_seconds, longest_ttl_seconds, sizing_risk, away_amount, away_holds
       FROM entitlement_settings WHERE organisation_id = $1`,
    [organisationId],
  );
  return found ?? DEFAULT_SETTINGS;
}

export async function saveSettings(
  db: Queryable,
  organisationId: string,
  settings: StoredSettings,
  now: Date,
): Promise<void> {
  await db.query(
    `INSERT INTO entitlement_settings (organisation_id, time_zone, unknown_price_amount, default_ttl_seconds,
            longest_ttl_seconds, sizing_risk, away_amount, away_holds, changed_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     ON CONFLICT (organisation_id) DO UPDATE
        SET time_zone = excluded.time_zone, unknown_price_amount = excluded.unknown_price_amount,
            default_ttl_seconds = excluded.default_ttl_seconds, longest_ttl_seconds = excluded.longest_ttl_seconds,
            sizing_risk = excluded.sizing_risk, away_amount = excluded.away_amount, away_holds = excluded.away_holds,
            changed_at = excluded.changed_at`,
    [
      ...[organisationId, settings.time_zone, settings.unknown_price_amount, settings.default_ttl_seconds],
      ...[settings.longest_ttl_seconds, settings.sizing_risk, settings.away_amount, settings.away_holds, now],
    ],
  );
}

/** Whether calendar periods of caps for all customers together run, which begin by the organisation's zone. */
export async function zoneIsInUse(db: Queryable, organisationId: string): Promise<boolean> {
  const [row] = await db.query<{ in_use: boolean }>(
    `SELECT EXISTS (SELECT FROM cap
        WHERE organisation_id = $1 AND archived_at IS NULL AND customer_id IS NULL AND NOT 'customer' = ANY (each_of)
          AND period IN ('hour', 'day', 'week', 'month')) AS in_use`,
    [organisationId],
  );
  return row!.in_use;
}
