import { Inject, Injectable } from '@nestjs/common';
import { type Decimal, scaledToDecimal, sum, ZERO } from '../../kernel';
import {
  burnedOfFeature,
  burnedOfPeriods,
  burnOf,
  coveredOf,
  type FeatureBurn,
  giveBackUsage,
  type GrantPiece,
  insertEntries,
  loadEmptyGrants,
  type LockedWallet,
  lockWallets,
  type MoveReason,
  saveWallets,
  unitsOf,
  type WalletEntry,
} from '../../wallet';
import { insertAlerts } from '../alerts/alert-store';
import type { Counting, SpendEntry } from '../counting/counting-step';
import type { Alert } from '../domain';
import { ChargedSoFar } from './charged-so-far';

/** Something that takes credit of a wallet, or gives it back when it is below zero. */
interface Move {
  readonly wallet: LockedWallet;
  readonly amount: Decimal;
  readonly reason: MoveReason;
}

/** Burns prepaid credit as usage is counted: money for what is charged, units for what meters count. */
@Injectable()
export class CreditBurner {
  constructor(@Inject(ChargedSoFar) private readonly charged: ChargedSoFar) {}

  /**
   * Burns for what was counted, and gives back for what was taken off, in one journal that names the spend entry or the
   * batch of events of each movement.
   *
   * What is burned goes first: a charge that moves from one tier to another is an entry above zero and one below, and
   * what comes to nothing together then moves nothing.
   */
  async burn(counting: Counting, spend: readonly SpendEntry[]): Promise<void> {
    const { db, organisationId, rules } = counting;
    const concerned = rules.wallets.filter(({ customerId }) => isConcerned(counting, spend, customerId));
    if (concerned.length === 0) return;
    const locked = await lockWallets(
      db,
      organisationId,
      concerned.map(({ id }) => id),
    );
    const wallets = [...locked.values()];
    const before = new Map(wallets.map(({ id, settled }) => [id, settled]));
    const unbilled = await this.unbilled(counting, spend);
    const moves = wallets.flatMap((wallet) => movesOf(wallet, counting, unbilled));

    const burned = moves
      .filter(({ amount }) => amount.greaterThan(0))
      .flatMap(({ wallet, amount, reason }) => burnOf(wallet, amount, reason));
    await insertEntries(db, organisationId, burned);
    const back = moves.filter(({ amount }) => amount.lessThan(0));
    await insertEntries(db, organisationId, await this.giveBack(counting, back));
    await saveWallets(db, organisationId, wallets);
    await insertAlerts(db, organisationId, emptied(wallets, before, counting));
  }

  /**
   * Without what an invoice has asked for already: it may be finalized when events are accepted and not counted yet, and
   * takes the place of what its usage burns. Finalizing locks the wallets too, so it is seen here or comes afterwards.
   */
  private async unbilled(
    { db, organisationId, rows }: Counting,
    spend: readonly SpendEntry[],
  ): Promise<readonly SpendEntry[]> {
    const periods = distinct(spend.map(({ subscriptionId, periodIndex }) => ({ subscriptionId, index: periodIndex })));
    const through = await this.charged.billedThrough(db, organisationId, periods);
    if (through.every((batch) => batch === null)) return spend;
    const billed = new Map(
      periods.map(({ subscriptionId, index }, at) => [placeOf(subscriptionId, index), through[at]!]),
    );
    const batches = new Map(rows.map(({ id, batch }) => [id, batch]));
    const newest = rows.at(-1)?.batch ?? 0;
    return spend.filter(({ subscriptionId, periodIndex, pendingId }) => {
      const batch = pendingId === null ? newest : (batches.get(pendingId) ?? newest);
      const billedTo = billed.get(placeOf(subscriptionId, periodIndex)) ?? null;
      return billedTo === null || batch > billedTo;
    });
  }

  private async giveBack({ db, organisationId }: Counting, moves: readonly Move[]): Promise<WalletEntry[]> {
    if (moves.length === 0) return [];
    const stacks = new Map<string, readonly FeatureBurn[]>();
    const periods = moves.flatMap(({ reason }) => (reason.period === null ? [] : [reason.period]));
    for (const each of await burnedOfPeriods(db, organisationId, distinct(periods))) {
      const place = placeOf(each.walletId, each.subscriptionId, each.periodIndex);
      stacks.set(place, [...(stacks.get(place) ?? []), each]);
    }
    const covers = new Map<string, readonly GrantPiece[]>();
    const entries: WalletEntry[] = [];
    for (const { wallet, amount, reason } of moves) {
      const { period, feature } = reason;
      // Units are of no billing period: they go back to what was burned for their feature.
      const place =
        period === null ? placeOf(wallet.id, feature) : placeOf(wallet.id, period.subscriptionId, period.index);
      if (period === null && !stacks.has(place)) {
        const burned = await burnedOfFeature(db, organisationId, wallet.id, feature);
        stacks.set(place, [{ feature, burned, last: 0n }]);
      }
      const own = stacks.get(place) ?? [];
      if (!covers.has(wallet.id) && own.some(({ burned }) => !burned.overdraft.isZero())) {
        covers.set(wallet.id, await coveredOf(db, organisationId, wallet.id));
      }
      const covered = covers.get(wallet.id) ?? [];
      const pieces = [...own.flatMap(({ burned }) => burned.pieces), ...covered];
      await loadEmptyGrants(db, organisationId, wallet, [...new Set(pieces.map(({ grant }) => grant))]);

      const given = giveBackUsage(wallet, own, covered, amount.negated(), reason);
      stacks.set(place, given.stacks);
      if (covers.has(wallet.id)) covers.set(wallet.id, given.covered);
      entries.push(...given.entries);
    }
    return entries;
  }
}

function isConcerned({ rows }: Counting, spend: readonly SpendEntry[], customerId: string): boolean {
  return (
    spend.some((entry) => entry.customerId === customerId) ||
    rows.some(({ groups }) => groups.some(({ scope }) => scope.customer === customerId))
  );
}

function movesOf(wallet: LockedWallet, counting: Counting, spend: readonly SpendEntry[]): Move[] {
  const at = wallet.testNow ?? counting.now;
  if (wallet.currency === null) return unitMoves(wallet, counting, at);
  return spend
    .filter(({ customerId, currency }) => customerId === wallet.customerId && currency === wallet.currency)
    .map(({ id, amount, subscriptionId, periodIndex, scope }) => ({
      wallet,
      amount,
      reason: {
        source: { kind: 'spend', id },
        feature: scope.feature ?? null,
        period: { subscriptionId, index: periodIndex },
        at,
      },
    }));
}

/** One move for each batch of events and feature. */
function unitMoves(wallet: LockedWallet, { rows }: Counting, at: Date): Move[] {
  const moves: Move[] = [];
  for (const { batch, groups } of rows) {
    const byFeature = new Map<string | null, Decimal[]>();
    for (const { scope, units } of groups) {
      if (scope.customer !== wallet.customerId) continue;
      const quantities = new Map([...units].map(([meter, scaled]) => [meter, scaledToDecimal(scaled)]));
      const feature = scope.feature ?? null;
      byFeature.set(feature, [...(byFeature.get(feature) ?? []), unitsOf(quantities, wallet.burns)]);
    }
    for (const [feature, amounts] of byFeature) {
      const source = { kind: 'usage', id: String(batch) } as const;
      moves.push({ wallet, amount: sum(amounts), reason: { source, feature, period: null, at } });
    }
  }
  return moves;
}

function emptied(
  wallets: readonly LockedWallet[],
  before: ReadonlyMap<string, Decimal>,
  { rows, now }: Counting,
): Alert[] {
  return wallets
    .filter(({ id, settled }) => before.get(id)!.greaterThan(0) && settled.lessThanOrEqualTo(ZERO))
    .map(({ id, key, customerId, settled, currency, unit }) => ({
      kind: 'wallet_low',
      subject: `${id} ${rows.at(-1)?.id ?? ''}`,
      customerId,
      capId: null,
      session: null,
      detail: { wallet: key, settled: settled.toFixed(), currency, unit },
      at: now,
    }));
}

function distinct<P extends { readonly subscriptionId: string; readonly index: number }>(periods: readonly P[]): P[] {
  return [...new Map(periods.map((each) => [`${each.subscriptionId} ${each.index}`, each])).values()];
}

function placeOf(...parts: readonly (string | number | null)[]): string {
  return JSON.stringify(parts);
}
