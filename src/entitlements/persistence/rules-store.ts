import { Decimal, scaledFromText } from '../../kernel';
import type { Queryable } from '../../platform/database';
import type { Cap } from '../domain';
import type { EntitlementRules, EntitlementSettings, WalletRule } from '../rules';
import { type RaiseRow, raisesOf, type StoredCap } from './cap-store';

interface WalletRow {
  readonly id: string;
  readonly customer_id: string;
  readonly currency: string | null;
  readonly burns: Readonly<Record<string, string>> | null;
}

interface OrganisationRow {
  readonly currency: string;
  readonly loops: boolean;
  readonly time_zone: string | null;
  readonly unknown_price_amount: string | null;
  readonly default_ttl_seconds: number | null;
  readonly longest_ttl_seconds: number | null;
  readonly sizing_risk: string | null;
  readonly away_amount: string | null;
  readonly away_holds: number | null;
}

/** Reads everything of an organisation that decides. @param revision as the caller's transaction read it */
export async function loadRules(db: Queryable, organisationId: string, revision: string): Promise<EntitlementRules> {
  const [organisation] = await db.query<OrganisationRow>(
    `SELECT organisation.currency, settings.*,
            EXISTS (SELECT FROM loop_rule WHERE loop_rule.organisation_id = organisation.id) AS loops
       FROM organisation LEFT JOIN entitlement_settings AS settings ON settings.organisation_id = organisation.id
      WHERE organisation.id = $1`,
    [organisationId],
  );
  const stored = await db.query<StoredCap>(
    `SELECT * FROM cap WHERE organisation_id = $1 AND archived_at IS NULL
      ORDER BY set_by = 'customer', customer_id IS NOT NULL, created_at, id`,
    [organisationId],
  );
  const raises = await raisesOf(db, organisationId, stored.map(({ id }) => id)); // prettier-ignore
  const caps = stored.map((row) => capOf(row, raises.get(row.id)!));
  const wallets = (
    await db.query<WalletRow>(
      `SELECT id, customer_id, currency, burns FROM wallet WHERE organisation_id = $1 AND archived_at IS NULL ORDER BY id`,
      [organisationId],
    )
  ).map(toWalletRule);
  return {
    organisationId,
    revision,
    caps,
    capsById: new Map(caps.map((cap) => [cap.id, cap])),
    wallets,
    meters: new Set([
      ...caps.flatMap(({ meterId }) => (meterId === null ? [] : [meterId])),
      ...wallets.flatMap(({ burns }) => [...burns.keys()]),
    ]),
    loops: organisation!.loops,
    spendOf: spendOf(caps, wallets),
    settings: toSettings(organisation!),
    costCurrency: organisation!.currency,
  };
}

/** A cap as it decides. */
export function capOf(row: StoredCap, raises: readonly RaiseRow[]): Cap {
  return {
    id: row.id,
    key: row.key,
    name: row.name,
    setBy: row.set_by,
    scope: row.customer_id === null ? row.scope : { ...row.scope, customer: row.customer_id },
    each: row.each_of,
    measure: row.measure,
    currency: row.currency,
    meterId: row.meter_id,
    period: row.period,
    rollingSeconds: row.rolling_seconds,
    kind: row.kind,
    models: row.models ?? [],
    limit: scaledFromText(row.limit_amount),
    raises: raises.map(({ limit_amount, until }) => ({ limit: scaledFromText(limit_amount), until: until.getTime() })),
    thresholds: row.thresholds.map(Number),
    forecast: row.forecast,
    fromBatch: Number(row.from_batch),
    active: row.active_at !== null,
  };
}

function toWalletRule({ id, customer_id, currency, burns }: WalletRow): WalletRule {
  const table = Object.entries(burns ?? {}).map(([meterId, units]) => [meterId, new Decimal(units)] as const);
  return { id, customerId: customer_id, currency, burns: new Map(table) };
}

function spendOf(caps: readonly Cap[], wallets: readonly WalletRule[]): ReadonlySet<string> | 'all' {
  const customers = new Set(wallets.filter(({ currency }) => currency !== null).map(({ customerId }) => customerId));
  for (const { measure, scope } of caps) {
    if (measure !== 'spend') continue;
    if (scope.customer === undefined) return 'all';
    customers.add(scope.customer);
  }
  return customers;
}

function toSettings(row: OrganisationRow): EntitlementSettings {
  return {
    timeZone: row.time_zone ?? 'UTC',
    unknownPriceAmount: row.unknown_price_amount === null ? null : scaledFromText(row.unknown_price_amount),
    defaultTtlSeconds: row.default_ttl_seconds ?? 600,
    longestTtlSeconds: row.longest_ttl_seconds ?? 86_400,
    sizingRisk: new Decimal(row.sizing_risk ?? '0.05'),
    away:
      row.away_amount === null || row.away_holds === null
        ? null
        : { amount: scaledFromText(row.away_amount), holds: row.away_holds },
  };
}
