import { hash } from 'node:crypto';
import { fromPublicId, uuidOfHex } from '../../kernel';
import { type Amounts, larger, NO_AMOUNTS } from './amounts';
import type { WorkScope } from './scope';

export const HOLD_STATUSES = ['open', 'settled', 'released', 'expired', 'refused'] as const;
export type HoldStatus = (typeof HOLD_STATUSES)[number];

export const HOLD_FLAGS = ['estimated', 'late', 'overrun', 'unknown_price', 'unchecked', 'partial'] as const;
export type HoldFlag = (typeof HOLD_FLAGS)[number];

/** A hold as it is locked, decided by and written. */
export interface Hold {
  readonly id: string;
  readonly organisationId: string;
  readonly customerId: string;
  readonly key: string | null;
  /** Of the request that made it, in hex: the same key with another one is a conflict. */
  readonly requestHash: string;
  status: HoldStatus;
  readonly parentId: string | null;
  readonly scope: WorkScope;
  readonly taskClass: string | null;
  /** How likely it is too small, where it was sized from history. */
  readonly sizedRisk: number | null;
  /** What it holds now: nothing once it has ended. */
  held: Amounts;
  /** What settling it said; null until then, and where its events did. */
  stated: Amounts | null;
  /** What the events that name it add up to; null while there are none. */
  used: Amounts | null;
  /** How many of those events have a cost that isn't known yet, which is in `used` with nothing. */
  pendingEvents: number;
  /** What of it is counted: `bookedOf`; null while it is open. */
  booked: Amounts | null;
  /** How much of `held` its open children have. */
  split: Amounts;
  /** The most it has held. */
  firstHeld: Amounts;
  /** What it held itself when it ended, without its parts; null while it is open. */
  lastHeld: Amounts | null;
  /** The counters it is booked in. It is held in them too, but where it is a part of another hold: then its root is. */
  counters: readonly string[];
  /** By wallet, in its measure; counts 10^-24. */
  wallets: ReadonlyMap<string, bigint>;
  answer: string;
  endHash: string | null;
  endAnswer: string | null;
  flags: ReadonlySet<HoldFlag>;
  readonly askedAt: number;
  /** By the customer's clock: whose periods it is in. */
  readonly countsAt: number;
  expiresAt: number;
  endedAt: number | null;
  /** Written by the transaction: a new row, or a change of one. */
  changed: 'no' | 'new' | 'yes';
}

/** What it is told by what of a hold is counted. */
export type ToldOfHold = Pick<Hold, 'stated' | 'used' | 'flags' | 'pendingEvents' | 'lastHeld'>;

/**
 * What of a hold is counted. Events and a stated amount tell of the same work, so the larger of the two counts, measure
 * by measure; an amount that was only estimated gives way to events altogether. Where an event's cost isn't known yet, and
 * nobody stated what all of it came to, it is no less money than was held.
 */
export function bookedOf(hold: ToldOfHold): Amounts {
  const { stated, used, flags, lastHeld } = hold;
  if (used === null) return stated ?? NO_AMOUNTS;
  const known = stated === null || flags.has('estimated') ? used : larger(stated, used);
  return lastHeld === null || !isGuessed(hold) ? known : larger(known, { ...NO_AMOUNTS, cost: lastHeld.cost, spend: lastHeld.spend }); // prettier-ignore
}

/** Whether what is counted rests on what was held, since nobody knows yet what the work cost. */
export function isGuessed({ stated, flags, pendingEvents }: Omit<ToldOfHold, 'used' | 'lastHeld'>): boolean {
  return pendingEvents > 0 && (stated === null || flags.has('estimated') || flags.has('partial'));
}

/** The id of a hold with a key of its sender's: the same key, the same hold. */
export function holdIdOfKey(organisationId: string, key: string): string {
  const hex = hash('sha256', `${organisationId}hold:${key}`, 'hex');
  return uuidOfHex(hex);
}

/** The hold that a text names, in an event or an address: our id, or else the sender's key. */
export function holdIdOf(organisationId: string, name: string): string {
  return fromPublicId('hold', name) ?? holdIdOfKey(organisationId, name);
}
