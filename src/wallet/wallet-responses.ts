import { z } from 'zod';
import { Decimal, decimalText, sum, toPublicId } from '../kernel';
import { type Grant, GRANT_KINDS, inBurnOrder, walletAvailable } from './domain';
import type { GrantRecord, JournalEntry } from './persistence/wallet-records';
import type { StoredTopUp } from './top-up-storage';
import type { ShownWallet } from './wallets.service';

export const BalanceResponse = z.object({
  settled: z.string().describe('What grants have left, less what the wallet is overdrawn by: the sum of its entries.'),
  held: z.string().describe('What holds have set aside of it.'),
  available: z.string().describe('What a hold for no feature in particular may still set aside.'),
  upcoming: z.string().describe('What of `settled` has yet to begin.'),
  features: z
    .array(z.object({ feature: z.string(), available: z.string() }))
    .describe('What a hold for a feature may still set aside, for each feature that some grant is for.'),
});

export const GrantResponse = z.object({
  id: z.string(),
  kind: z.enum(GRANT_KINDS),
  amount: z.string(),
  left: z.string().describe('What has been neither burned nor expired.'),
  priority: z.number(),
  startsAt: z.string(),
  expiresAt: z.string().nullable(),
  features: z.array(z.string()).nullable().describe('Null for everything.'),
  rolloverLimit: z.string().nullable(),
  paid: z.string().nullable().describe('What was paid for all of it; null for a gift.'),
  rolledFrom: z.string().nullable().describe('The grant whose rest it is.'),
  reference: z.string().nullable(),
  reason: z.string().nullable(),
  grantedAt: z.string(),
});

const TopUpResponse = z.object({
  on: z.enum(['threshold', 'schedule']),
  below: z.string().nullable(),
  every: z.string().nullable(),
  startsAt: z.string().nullable(),
  amount: z.string(),
  price: z.string(),
  monthlyLimit: z.string().nullable(),
  paid: z.boolean(),
  expiresAfterDays: z.number().nullable(),
  priority: z.number(),
  features: z.array(z.string()).nullable(),
  rolloverLimit: z.string().nullable(),
});

export const WalletResponse = z.object({
  id: z.string(),
  key: z.string(),
  name: z.string(),
  customer: z.string(),
  currency: z.string().nullable().describe('Of a wallet in money.'),
  unit: z.string().nullable().describe('Of a wallet in units of its own.'),
  soldIn: z.string().describe('The currency of its books.'),
  burns: z.record(z.string(), z.string()).describe('Of units: how many one of a meter takes, by the meter’s key.'),
  whenEmpty: z.enum(['refuse', 'arrears']),
  overdraftLimit: z.string(),
  topUp: TopUpResponse.nullable(),
  balance: BalanceResponse,
  createdAt: z.string(),
  archivedAt: z.string().nullable(),
});

export const EntryResponse = z.object({
  id: z.string(),
  kind: z
    .enum(['grant', 'burn', 'give_back', 'overdraft', 'uncovered', 'cover', 'expiry', 'rollover'])
    .describe(
      '`uncovered` is what no credit paid: it changes no balance. `cover` is a pair: a new grant pays what was overdrawn.',
    ),
  amount: z.string().describe('What it adds to the balance; below zero for what it takes.'),
  balance: z.string().describe('What the wallet had then: the sum of its entries up to this one.'),
  worth: z.string().nullable().describe('Its share of what was paid for the grant, in the currency of the books.'),
  grant: z.string().nullable(),
  feature: z.string().nullable(),
  subscription: z.string().nullable(),
  period: z.number().nullable().describe('The number of the subscription’s billing period, from 0.'),
  source: z
    .object({ kind: z.enum(['spend', 'usage', 'applied', 'invoice', 'grant', 'expiry']), id: z.string() })
    .describe(
      'What caused it: a spend entry, a batch of events, an invoice, a grant or an expiry. `applied` is the invoice that takes the place of what its usage had burned.',
    ),
  at: z.string().describe('When, by the customer’s clock.'),
});

export function toWalletResponse(shown: ShownWallet): z.infer<typeof WalletResponse> {
  const { row, name, topUp, createdAt, archivedAt } = shown.record;
  return {
    id: toPublicId('wallet', row.id),
    key: row.key,
    name,
    customer: toPublicId('customer', row.customer_id),
    currency: row.currency,
    unit: row.unit,
    soldIn: row.books_currency,
    burns: Object.fromEntries(
      Object.entries(row.burns ?? {}).map(([meter, units]) => [shown.meters.get(meter)?.key ?? meter, units]),
    ),
    whenEmpty: row.when_empty,
    overdraftLimit: decimalText(new Decimal(row.overdraft_limit)),
    topUp: topUp === null ? null : toTopUpResponse(topUp as unknown as StoredTopUp),
    balance: toBalance(shown),
    createdAt: createdAt.toISOString(),
    archivedAt: archivedAt?.toISOString() ?? null,
  };
}

/** What a wallet has, by the customer's now. */
export function toBalance({ state, now }: Pick<ShownWallet, 'state' | 'now'>): z.infer<typeof BalanceResponse> {
  const features = [...new Set(state.grants.flatMap((grant) => grant.features ?? []))].sort();
  const upcoming = state.grants.filter((grant) => grant.startsAt.getTime() > now.getTime());
  return {
    settled: decimalText(state.settled),
    held: decimalText(state.held),
    available: decimalText(walletAvailable(state, null, now)),
    upcoming: decimalText(sum(upcoming.map(({ left }) => left))),
    features: features.map((feature) => ({ feature, available: decimalText(walletAvailable(state, feature, now)) })),
  };
}

/** What of a wallet is gone next, and when; null where nothing expires. */
export function nextExpiry(grants: readonly Grant[], at: Date): { readonly at: Date; readonly amount: Decimal } | null {
  const expiring = inBurnOrder(
    grants.map((grant) => ({ ...grant, features: null })),
    at,
    null,
  ).filter(({ expiresAt }) => expiresAt !== null);
  const [first] = expiring.sort((a, b) => a.expiresAt!.getTime() - b.expiresAt!.getTime());
  if (first === undefined) return null;
  const soonest = expiring.filter(({ expiresAt }) => expiresAt!.getTime() === first.expiresAt!.getTime());
  return { at: first.expiresAt!, amount: sum(soonest.map(({ left }) => left)) };
}

export function toGrantResponse({ grant, rolledFrom, reference, reason }: GrantRecord): z.infer<typeof GrantResponse> {
  return {
    id: toPublicId('walletGrant', grant.id),
    kind: grant.kind,
    amount: decimalText(grant.amount),
    left: decimalText(grant.left),
    priority: grant.priority,
    startsAt: grant.startsAt.toISOString(),
    expiresAt: grant.expiresAt?.toISOString() ?? null,
    features: grant.features === null ? null : [...grant.features],
    rolloverLimit: grant.rolloverLimit === null ? null : decimalText(grant.rolloverLimit),
    paid: grant.cost === null ? null : decimalText(grant.cost.amount),
    rolledFrom: rolledFrom === null ? null : toPublicId('walletGrant', rolledFrom),
    ...{ reference, reason },
    grantedAt: grant.grantedAt.toISOString(),
  };
}

export function toEntryResponse(entry: JournalEntry): z.infer<typeof EntryResponse> {
  return {
    id: toPublicId('walletEntry', entry.id),
    kind: entry.kind,
    amount: decimalText(entry.amount),
    balance: decimalText(entry.balance),
    worth: entry.worth === null ? null : decimalText(entry.worth),
    grant: entry.grantId === null ? null : toPublicId('walletGrant', entry.grantId),
    feature: entry.feature,
    subscription: entry.subscriptionId === null ? null : toPublicId('subscription', entry.subscriptionId),
    period: entry.periodIndex,
    source: toSource(entry.source),
    at: entry.at.toISOString(),
  };
}

const NOUNS = {
  spend: 'spendEntry',
  applied: 'invoice',
  invoice: 'invoice',
  grant: 'walletGrant',
  expiry: 'walletGrant',
} as const;

/** A batch of events has a number, everything else an id. */
function toSource({ kind, id }: JournalEntry['source']): z.infer<typeof EntryResponse>['source'] {
  return { kind, id: kind === 'usage' ? id : toPublicId(NOUNS[kind], id) };
}

function toTopUpResponse({ terms, ...rule }: StoredTopUp): z.infer<typeof TopUpResponse> {
  const { priority, features, rolloverLimit, expiresAfterDays } = terms;
  return {
    ...rule,
    ...{ expiresAfterDays, priority, rolloverLimit },
    features: features === null ? null : [...features],
  };
}
