import type { Currency, Decimal } from '../../kernel';

/** A company on an invoice. What isn't known is null, and left out of the page. */
export interface Party {
  /** The name it is known by; the legal name where there is one. */
  readonly name: string;
  readonly addressLines: readonly string[];
  readonly city: string | null;
  readonly postalCode: string | null;
  /** ISO 3166-1, two letters. */
  readonly country: string | null;
  readonly taxId: string | null;
  readonly email: string | null;
}

/** Days as the customer's calendar has them: `2026-02-01` to `2026-02-28`, both belong to it. */
export interface Days {
  readonly first: string;
  readonly last: string;
}

/** A step from usage to amount, as it stands below a line. */
export interface DocumentRow {
  readonly kind: string;
  readonly description: string;
  readonly quantity: Decimal;
  readonly unitPrice: Decimal | null;
  /** Exact. */
  readonly amount: Decimal;
}

/** What was used on each day of a line's service period. */
export interface DailyUsage {
  readonly first: string;
  readonly quantities: readonly Decimal[];
}

/** One charge as every format shows it. */
export interface DocumentLine {
  readonly id: string;
  /** From 1. */
  readonly position: number;
  readonly kind: string;
  readonly key: string;
  readonly description: string;
  /** Key and version of the plan it was charged by. */
  readonly plan: { readonly key: string; readonly version: number };
  /** The meter's name; null where nothing is measured. */
  readonly meter: string | null;
  readonly quantity: Decimal;
  /** Events behind the quantity. */
  readonly events: number;
  /** Before rounding. */
  readonly exactAmount: Decimal;
  /** Rounded to the currency's minor unit. */
  readonly amount: Decimal;
  readonly servicePeriod: { readonly start: Date; readonly end: Date };
  readonly days: Days;
  readonly rows: readonly DocumentRow[];
  /** Null where there is nothing to draw. */
  readonly usage: DailyUsage | null;
}

/** An invoice as a reader has it in hand, whatever the format. All that a format needs is in here. */
export interface InvoiceDocument {
  readonly id: string;
  /** Null while it is a draft. */
  readonly number: string | null;
  readonly seller: Party & { readonly id: string };
  readonly customer: Party & { readonly id: string; readonly key: string };
  readonly plan: { readonly name: string; readonly key: string };
  readonly currency: Currency;
  /** The day it was finalized on, by the customer's calendar; null while it is a draft. */
  readonly issuedOn: string | null;
  /** When it was last changed: the time that files made of it carry. */
  readonly madeAt: Date;
  readonly days: Days;
  readonly lines: readonly DocumentLine[];
  /** Sum of the lines' amounts. */
  readonly total: Decimal;
}
