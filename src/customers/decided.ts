import type { SubscriptionWithPlan } from './assemble-subscription';
import type { TimeRows } from './change-rows';
import type { ChangeInvoice, ChangeKind } from './persistence/subscription-change.entity';

/** What a change is decided on. */
export interface Situation {
  readonly about: SubscriptionWithPlan;
  readonly rows: TimeRows;
  /** By the customer's clock. */
  readonly now: Date;
  /** Of the change that is to be. */
  readonly changeId: string;
  readonly createdAt: Date;
}

/** What a change is to make of a subscription. */
export interface Decided {
  readonly kind: ChangeKind;
  readonly rows: TimeRows;
  /** From when on. */
  readonly at: Date;
  readonly invoice: ChangeInvoice;
  readonly reason: string | null;
  /** Which period is open afterwards, where that doesn't stay as it is. */
  readonly next?: { readonly openPeriod: number; readonly startDue: boolean } | undefined;
}
