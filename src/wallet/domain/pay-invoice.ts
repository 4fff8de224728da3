import { allocate, Decimal, invariant, minorUnitDecimals, ONE, sum, ZERO } from '../../kernel';
import { available, type Burn, type GrantPiece, sumOfPieces, withoutBack } from './prepaid';
import { burnOf, giveBackTo, keepPieces, type MoveReason, tellUncovered, type WalletEntry } from './wallet-moves';
import type { LockedWallet } from './wallet-state';

/** Usage of a billing period that credit was burned for before its invoice was there. */
export interface BurnedUsage {
  readonly subscriptionId: string;
  readonly periodIndex: number;
  readonly feature: string | null;
  readonly burned: Burn;
}

/** An invoice that credit may pay. */
export interface InvoiceToCover {
  readonly id: string;
  /** What is still to be paid of it: zero or above, in minor units. */
  readonly due: Decimal;
  /** What it comes to without taxes. */
  readonly net: Decimal;
  /** What was burned for the periods that it bills. */
  readonly usage: readonly BurnedUsage[];
  /** What grants have paid of the wallet's overdrafts; nothing is needed where the usage has none. */
  readonly covered: readonly GrantPiece[];
}

/**
 * Lets a wallet in money pay an invoice. What was burned for its usage while that came is settled: the invoice takes its
 * place, with what it asks for instead, rounded and with discounts, minimums, fees and taxes.
 *
 * What is due is shared among the usage by feature, and everything else, in proportion to what they were charged; so
 * credit for a feature pays that feature's part, with its share of the tax. A part keeps the credit that was burned for
 * it, and what it lacks is burned now, of what no hold has set aside. What goes too far goes back, the last burned first.
 * What took the wallet below zero is asked for by the invoice, so the wallet no longer is.
 *
 * ```
 * usage burned so far     10.0045            the invoice: 10.00 of usage, 5.00 of fees, 20 % of tax: 18.00 are due
 * shares                  12.00 of usage, 6.00 of fees
 * 15.00 were in the wallet: 15.00 are applied (12.00 and 3.00), 3.00 are due
 * ```
 *
 * @returns what is applied: in minor units, up to what is due; and the journal's entries. The wallet is changed.
 */
export function payInvoice(
  wallet: LockedWallet,
  invoice: InvoiceToCover,
  at: Date,
): { readonly applied: Decimal; readonly entries: WalletEntry[] } {
  const reason = (usage: BurnedUsage | null, kind: 'applied' | 'invoice'): MoveReason => ({
    source: { kind, id: invoice.id },
    feature: usage?.feature ?? null,
    period: usage === null ? null : { subscriptionId: usage.subscriptionId, index: usage.periodIndex },
    at,
  });
  const { entries, parts } = settled(wallet, invoice, (usage) => reason(usage, 'applied'));

  const kept = parts.map(({ usage, share, pieces }) => {
    const keep = upTo(pieces, share);
    entries.push(...keepPieces(wallet, keep, reason(usage, 'invoice')));
    return { usage, share, amount: sumOfPieces(keep) };
  });
  let applied = sum(kept.map(({ amount }) => amount));
  // Whole minor units are applied, so where credit runs out the last part of one stays in the wallet.
  const unit = new Decimal(10).pow(-minorUnitDecimals(wallet.booksCurrency));
  for (const { usage, share, amount } of kept) {
    const most = available(wallet.grants, wallet.heldBy, at, usage?.feature ?? null);
    const wanted = Decimal.min(share.minus(amount), most);
    const whole = wanted.equals(share.minus(amount)) ? wanted : floorOf(applied.plus(wanted), unit).minus(applied);
    if (!whole.greaterThan(0)) continue;
    entries.push(...burnOf(wallet, whole, reason(usage, 'invoice')));
    applied = applied.plus(whole);
  }
  const odd = applied.minus(floorOf(applied, unit));
  if (odd.greaterThan(0)) {
    entries.push(...returnOdd(wallet, entries, odd));
    applied = applied.minus(odd);
  }
  invariant(!applied.greaterThan(invoice.due), 'credit pays no more than is due');
  wallet.totals = { ...wallet.totals, applied: wallet.totals.applied.plus(applied) };
  wallet.changed = true;
  return { applied, entries };
}

interface Part {
  /** Null for what is no usage. */
  readonly usage: BurnedUsage | null;
  readonly share: Decimal;
  readonly pieces: readonly GrantPiece[];
}

/** Takes back all that was burned for the usage, and shares what is due among it and the rest. */
function settled(
  wallet: LockedWallet,
  { due, net, usage, covered }: InvoiceToCover,
  reasonOf: (usage: BurnedUsage) => MoveReason,
): { entries: WalletEntry[]; parts: readonly Part[] } {
  const charged = usage.map(({ burned }) => Decimal.max(chargedFor(burned), ZERO));
  const rest = Decimal.max(net.minus(sum(charged)), ZERO);
  const weights = [...charged, rest];
  const unit = new Decimal(10).pow(-minorUnitDecimals(wallet.booksCurrency));
  const nothing = weights.every((weight) => weight.isZero());
  const shares = allocate(due, nothing ? [...charged, ONE] : weights, unit);
  let covers = covered;
  const entries = usage.flatMap((each) => {
    const back = giveBackTo(wallet, each.burned, covers, chargedFor(each.burned), reasonOf(each));
    covers = withoutCovers(covers, back);
    return back;
  });
  const parts = usage.map((each, place) => ({ usage: each, share: shares[place]!, pieces: each.burned.pieces }));
  return { entries, parts: [...parts, { usage: null, share: shares.at(-1)!, pieces: [] }] };
}

/** Covers without those that entries took back. */
export function withoutCovers(covers: readonly GrantPiece[], back: readonly WalletEntry[]): readonly GrantPiece[] {
  const pieces = back.flatMap(({ kind, grantId, amount }) =>
    kind === 'cover' && grantId !== null ? [{ grant: grantId, amount }] : [],
  );
  const none = { overdraft: ZERO, uncovered: ZERO };
  return withoutBack({ pieces: covers, ...none }, { pieces, ...none }).pieces;
}

/** What usage was charged: burned, overdrawn or not covered. */
export function chargedFor({ pieces, overdraft, uncovered }: Burn): Decimal {
  return sumOfPieces(pieces).plus(overdraft).plus(uncovered);
}

/** The first of the pieces, up to an amount. */
function upTo(pieces: readonly GrantPiece[], most: Decimal): GrantPiece[] {
  const kept: GrantPiece[] = [];
  let open = most;
  for (const { grant, amount } of pieces) {
    const keep = Decimal.min(amount, open);
    if (keep.greaterThan(0)) kept.push({ grant, amount: keep });
    open = open.minus(keep);
  }
  return kept;
}

/** Gives back less than a minor unit of what the invoice took last. */
function returnOdd(wallet: LockedWallet, entries: readonly WalletEntry[], odd: Decimal): WalletEntry[] {
  const back: WalletEntry[] = [];
  let open = odd;
  for (const entry of [...entries].reverse()) {
    if (open.isZero()) break;
    if (entry.kind !== 'burn' || entry.source.kind !== 'invoice') continue;
    const amount = Decimal.min(entry.amount.negated(), open);
    const burned = { pieces: [{ grant: entry.grantId!, amount }], overdraft: ZERO, uncovered: ZERO };
    back.push(...giveBackTo(wallet, burned, [], amount, entry));
    open = open.minus(amount);
  }
  invariant(open.isZero(), 'what is given back was taken');
  return back;
}

function floorOf(amount: Decimal, unit: Decimal): Decimal {
  return amount.dividedToIntegerBy(unit).times(unit);
}

/** What an invoice took for usage, or for what was none. */
export interface TakenForUsage {
  /** Null for what was no usage. */
  readonly usage: Omit<BurnedUsage, 'burned'> | null;
  readonly burned: Burn;
  /** What the usage was charged before the invoice took its place. */
  readonly charged: Decimal;
}

/**
 * Gives back what an invoice took that is void now. What its usage was charged waits for another invoice, all of it, whoever
 * paid for it: so that one is shared as this one was. No credit is burned for it meanwhile.
 *
 * @param taken what the invoice took, by period and feature
 */
export function giveBackInvoice(
  wallet: LockedWallet,
  invoiceId: string,
  taken: readonly TakenForUsage[],
  at: Date,
): { readonly amount: Decimal; readonly entries: WalletEntry[] } {
  const entries: WalletEntry[] = [];
  let amount = ZERO;
  for (const { usage, burned, charged } of taken) {
    const period = usage === null ? null : { subscriptionId: usage.subscriptionId, index: usage.periodIndex };
    const reason = { feature: usage?.feature ?? null, period, at };
    const back = sumOfPieces(burned.pieces);
    const invoice = { ...reason, source: { kind: 'invoice', id: invoiceId } } as const;
    entries.push(...giveBackTo(wallet, { ...burned, overdraft: ZERO, uncovered: ZERO }, [], back, invoice));
    if (usage !== null) {
      const applied = { ...reason, source: { kind: 'applied', id: invoiceId } } as const;
      entries.push(...tellUncovered(wallet, charged, applied));
    }
    amount = amount.plus(back);
  }
  wallet.totals = { ...wallet.totals, applied: wallet.totals.applied.minus(amount) };
  wallet.changed = true;
  return { amount, entries };
}
