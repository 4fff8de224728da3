import type { Currency, Decimal } from '../../kernel';
import type { CreditGivenAs } from '../../invoicing/domain';
import type { TaxBehaviour, TaxCategory } from '../../taxes/domain';

/** A company on an invoice. What isn't known is null, and left out of the page. */
export interface Party {
  /** The name it is known by; the legal name where there is one. */
  readonly name: string;
  readonly addressLines: readonly string[];
  readonly city: string | null;
  readonly postalCode: string | null;
  /** A part of the country, such as `QC`. */
  readonly region: string | null;
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

/** One rate of tax: of a line, or of all lines that bear it. */
export interface DocumentTax {
  /** As it stands on the page, such as `VAT`. */
  readonly name: string;
  /** In per cent; 0 for what isn't taxed. */
  readonly percent: Decimal;
  /** Whether it comes on top of the lines' amounts or lies within them. */
  readonly behaviour: TaxBehaviour;
  readonly category: TaxCategory;
  /** What is taxed, without any tax. */
  readonly base: Decimal;
  readonly amount: Decimal;
  /** Why nothing is asked; null for what is taxed. */
  readonly reason: string | null;
}

/** What an invoice bills of one subscription. */
export interface DocumentPart {
  /** Its key, where it has one, else its id. */
  readonly subscription: string;
  readonly plan: { readonly name: string; readonly key: string };
  readonly days: Days;
}

/** One charge as every format shows it. */
export interface DocumentLine {
  readonly id: string;
  /** From 1. */
  readonly position: number;
  readonly kind: string;
  readonly key: string;
  readonly description: string;
  /** The place in `parts` of what it belongs to; null for a one-off item. */
  readonly part: number | null;
  /** Key and version of the plan it was charged by; null for a one-off item. */
  readonly plan: { readonly key: string; readonly version: number } | null;
  /** The meter's name; null where nothing is measured. */
  readonly meter: string | null;
  readonly quantity: Decimal;
  /** Events behind the quantity. */
  readonly events: number;
  /** Before rounding. */
  readonly exactAmount: Decimal;
  /** Rounded to the currency's minor unit: without tax that comes on top, with tax that lies within. */
  readonly amount: Decimal;
  /** Without any tax. */
  readonly net: Decimal;
  readonly tax: Decimal;
  readonly taxes: readonly DocumentTax[];
  readonly servicePeriod: { readonly start: Date; readonly end: Date };
  readonly days: Days;
  readonly rows: readonly DocumentRow[];
  /** Null where there is nothing to draw. */
  readonly usage: DailyUsage | null;
}

/** What documents of an invoice and of a credit note have in common. */
interface MoneyDocument {
  readonly id: string;
  readonly seller: Party & { readonly id: string };
  readonly customer: Party & { readonly id: string; readonly key: string };
  readonly currency: Currency;
  /** When it was last changed: the time that files made of it carry. */
  readonly madeAt: Date;
  /** Without any tax. */
  readonly subtotal: Decimal;
  /** By rate. They add up to `taxTotal`. */
  readonly taxes: readonly DocumentTax[];
  readonly taxTotal: Decimal;
  /** subtotal + taxTotal. */
  readonly total: Decimal;
}

/** An invoice as a reader has it in hand, whatever the format. All that a format needs is in here. */
export interface InvoiceDocument extends MoneyDocument {
  /** Null while it is a draft. */
  readonly number: string | null;
  readonly isVoid: boolean;
  /** The number of the invoice it takes the place of; null for most. */
  readonly replaces: string | null;
  /** Its subscription's plan when the period ended; null where it has several subscriptions, or none. */
  readonly plan: { readonly name: string; readonly key: string } | null;
  /** The subscriptions it bills, in the order of their lines. */
  readonly parts: readonly DocumentPart[];
  /** The day it was finalized on, by the customer's calendar; null while it is a draft. */
  readonly issuedOn: string | null;
  /** The day by which it is to be paid; null while it is a draft. */
  readonly dueOn: string | null;
  readonly days: Days;
  readonly lines: readonly DocumentLine[];
  /** Credit of the customer that it was paid with when it was finalized. */
  readonly creditApplied: Decimal;
  /** Prepaid credit that it was paid with when it was finalized. */
  readonly prepaidApplied: Decimal;
  /** What credit notes have taken off since. */
  readonly credited: Decimal;
  readonly amountPaid: Decimal;
  /** What is still to be paid. */
  readonly amountDue: Decimal;
  /** What its sender has to say beside; null for nothing. */
  readonly memo: string | null;
}

/** What a credit note takes back of a line of its invoice; amounts above zero. */
export interface CreditNoteDocumentLine {
  /** From 1. */
  readonly position: number;
  /** The line's on the invoice. */
  readonly invoicePosition: number;
  readonly description: string;
  readonly days: Days;
  readonly amount: Decimal;
  readonly net: Decimal;
  readonly tax: Decimal;
  readonly taxes: readonly DocumentTax[];
}

/** A credit note as a reader has it in hand. */
export interface CreditNoteDocument extends MoneyDocument {
  readonly number: string;
  readonly invoice: { readonly number: string; readonly issuedOn: string };
  readonly givenAs: CreditGivenAs;
  readonly reason: string;
  /** By the customer's calendar. */
  readonly issuedOn: string;
  readonly lines: readonly CreditNoteDocumentLine[];
}
