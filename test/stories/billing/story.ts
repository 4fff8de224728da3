import type { Answer } from '../../support/server';
import type { PlanRequest, World } from './world';

/**
 * A story: a customer, what happens to them by their own clock, and every line that is expected on every invoice, with
 * the sum that leads to it. The same data is played against a server and printed for finance (`docs/billing-stories.md`),
 * so that what is read is what is tested. All times are those of the customer's zone.
 */
export interface Story {
  /** Its heading. */
  readonly title: string;
  /** What it shows, in a sentence or two. */
  readonly shows: string;
  /** UTC without it. */
  readonly timeZone?: string;
  readonly plans: readonly PlanRequest[];
  readonly steps: readonly Step[];
  /** Where the clock stands in the end. */
  readonly until: string;
  /** In the order in which they were issued; drafts last. */
  readonly invoices: readonly ExpectedInvoice[];
  /** Balances of the ledger in the end, by account, where the story is about them. Debits are above zero. */
  readonly ledger?: Readonly<Record<string, string>>;
  /** Further things that must be so in the end, each with a sentence for the reader. */
  readonly also?: readonly Check[];
}

export interface Step {
  /** When, by the customer's clock. */
  readonly at: string;
  /** For the reader: `subscribes to Basic`. */
  readonly says: string;
  readonly act: (world: World) => Promise<unknown>;
}

export interface Check {
  readonly says: string;
  readonly holds: (world: World) => Promise<void>;
}

/** What a step does; `on` says when. */
export type Action = Omit<Step, 'at'>;

export const on = (at: string, ...actions: readonly Action[]): Step[] => actions.map((action) => ({ at, ...action }));

export interface ExpectedLine {
  readonly kind: string;
  readonly key: string;
  readonly from: string;
  readonly to: string;
  /** Null where it isn't looked at. */
  readonly quantity: string | null;
  /** The sum that gives the amount, and the amount: `29 × 10/29 = 10.00`. */
  readonly sum: string;
  /** A word to the reader. */
  readonly note?: string;
}

export interface ExpectedInvoice {
  /** `draft` while it has none. */
  readonly number: string;
  /** The day on which it was finalized; null for a draft. */
  readonly issued: string | null;
  readonly status: string;
  readonly lines: readonly ExpectedLine[];
  /** What a tax comes to: `VAT` and `29.00 × 19/100 = 5.51`; `incl. VAT` where it lies within the prices. */
  readonly taxes: readonly (readonly [name: string, sum: string])[];
  /** What is asked for, taxes included: a sum over lines and taxes is held against it. */
  readonly total: string;
  /** Credit that was used up on it. */
  readonly credit: string;
  /** What is left to pay in the end. */
  readonly due: string;
}

interface InvoiceMore {
  readonly status?: string;
  readonly taxes?: ExpectedInvoice['taxes'];
  readonly credit?: string;
  readonly due?: string;
}

/** An invoice that was issued on a day. Without `due` the total is, less the credit; nothing of what is paid. */
export function invoice(
  number: string,
  issued: string | null,
  lines: readonly ExpectedLine[],
  total: string,
  more: InvoiceMore = {},
): ExpectedInvoice {
  const nothing = total.replaceAll(/[1-9]/g, '0').replace('-', '');
  const isNothing = nothing === total;
  const status = more.status ?? (issued === null ? 'draft' : isNothing || total.startsWith('-') ? 'paid' : 'finalized');
  const credit = more.credit ?? nothing.replace(/^0+(?=\d)/, '');
  const due = more.due ?? (status === 'finalized' || status === 'draft' ? total : nothing.replace(/^0+(?=\d)/, ''));
  return { number, issued, status, lines, taxes: more.taxes ?? [], total, credit, due };
}

export const draft = (lines: readonly ExpectedLine[], total: string, more: InvoiceMore = {}): ExpectedInvoice =>
  invoice('draft', null, lines, total, more);

interface LineMore {
  readonly quantity?: string;
  readonly note?: string;
}

const lineOf =
  (kind: string) =>
  (key: string, from: string, to: string, sum: string, more: LineMore = {}): ExpectedLine => ({
    kind,
    key,
    from,
    to,
    sum,
    quantity: more.quantity ?? null,
    ...(more.note === undefined ? {} : { note: more.note }),
  });

/** What a price charges for a stretch of time. */
export const charge = lineOf('price');
/** What is given back of a fee that was charged ahead. */
export const credit = lineOf('credit');
/** What is different of a period that was billed before. */
export const adjusted = lineOf('adjustment');
/** A line of any other kind. */
export const line = (
  kind: string,
  key: string,
  from: string,
  to: string,
  sum: string,
  more: LineMore = {},
): ExpectedLine => lineOf(kind)(key, from, to, sum, more);

export type Body = Answer['body'];
