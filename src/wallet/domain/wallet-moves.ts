import { type Decimal, invariant, sum, ZERO } from '../../kernel';
import {
  afterBurn,
  afterGivingBack,
  type Burn,
  burn,
  coverOverdraft,
  type Expiry,
  expiriesAt,
  giveBack,
  giveBackOverdraft,
  type Grant,
  type GrantPiece,
  type RolledOver,
  sumOfPieces,
  withoutBack,
  worthOf,
} from './prepaid';
import type { LockedWallet } from './wallet-state';

/**
 * What made credit move, and which one of it: a spend entry, an event batch, an invoice, a grant or an expiry. `applied` is
 * the invoice that takes the place of what usage burned before.
 */
export interface EntrySource {
  readonly kind: 'spend' | 'usage' | 'applied' | 'invoice' | 'grant' | 'expiry';
  readonly id: string;
}

/** What a movement is for. */
export interface MoveReason {
  readonly source: EntrySource;
  readonly feature: string | null;
  /** The billing period; null for none. */
  readonly period: { readonly subscriptionId: string; readonly index: number } | null;
  /** The customer's now. */
  readonly at: Date;
}

/** One movement, as the journal keeps it. */
export interface WalletEntry extends MoveReason {
  readonly walletId: string;
  /** Null for an overdraft, and for what isn't covered. */
  readonly grantId: string | null;
  readonly kind: 'grant' | 'burn' | 'give_back' | 'overdraft' | 'uncovered' | 'cover' | 'expiry' | 'rollover';
  /** What it adds to the balance; of `uncovered` what is told and adds nothing. */
  readonly amount: Decimal;
  /** What it is worth by the grant's cost, with the sign of `amount`; null without a grant. */
  readonly worth: Decimal | null;
}

/** A grant that is to be stored. */
export interface NewGrant extends Grant {
  readonly rolledFrom: string | null;
}

/**
 * Burns credit of a wallet: of its grants, then below zero as far as it may go; what is left is told as uncovered.
 *
 * @returns the journal's entries; the wallet is changed
 */
export function burnOf(wallet: LockedWallet, amount: Decimal, reason: MoveReason): WalletEntry[] {
  const burned = burn(wallet.grants, amount, reason.at, reason.feature, wallet.overdraft);
  const entries = takePieces(wallet, burned.pieces, 'burn', reason);
  overdraw(wallet, burned.overdraft);
  return [...entries, ...beside(wallet, { ...burned, overdraft: burned.overdraft.negated() }, reason)];
}

/** Burns these pieces, whatever order they would be burned in now: they are of what was burned before. */
export function keepPieces(wallet: LockedWallet, pieces: readonly GrantPiece[], reason: MoveReason): WalletEntry[] {
  return takePieces(wallet, pieces, 'burn', reason);
}

/** Tells what no credit paid. It moves nothing. */
export function tellUncovered(wallet: LockedWallet, amount: Decimal, reason: MoveReason): WalletEntry[] {
  return entryBeside(wallet, 'uncovered', amount.negated(), reason);
}

/**
 * Gives back some of what was burned for something. What is beyond that was never burned, and nothing is done about it.
 *
 * @param burned  all of it, less what was given back; each grant once
 * @param covered what grants have paid of overdrafts since, of the whole wallet
 */
export function giveBackTo(
  wallet: LockedWallet,
  burned: Burn,
  covered: readonly GrantPiece[],
  amount: Decimal,
  reason: MoveReason,
): WalletEntry[] {
  const back = giveBack(burned, amount);
  const entries = returnPieces(wallet, back.pieces, 'give_back', reason);

  const { pieces, overdraft, beyond } = giveBackOverdraft(wallet.overdraft.overdrawn, covered, back.overdraft);
  invariant(beyond.isZero(), 'an overdraft is still there, or has been covered');
  const uncovered = back.uncovered.negated();
  overdraw(wallet, overdraft.negated());
  return [
    ...entries,
    // The cover is taken back, and then the overdraft that it covered.
    ...returnPieces(wallet, pieces, 'cover', reason),
    ...entryBeside(wallet, 'cover', sumOfPieces(pieces).negated(), reason),
    ...beside(wallet, { overdraft: back.overdraft, uncovered }, reason),
  ];
}

/** What is left of a burn once entries of giving back are in the journal. */
export function withoutEntries(burned: Burn, entries: readonly WalletEntry[]): Burn {
  const back = (kind: WalletEntry['kind']): Decimal =>
    sum(entries.filter((entry) => entry.kind === kind).map(({ amount }) => amount));
  const pieces = entries
    .filter(({ kind }) => kind === 'give_back')
    .map(({ grantId, amount }) => ({ grant: grantId!, amount }));
  return withoutBack(burned, { pieces, overdraft: back('overdraft'), uncovered: back('uncovered') });
}

/** Puts a grant into a wallet; what it is overdrawn by is paid of it first. */
export function grantTo(wallet: LockedWallet, grant: Grant, at: Date): WalletEntry[] {
  const reason = { source: { kind: 'grant', id: grant.id }, feature: null, period: null, at } as const;
  wallet.grants = [...wallet.grants, grant];
  wallet.settled = wallet.settled.plus(grant.amount);
  wallet.changed = true;
  const paid = grant.cost?.amount ?? ZERO;
  const given = wallet.measure === 'money' ? grant.amount.minus(paid) : ZERO;
  wallet.totals = {
    ...wallet.totals,
    paid: wallet.totals.paid.plus(paid),
    given: wallet.totals.given.plus(given),
  };
  const granted: WalletEntry = {
    ...reason,
    walletId: wallet.id,
    grantId: grant.id,
    kind: 'grant',
    amount: grant.amount,
    worth: paid,
  };
  return [granted, ...coverIn(wallet, reason)];
}

function coverIn(wallet: LockedWallet, reason: MoveReason): WalletEntry[] {
  const pieces = coverOverdraft(wallet.grants, wallet.overdraft.overdrawn, reason.at);
  const covered = sumOfPieces(pieces);
  const entries = takePieces(wallet, pieces, 'cover', reason);
  overdraw(wallet, covered.negated());
  return [...entries, ...entryBeside(wallet, 'cover', covered, reason)];
}

/**
 * Expires what is over by the customer's now, what rolled over and is over by now as well.
 *
 * @param newId makes the id of a grant
 */
export function expireIn(
  wallet: LockedWallet,
  at: Date,
  newId: () => string,
): { readonly entries: WalletEntry[]; readonly grants: NewGrant[] } {
  const entries: WalletEntry[] = [];
  const grants: NewGrant[] = [];
  for (;;) {
    const [expiry] = expiriesAt(wallet.grants, at);
    if (expiry === undefined) return { entries, grants };
    entries.push(...expire(wallet, expiry));
    if (expiry.rolledOver === null) continue;
    const rolled = { ...expiry.rolledOver, id: newId(), left: expiry.rolledOver.amount };
    grants.push({ ...rolled, rolledFrom: expiry.grant });
    entries.push(rolledInto(wallet, rolled, expiry.rolledOver, expiry.at));
  }
}

function expire(wallet: LockedWallet, { grant: id, breakage, rolledOver, at }: Expiry): WalletEntry[] {
  const grant = wallet.grants.find((each) => each.id === id)!;
  const reason: MoveReason = { source: { kind: 'expiry', id }, feature: null, period: null, at };
  const gone = grant.amount.minus(grant.left);
  const worth = worthOf(grant, gone, gone.plus(breakage));
  const entry = { ...reason, walletId: wallet.id, grantId: id };
  wallet.totals = {
    ...wallet.totals,
    breakage: wallet.totals.breakage.plus(worth),
    given: wallet.measure === 'money' ? wallet.totals.given.minus(breakage.minus(worth)) : ZERO,
  };
  wallet.settled = wallet.settled.minus(grant.left);
  // What rolled over once doesn't again, should something be given back to it.
  wallet.grants = wallet.grants.map((each) => (each.id === id ? { ...each, left: ZERO, rolloverLimit: null } : each));
  wallet.changed = true;
  return [
    ...(breakage.isZero()
      ? []
      : [{ ...entry, kind: 'expiry' as const, amount: breakage.negated(), worth: worth.negated() }]),
    ...(rolledOver === null
      ? []
      : [
          {
            ...entry,
            kind: 'rollover' as const,
            amount: rolledOver.amount.negated(),
            worth: (rolledOver.cost?.amount ?? ZERO).negated(),
          },
        ]),
  ];
}

function rolledInto(wallet: LockedWallet, grant: Grant, { amount, cost }: RolledOver, at: Date): WalletEntry {
  wallet.grants = [...wallet.grants, grant];
  wallet.settled = wallet.settled.plus(amount);
  return {
    source: { kind: 'expiry', id: grant.id },
    feature: null,
    period: null,
    at,
    walletId: wallet.id,
    grantId: grant.id,
    kind: 'rollover',
    amount,
    worth: cost?.amount ?? ZERO,
  };
}

function takePieces(
  wallet: LockedWallet,
  pieces: readonly GrantPiece[],
  kind: 'burn' | 'cover',
  reason: MoveReason,
): WalletEntry[] {
  const entries = pieces.map((piece) => entryOf(wallet, piece, kind, piece.amount.negated(), reason));
  wallet.grants = afterBurn(wallet.grants, pieces);
  return settle(wallet, entries);
}

function returnPieces(
  wallet: LockedWallet,
  pieces: readonly GrantPiece[],
  kind: 'give_back' | 'cover',
  reason: MoveReason,
): WalletEntry[] {
  const entries = pieces.map((piece) => entryOf(wallet, piece, kind, piece.amount, reason));
  wallet.grants = afterGivingBack(wallet.grants, pieces);
  return settle(wallet, entries);
}

/** Each grant is in pieces once, so that its stretch begins where it stands. */
function entryOf(
  wallet: LockedWallet,
  piece: GrantPiece,
  kind: WalletEntry['kind'],
  amount: Decimal,
  reason: MoveReason,
): WalletEntry {
  const grant = wallet.grants.find(({ id }) => id === piece.grant);
  invariant(grant !== undefined, 'a piece is of a grant of the wallet');
  const gone = grant.amount.minus(grant.left);
  const worth = worthOf(grant, gone, gone.minus(amount)).negated();
  return { ...reason, walletId: wallet.id, grantId: grant.id, kind, amount, worth };
}

/** Units that burn are earned, whether they pay for usage now or for what was overdrawn. */
function settle(wallet: LockedWallet, entries: WalletEntry[]): WalletEntry[] {
  for (const { amount, worth } of entries) {
    wallet.settled = wallet.settled.plus(amount);
    if (wallet.measure === 'units') {
      wallet.totals = { ...wallet.totals, earned: wallet.totals.earned.minus(worth ?? ZERO) };
    }
    wallet.changed = true;
  }
  return entries;
}

function overdraw(wallet: LockedWallet, by: Decimal): void {
  if (by.isZero()) return;
  const overdrawn = wallet.overdraft.overdrawn.plus(by);
  invariant(!overdrawn.lessThan(0), 'a wallet is not overdrawn by less than nothing');
  wallet.overdraft = { ...wallet.overdraft, overdrawn };
  wallet.changed = true;
}

function beside(
  wallet: LockedWallet,
  { overdraft, uncovered }: { readonly overdraft: Decimal; readonly uncovered: Decimal },
  reason: MoveReason,
): WalletEntry[] {
  return [
    ...entryBeside(wallet, 'overdraft', overdraft, reason),
    ...entryBeside(wallet, 'uncovered', uncovered.negated(), reason),
  ];
}

/** An entry of no grant. What isn't covered is told and moves nothing. */
function entryBeside(
  wallet: LockedWallet,
  kind: 'overdraft' | 'uncovered' | 'cover',
  amount: Decimal,
  reason: MoveReason,
): WalletEntry[] {
  if (amount.isZero()) return [];
  if (kind !== 'uncovered') wallet.settled = wallet.settled.plus(amount);
  return [{ ...reason, walletId: wallet.id, grantId: null, kind, amount, worth: null }];
}
