import { Decimal, scaledFromDecimal } from '../../kernel';
import type { Queryable } from '../../platform/database';
import type { Cap, CapKind, CapPeriod, Measure, ScopeField, SetBy } from '../domain';
import type { EntitlementRules, EntitlementSettings, WalletRule } from '../rules';

interface CapRow {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly set_by: SetBy;
  readonly customer_id: string | null;
  readonly scope: Readonly<Partial<Record<ScopeField, string>>>;
  readonly each_of: readonly ScopeField[];
  readonly measure: Measure;
  readonly currency: string | null;
  readonly meter_id: string | null;
  readonly period: CapPeriod;
  readonly rolling_seconds: number | null;
  readonly kind: CapKind;
  readonly models: readonly string[] | null;
  readonly limit_amount: string;
  readonly thresholds: readonly string[];
  readonly forecast: boolean;
  readonly from_batch: string;
  readonly active_at: Date | null;
  readonly raises: readonly { readonly limit: string; readonly until: string }[];
}

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
  const caps = (
    await db.query<CapRow>(
      `SELECT cap.*, COALESCE((SELECT jsonb_agg(jsonb_build_object('limit', raise.limit_amount::text, 'until', raise.until))
                                 FROM cap_raise AS raise
                                WHERE raise.organisation_id = cap.organisation_id AND raise.cap_id = cap.id), '[]') AS raises
         FROM cap WHERE cap.organisation_id = $1 AND cap.archived_at IS NULL
        ORDER BY cap.set_by = 'customer', cap.customer_id IS NOT NULL, cap.created_at, cap.id`,
      [organisationId],
    )
  ).map(toCap);
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

function toCap(row: CapRow): Cap {
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
    limit: scaled(row.limit_amount),
    raises: row.raises.map(({ limit, until }) => ({ limit: scaled(limit), until: Date.parse(until) })),
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
    unknownPriceAmount: row.unknown_price_amount === null ? null : scaled(row.unknown_price_amount),
    defaultTtlSeconds: row.default_ttl_seconds ?? 600,
    longestTtlSeconds: row.longest_ttl_seconds ?? 86_400,
    sizingRisk: new Decimal(row.sizing_risk ?? '0.05'),
    away:
      row.away_amount === null || row.away_holds === null
        ? null
        : { amount: scaled(row.away_amount), holds: row.away_holds },
  };
}

function scaled(text: string): bigint {
  return scaledFromDecimal(new Decimal(text));
}
