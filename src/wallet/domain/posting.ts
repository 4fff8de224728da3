import { type Currency, type Decimal, invariant, minorUnitDecimals, sum } from '../../kernel';
import type { Account } from './accounts';

/** One side of a posting: an amount above zero is a debit, below zero a credit. */
export interface Entry {
  readonly account: Account;
  readonly amount: Decimal;
}

/** What happened, so that it is booked once whatever runs twice: a kind of thing, which one, and which step of it. */
export interface PostingSource {
  /** Such as `invoice`. */
  readonly kind: string;
  /** The thing's uuid. */
  readonly id: string;
  /** Such as `finalized`. */
  readonly purpose: string;
}

/** Something that happened, as the ledger keeps it: entries in one currency that sum to zero. */
export interface Posting {
  readonly source: PostingSource;
  readonly customerId: string;
  readonly currency: Currency;
  /** When it counts, by the customer's clock. */
  readonly at: Date;
  /** For people. */
  readonly description: string;
  readonly entries: readonly Entry[];
}

export function debit(account: Account, amount: Decimal): Entry {
  return { account, amount };
}

export function credit(account: Account, amount: Decimal): Entry {
  return { account, amount: amount.negated() };
}

/**
 * The entries as they are booked: those of zero say nothing and are left out. An invoice over 120.00 with 20.00 of tax:
 *
 * ```
 * accounts_receivable  +120.00
 * revenue              -100.00
 * tax                   -20.00        sum 0
 * ```
 *
 * @returns nothing when there is nothing to book, else two entries or more
 * @throws  InvariantError when they don't sum to zero, or one isn't rounded to the currency's minor unit
 */
export function balanced(entries: readonly Entry[], currency: Currency): readonly Entry[] {
  const booked = entries.filter(({ amount }) => !amount.isZero());
  invariant(sum(booked.map(({ amount }) => amount)).isZero(), 'the entries of a posting sum to zero');
  invariant(
    booked.every(({ amount }) => amount.decimalPlaces() <= minorUnitDecimals(currency)),
    'what is booked is rounded to the minor unit of its currency',
  );
  return booked;
}

/** What takes entries back: the same on the other side, so that both together are nothing in every account. */
export function reversed(entries: readonly Entry[]): readonly Entry[] {
  return entries.map(({ account, amount }) => ({ account, amount: amount.negated() }));
}
