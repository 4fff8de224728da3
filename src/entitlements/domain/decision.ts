import type { WalletState } from '../../wallet/domain';
import type { Alert } from './alert';
import type { Amounts } from './amounts';
import type { Counter, CounterRef } from './counter';
import type { Hold, HoldFlag } from './hold';
import type { WorkScope } from './scope';
import type { SessionControl } from './session';

/** From the strictest to the mildest: the strictest of all that apply is the answer. */
export const DECISIONS = ['deny', 'pause', 'downgrade', 'allow'] as const;
export type DecisionKind = (typeof DECISIONS)[number];

/** What decided, in the order in which it is looked at and named: the first of the strictest is the reason. */
export const REASONS = [
  'session_stopped',
  'session_paused',
  'session_throttled',
  'loop',
  'parent_exceeded',
  'price_unknown',
  'spend_unknown',
  'cap_exceeded',
  'credit_exhausted',
  'overloaded',
] as const;
export type Reason = (typeof REASONS)[number];

/** A wallet that some work would be paid from. */
export interface WalletNeed {
  readonly walletId: string;
  readonly feature: string | null;
  /** In the wallet's measure; counts 10^-24. */
  readonly amount: bigint;
}

/** What is asked of the group commit: numbers only. Everything that needs reading was read before. */
export type HoldCommand =
  | {
      readonly kind: 'hold';
      readonly organisationId: string;
      readonly id: string;
      readonly key: string | null;
      readonly requestHash: string;
      readonly parentId: string | null;
      readonly scope: WorkScope;
      readonly taskClass: string | null;
      readonly amounts: Amounts;
      /** Every counter of every cap that applies, in the order in which caps are looked at. */
      readonly counters: readonly CounterRef[];
      readonly wallets: readonly WalletNeed[];
      /** Set where estimating already refuses it, such as for an unknown price. */
      readonly refusal: { readonly reason: Reason; readonly detail: string } | null;
      readonly flags: readonly HoldFlag[];
      readonly askedAt: number;
      readonly countsAt: number;
      readonly expiresAt: number;
      /** For the answer: what sizing said. */
      readonly sizing: SizingNote | null;
    }
  | {
      readonly kind: 'settle';
      readonly organisationId: string;
      readonly id: string;
      readonly requestHash: string;
      /** Null: what was held, as an estimate. */
      readonly stated: Amounts | null;
      /** It ended before its end, so what is said is the least. */
      readonly partial: boolean;
      readonly now: number;
    }
  | {
      readonly kind: 'extend';
      readonly organisationId: string;
      readonly id: string;
      readonly requestHash: string;
      /** Added to what is held; none of it below zero. */
      readonly more: Amounts;
      readonly wallets: readonly WalletNeed[];
      readonly expiresAt: number | null;
      readonly now: number;
    }
  | {
      readonly kind: 'release';
      readonly organisationId: string;
      readonly id: string;
      readonly requestHash: string;
      readonly now: number;
    }
  | { readonly kind: 'expire'; readonly organisationId: string; readonly id: string; readonly now: number };

export interface SizingNote {
  /** How likely it is too small, such as 0.05. */
  readonly risk: number;
  /** 'customer', 'class', 'organisation' or 'max_tokens': whose history it is. */
  readonly from: string;
  readonly samples: number;
}

/** A cap in an answer; amounts are decimal text, of the cap's measure. */
export interface CapLeft {
  readonly id: string;
  readonly key: string;
  readonly kind: string;
  readonly measure: string;
  readonly limit: string;
  readonly settled: string;
  readonly held: string;
  readonly available: string;
  readonly resets: string | null;
  /** Whether it refused. */
  readonly exceeded: boolean;
}

export interface WalletLeft {
  readonly id: string;
  readonly currency: string | null;
  readonly unit: string | null;
  readonly settled: string;
  readonly held: string;
  readonly available: string;
}

/** The answer to a hold, as it is stored and sent. */
export interface HoldAnswer {
  readonly decision: DecisionKind;
  /** Null where nothing is held. */
  readonly hold: string | null;
  readonly held: Readonly<Record<string, unknown>>;
  readonly caps: readonly CapLeft[];
  readonly wallets: readonly WalletLeft[];
  readonly expires: string | null;
  readonly reason: Reason | null;
  /** For people. */
  readonly detail: string | null;
  /** The first of the cheaper models that the cap offers: to be asked for anew. */
  readonly model: string | null;
  readonly flags: readonly HoldFlag[];
  readonly sizing: SizingNote | null;
}

/** What a transaction has locked. Deciding changes it in place; what is changed is written afterwards. */
export interface LockedState {
  readonly holds: Map<string, Hold>;
  /** Of every ref of every command and of every hold. */
  readonly counters: Map<string, Counter>;
  readonly wallets: Map<string, WalletState>;
  /** By `sessionKey`. */
  readonly sessions: Map<string, SessionControl>;
  /** Customers whose spend isn't known, with the reason. */
  readonly spendUnknown: ReadonlyMap<string, string>;
  /** What deciding has to tell: which counters refused. */
  readonly alerts: Alert[];
}
