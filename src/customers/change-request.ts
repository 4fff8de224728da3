import type { PriceOverride } from '../catalog';
import type { Decimal } from '../kernel';
import type { PauseBills, Settle } from './domain';
import type { ChangeInvoice } from './persistence/subscription-change.entity';

/** When a change begins: now by the customer's clock, when the billing period ends that now is in, or at an instant. */
export type ChangeTime = 'now' | 'period_end' | Date;

/** Another plan, other quantities or other terms for prices, by the price's key. What isn't named stays as it is. */
export interface TermsChange {
  readonly kind: 'change';
  /** A key for its newest version, or an id. */
  readonly plan?: string | undefined;
  readonly quantities?: Readonly<Record<string, Decimal>> | undefined;
  readonly prices?: Readonly<Record<string, PriceOverride>> | undefined;
  readonly at: ChangeTime;
  readonly invoice: ChangeInvoice;
  readonly reason: string | null;
}

export interface ScheduleChange {
  readonly kind: 'schedule';
  /** All that is planned after now. */
  readonly phases: readonly { readonly fromAt: Date; readonly plan: string }[];
  readonly reason: string | null;
}

export interface PauseChange {
  readonly kind: 'pause';
  readonly bills: PauseBills;
  readonly at: ChangeTime;
  /** Null: until it is resumed. */
  readonly until: Date | null;
  readonly reason: string | null;
}

export interface ResumeChange {
  readonly kind: 'resume';
  readonly at: ChangeTime;
  readonly invoice: ChangeInvoice;
  readonly reason: string | null;
}

export interface CancelChange {
  readonly kind: 'cancel';
  readonly at: ChangeTime;
  readonly settle: Settle;
  readonly reason: string | null;
}

export interface UndoCancelChange {
  readonly kind: 'undo_cancel';
  readonly reason: string | null;
}

export interface ReactivateChange {
  readonly kind: 'reactivate';
  /** Null: the one it had last. */
  readonly plan: string | null;
  readonly reason: string | null;
}

export interface TakeBackChange {
  readonly kind: 'take_back';
  /** Our id of the change. */
  readonly change: string;
}

/** Something that is asked of a subscription, to be done or to be previewed. */
export type ChangeRequest =
  | TermsChange
  | ScheduleChange
  | PauseChange
  | ResumeChange
  | CancelChange
  | UndoCancelChange
  | ReactivateChange
  | TakeBackChange;
