import type { Anchor } from './calendar';

/** What is sold: a base fee, seats and calls. Money is text, instants are milliseconds since 1970. */
export interface RefPlan {
  readonly key: string;
  readonly interval: Anchor['interval'];
  readonly proration: 'second' | 'day' | 'none';
  /** Fees are billed ahead for so many periods; 0: when their period has ended. */
  readonly ahead: number;
  readonly base: string;
  readonly seatPrice: string;
  readonly seats: string;
  readonly callPrice: string;
  readonly allowance: string;
}

export interface RefEvent {
  readonly id: string;
  readonly at: number;
  readonly calls: number;
  isVoid: boolean;
}

export type Settle = 'invoice' | 'invoice_and_credit' | 'nothing';

export interface RefEnding {
  readonly endAt: number;
  readonly cancelledAt: number;
  readonly settle: Settle;
}

/** A stretch of a subscription's life with periods of one length. */
export interface RefCycle {
  readonly anchor: Anchor;
  readonly firstIndex: number;
  /** When another cycle took its place, though nobody cancelled. */
  cutAt: number | null;
  ending: RefEnding | null;
}

export interface RefSubscription {
  readonly key: string;
  readonly apart: boolean;
  readonly cycles: RefCycle[];
  /** In the order of time. */
  phases: { readonly from: number; readonly plan: RefPlan }[];
  seats: { readonly from: number; readonly quantity: string }[];
  readonly pauses: { readonly from: number; to: number | null; readonly bills: 'nothing' | 'base_fee' }[];
  /** The period that is open; null when it has ended for good. */
  open: number | null;
  /** Whether the fees of its start are still to be billed. */
  startDue: boolean;
  /** Fees that began up to here were looked at. */
  feesUpTo: number;
}

/** `computed` follows its events while the invoice is a draft; a `fee` is written once. */
export interface RefLine {
  readonly memory: 'computed' | 'fee';
  readonly subscription: string;
  readonly kind: string;
  readonly key: string;
  readonly from: number;
  readonly to: number;
  /** In minor units. */
  readonly amount: bigint;
  readonly feeId?: string;
  /** Taken back by credit notes. */
  noted: bigint;
}

export interface RefPart {
  readonly subscription: RefSubscription;
  readonly kind: 'start' | 'period' | 'change';
  readonly index: number;
  readonly from: number;
  readonly to: number;
  readonly closesAt: number;
}

export interface RefInvoice {
  readonly parts: RefPart[];
  lines: RefLine[];
  /** The day whose parts it gathers; null for one that gathers nothing. */
  gathersOn: string | null;
  status: 'draft' | 'finalized' | 'paid' | 'void';
  issuedAt: number | null;
  reissued: boolean;
  tax: bigint;
  creditApplied: bigint;
  credited: bigint;
  paid: bigint;
}

export const subtotalOf = ({ lines }: RefInvoice): bigint => lines.reduce((sum, { amount }) => sum + amount, 0n);
export const totalOf = (invoice: RefInvoice): bigint => subtotalOf(invoice) + invoice.tax;
export function dueOf(invoice: RefInvoice): bigint {
  if (invoice.status === 'void') return 0n;
  const total = totalOf(invoice);
  return (total > 0n ? total : 0n) - invoice.creditApplied - invoice.credited - invoice.paid;
}
