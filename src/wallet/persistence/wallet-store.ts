import { Decimal, decimalText, newUuid, sum, ZERO } from '../../kernel';
import type { Queryable } from '../../platform/database';
import type { Burn, Grant, GrantPiece, LockedWallet, NewGrant, WalletEntry } from '../domain';
import {
  GRANT_COLUMNS,
  type GrantRow,
  heldByJson,
  toGrant,
  toLockedWallet,
  WALLET_COLUMNS,
  type WalletRow,
} from './wallet-rows';

/**
 * Locks wallets until the transaction ends, in the order of their ids, with their grants that have something left.
 *
 * @param ids those that aren't there, or are archived, are left out
 */
export async function lockWallets(
  db: Queryable,
  organisationId: string,
  ids: readonly string[],
): Promise<Map<string, LockedWallet>> {
  if (ids.length === 0) return new Map();
  const rows = await db.query<WalletRow & { test_now: Date | null }>(
    `SELECT ${WALLET_COLUMNS}, clock.now AS test_now
       FROM wallet
       JOIN customer ON (customer.organisation_id, customer.id) = (wallet.organisation_id, wallet.customer_id)
       LEFT JOIN test_clock AS clock ON (clock.organisation_id, clock.id) = (customer.organisation_id, customer.test_clock_id)
      WHERE wallet.organisation_id = $1 AND wallet.id = ANY ($2::uuid[]) AND wallet.archived_at IS NULL
      ORDER BY wallet.id FOR NO KEY UPDATE OF wallet`,
    [organisationId, [...new Set(ids)]],
  );
  const grants = await db.query<GrantRow>(
    `SELECT ${GRANT_COLUMNS} FROM wallet_grant AS grant_
      WHERE organisation_id = $1 AND wallet_id = ANY ($2::uuid[]) AND "left" > 0 ORDER BY id`,
    [organisationId, rows.map(({ id }) => id)],
  );
  return new Map(
    rows.map((row) => [
      row.id,
      toLockedWallet(
        row,
        grants.filter((each) => each.wallet_id === row.id),
        row.test_now,
      ),
    ]),
  );
}

/** Ids of wallets in money that pay invoices of customers, by customer and currency (`USD <customer>`). */
export async function moneyWalletsOf(
  db: Queryable,
  organisationId: string,
  customerIds: readonly string[],
): Promise<Map<string, string>> {
  const rows = await db.query<{ id: string; customer_id: string; currency: string }>(
    `SELECT id, customer_id, currency FROM wallet
      WHERE organisation_id = $1 AND customer_id = ANY ($2::uuid[]) AND currency IS NOT NULL AND archived_at IS NULL`,
    [organisationId, [...customerIds]],
  );
  return new Map(rows.map((row) => [`${row.currency} ${row.customer_id}`, row.id]));
}

/** Adds grants to a locked wallet that have nothing left, so that something can be given back to them. */
export async function loadEmptyGrants(
  db: Queryable,
  organisationId: string,
  wallet: LockedWallet,
  ids: readonly string[],
): Promise<void> {
  const missing = ids.filter((id) => !wallet.grants.some((grant) => grant.id === id));
  if (missing.length === 0) return;
  const rows = await db.query<GrantRow>(
    `SELECT ${GRANT_COLUMNS} FROM wallet_grant AS grant_ WHERE organisation_id = $1 AND id = ANY ($2::uuid[])`,
    [organisationId, missing],
  );
  wallet.grants = [...wallet.grants, ...rows.map(toGrant)];
}

/** Writes wallets that changed, and what their grants have left. */
export async function saveWallets(
  db: Queryable,
  organisationId: string,
  wallets: Iterable<LockedWallet>,
): Promise<void> {
  const changed = [...wallets].filter((wallet) => wallet.changed);
  if (changed.length === 0) return;
  const numbers = (of: (wallet: LockedWallet) => Decimal): string[] => changed.map((wallet) => decimalText(of(wallet)));
  await db.query(
    `UPDATE wallet SET settled = said.settled, held = said.held, held_by = said.held_by::jsonb, overdrawn = said.overdrawn,
            paid = said.paid, given = said.given, applied = said.applied, earned = said.earned,
            earned_booked = said.earned_booked, breakage = said.breakage
       FROM unnest($2::uuid[], $3::numeric[], $4::numeric[], $5::text[], $6::numeric[], $7::numeric[], $8::numeric[],
                   $9::numeric[], $10::numeric[], $11::numeric[], $12::numeric[])
              AS said (id, settled, held, held_by, overdrawn, paid, given, applied, earned, earned_booked, breakage)
      WHERE wallet.organisation_id = $1 AND wallet.id = said.id`,
    [
      organisationId,
      changed.map(({ id }) => id),
      numbers(({ settled }) => settled),
      numbers(({ held }) => held),
      changed.map(({ heldBy }) => heldByJson(heldBy)),
      numbers(({ overdraft }) => overdraft.overdrawn),
      numbers(({ totals }) => totals.paid),
      numbers(({ totals }) => totals.given),
      numbers(({ totals }) => totals.applied),
      numbers(({ totals }) => totals.earned),
      numbers(({ earnedBooked }) => earnedBooked),
      numbers(({ totals }) => totals.breakage),
    ],
  );
  const grants = changed.flatMap((wallet) => wallet.grants);
  await db.query(
    `UPDATE wallet_grant SET "left" = said.now_left, rollover_limit = said.rollover_limit
       FROM unnest($2::uuid[], $3::numeric[], $4::numeric[]) AS said (id, now_left, rollover_limit)
      WHERE wallet_grant.organisation_id = $1 AND wallet_grant.id = said.id
        AND (wallet_grant."left", wallet_grant.rollover_limit) IS DISTINCT FROM (said.now_left, said.rollover_limit)`,
    [
      organisationId,
      grants.map(({ id }) => id),
      grants.map(({ left }) => decimalText(left)),
      grants.map(({ rolloverLimit }) => (rolloverLimit === null ? null : decimalText(rolloverLimit))),
    ],
  );
  for (const wallet of changed) wallet.changed = false;
}

/** What of a grant its row says beside what burning looks at. */
export interface GrantFacts {
  readonly rolledFrom: string | null;
  readonly topUpId: string | null;
  readonly reference: string | null;
  readonly reason: string | null;
}

export async function insertGrant(
  db: Queryable,
  organisationId: string,
  walletId: string,
  grant: Grant,
  { rolledFrom, topUpId, reference, reason }: GrantFacts,
): Promise<void> {
  const { rolloverLimit, cost } = grant;
  await db.query(
    `INSERT INTO wallet_grant (organisation_id, id, wallet_id, kind, priority, starts_at, expires_at, features,
       rollover_limit, amount, "left", cost, cost_currency, rolled_from, top_up_id, granted_at, reference, reason)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text[], $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
    [
      ...[organisationId, grant.id, walletId, grant.kind, grant.priority, grant.startsAt, grant.expiresAt],
      grant.features === null ? null : [...grant.features],
      rolloverLimit === null ? null : decimalText(rolloverLimit),
      ...[decimalText(grant.amount), decimalText(grant.left)],
      cost === null ? null : decimalText(cost.amount),
      cost?.currency ?? null,
      ...[rolledFrom, topUpId, grant.grantedAt, reference, reason],
    ],
  );
}

/** Stores grants that others rolled over into. */
export async function insertRolled(
  db: Queryable,
  organisationId: string,
  walletId: string,
  grants: readonly NewGrant[],
): Promise<void> {
  for (const grant of grants) {
    const facts = { rolledFrom: grant.rolledFrom, topUpId: null, reference: null, reason: null };
    await insertGrant(db, organisationId, walletId, grant, facts);
  }
}

/** Adds to the journal, in the order given. The grants are stored by then. @returns the entries' ids */
export async function insertEntries(
  db: Queryable,
  organisationId: string,
  entries: readonly WalletEntry[],
): Promise<readonly string[]> {
  if (entries.length === 0) return [];
  const ids = entries.map(() => newUuid());
  await db.query(
    `INSERT INTO wallet_entry (organisation_id, id, wallet_id, grant_id, kind, amount, worth, feature, subscription_id,
       period_index, source_kind, source_id, at)
     SELECT $1, said.id, said.wallet_id, said.grant_id, said.kind, said.amount, said.worth, said.feature,
            said.subscription_id, said.period_index, said.source_kind, said.source_id, said.at
       FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::numeric[], $7::numeric[], $8::text[], $9::uuid[],
                   $10::int[], $11::text[], $12::text[], $13::timestamptz[])
              WITH ORDINALITY AS said (id, wallet_id, grant_id, kind, amount, worth, feature, subscription_id,
                                       period_index, source_kind, source_id, at, place)
      ORDER BY said.place`,
    [
      organisationId,
      ids,
      entries.map(({ walletId }) => walletId),
      entries.map(({ grantId }) => grantId),
      entries.map(({ kind }) => kind),
      entries.map(({ amount }) => decimalText(amount)),
      entries.map(({ worth }) => (worth === null ? null : decimalText(worth))),
      entries.map(({ feature }) => feature),
      entries.map(({ period }) => period?.subscriptionId ?? null),
      entries.map(({ period }) => period?.index ?? null),
      entries.map(({ source }) => source.kind),
      entries.map(({ source }) => source.id),
      entries.map(({ at }) => at),
    ],
  );
  return ids;
}

/** What was burned of a wallet for something, less what was given back of it. */
export interface BurnedFor {
  readonly walletId: string;
  readonly subscriptionId: string;
  readonly periodIndex: number;
  readonly feature: string | null;
  readonly burned: Burn;
  /** When it was burned last, by the journal's order. */
  readonly last: bigint;
}

interface BurnedRow {
  readonly wallet_id: string;
  readonly subscription_id: string | null;
  readonly period_index: number | null;
  readonly feature: string | null;
  readonly grant_id: string | null;
  readonly kind: 'grant' | 'overdraft' | 'uncovered';
  readonly amount: string;
}

/** What an invoice took of a wallet for the usage of a period, or without a period for what was no usage. */
export interface TakenByInvoice {
  readonly walletId: string;
  readonly period: readonly [subscriptionId: string, index: number] | null;
  readonly feature: string | null;
  readonly burned: Burn;
  /** What the usage was charged, whoever paid for it; zero where there is no period. */
  readonly charged: Decimal;
}

/** What an invoice took of wallets, and whose place it took, by wallet, period and feature. Of a void one nothing is left. */
export async function takenByInvoice(
  db: Queryable,
  organisationId: string,
  invoiceId: string,
): Promise<TakenByInvoice[]> {
  const rows = await db.query<BurnedRow & { source_kind: 'invoice' | 'applied' }>(
    `SELECT wallet_id, subscription_id, period_index, feature, source_kind,
            CASE source_kind WHEN 'invoice' THEN grant_id END AS grant_id, 'grant' AS kind, -sum(amount) AS amount
       FROM wallet_entry
      WHERE organisation_id = $1 AND source_id = $2
        AND (source_kind = 'invoice' AND kind IN ('burn', 'give_back')
          OR source_kind = 'applied' AND kind IN ('give_back', 'overdraft', 'uncovered'))
      GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(amount) <> 0 ORDER BY 1, 2, 3, 4, max(seq)`,
    [organisationId, invoiceId],
  );
  return grouped(rows).map((own) => {
    const { wallet_id: walletId, subscription_id: subscriptionId, period_index: index, feature } = own[0]!;
    const applied = own.filter(({ source_kind }) => source_kind === 'applied');
    return {
      walletId,
      period: subscriptionId === null ? null : [subscriptionId, index!],
      feature,
      burned: toBurn(own.filter(({ source_kind }) => source_kind === 'invoice')),
      // What was taken back of the usage adds to the wallet.
      charged: sum(applied.map(({ amount }) => new Decimal(amount))).negated(),
    };
  });
}

/**
 * What was burned for billing periods that no invoice has taken the place of yet, by wallet, period and feature: each grant
 * once, in the order in which they were burned last.
 */
export async function burnedOfPeriods(
  db: Queryable,
  organisationId: string,
  periods: readonly { readonly subscriptionId: string; readonly index: number }[],
): Promise<BurnedFor[]> {
  if (periods.length === 0) return [];
  const rows = await db.query<BurnedRow & { last: string | null }>(
    `SELECT entry.wallet_id, entry.subscription_id, entry.period_index, entry.feature, entry.grant_id,
            CASE WHEN entry.grant_id IS NULL THEN entry.kind ELSE 'grant' END AS kind, -sum(entry.amount) AS amount,
            max(entry.seq) FILTER (WHERE entry.amount < 0) AS last
       FROM wallet_entry AS entry
       JOIN unnest($2::uuid[], $3::int[]) AS period (subscription_id, index)
         ON (entry.subscription_id, entry.period_index) = (period.subscription_id, period.index)
      WHERE entry.organisation_id = $1 AND entry.kind IN ('burn', 'give_back', 'overdraft', 'uncovered')
        AND entry.source_kind IN ('spend', 'applied')
      GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(entry.amount) <> 0
      ORDER BY 1, 2, 3, 4, max(entry.seq)`,
    [organisationId, periods.map((each) => each.subscriptionId), periods.map(({ index }) => index)],
  );
  return grouped(rows).map((own) => ({
    walletId: own[0]!.wallet_id,
    subscriptionId: own[0]!.subscription_id!,
    periodIndex: own[0]!.period_index!,
    feature: own[0]!.feature,
    burned: toBurn(own),
    last: own.reduce((last, row) => (BigInt(row.last ?? 0) > last ? BigInt(row.last ?? 0) : last), 0n),
  }));
}

function grouped<R extends BurnedRow>(rows: readonly R[]): R[][] {
  const groups = new Map<string, R[]>();
  for (const row of rows) {
    const place = JSON.stringify([row.wallet_id, row.subscription_id, row.period_index, row.feature]);
    groups.set(place, [...(groups.get(place) ?? []), row]);
  }
  return [...groups.values()];
}

/** The same for usage that is of no billing period: units of a wallet's own, by feature. */
export async function burnedOfFeature(
  db: Queryable,
  organisationId: string,
  walletId: string,
  feature: string | null,
): Promise<Burn> {
  return toBurn(
    await db.query<BurnedRow>(
      `SELECT grant_id, CASE WHEN grant_id IS NULL THEN kind ELSE 'grant' END AS kind, -sum(amount) AS amount
         FROM wallet_entry
        WHERE organisation_id = $1 AND wallet_id = $2 AND feature IS NOT DISTINCT FROM $3 AND source_kind = 'usage'
          AND kind IN ('burn', 'give_back', 'overdraft', 'uncovered')
        GROUP BY 1, 2 HAVING sum(amount) <> 0 ORDER BY max(seq)`,
      [organisationId, walletId, feature],
    ),
  );
}

/** What grants of a wallet have paid of its overdrafts, the last one last. */
export async function coveredOf(db: Queryable, organisationId: string, walletId: string): Promise<GrantPiece[]> {
  const rows = await db.query<{ grant_id: string; amount: string }>(
    `SELECT grant_id, -sum(amount) AS amount FROM wallet_entry
      WHERE organisation_id = $1 AND wallet_id = $2 AND kind = 'cover' AND grant_id IS NOT NULL
      GROUP BY grant_id HAVING sum(amount) < 0 ORDER BY max(seq)`,
    [organisationId, walletId],
  );
  return rows.map((row) => ({ grant: row.grant_id, amount: new Decimal(row.amount) }));
}

function toBurn(rows: readonly Pick<BurnedRow, 'grant_id' | 'kind' | 'amount'>[]): Burn {
  const beside = (kind: 'overdraft' | 'uncovered'): Decimal =>
    Decimal.max(sum(rows.filter((row) => row.kind === kind).map(({ amount }) => new Decimal(amount))), ZERO);
  return {
    pieces: rows.flatMap(({ grant_id: grant, amount }) =>
      grant === null ? [] : [{ grant, amount: new Decimal(amount) }],
    ),
    overdraft: beside('overdraft'),
    uncovered: beside('uncovered'),
  };
}
