import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Decimal } from '../../kernel';
import { CountColumn, DecimalColumn } from '../../platform/database';
import type { DraftLineKind } from '../domain';

/** A row of a line's breakdown with its decimals as strings. */
export interface StoredBreakdownRow {
  readonly kind: string;
  readonly description: string;
  readonly from: string | null;
  readonly upTo: string | null;
  readonly quantity: string;
  readonly unitPrice: string | null;
  readonly amount: string;
  /** Where the row is about one group of usage, its values. */
  readonly group?: (string | null)[];
  /** Where the row is about one time window, its name. */
  readonly window?: string;
}

/** What a rate makes of a line, or of an invoice, with its decimals as strings. */
export interface StoredTax {
  readonly key: string;
  readonly name: string;
  readonly percent: string;
  readonly behaviour: 'exclusive' | 'inclusive';
  /** As UBL names it. */
  readonly category: string;
  /** What is taxed. */
  readonly base: string;
  readonly amount: string;
  /** Why there is none, where there is none. */
  readonly reason: string | null;
}

/** What a line's meter counted on each local day from the first on. */
export interface StoredDailyUsage {
  readonly first: string;
  readonly quantities: readonly string[];
}

/** One line of an invoice: a charge of a price, what is agreed for the plan as a whole, a credit, or an item. */
@Entity('invoice_line')
export class InvoiceLineEntity {
  @PrimaryColumn('uuid') organisationId!: string;
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid') invoiceId!: string;
  /** Of the part it belongs to; null for an item. */
  @Column('uuid', { nullable: true }) subscriptionId!: string | null;
  @Column('uuid', { nullable: true }) partId!: string | null;
  /** From 0, over the whole invoice. */
  @Column('int') position!: number;
  @Column('text') kind!: DraftLineKind;
  /** The price's key, or what of the plan it is, such as `plan:minimum`. */
  @Column('text') key!: string;
  /** Which fee in advance it charges or credits. Such a line is written once, and not computed again. */
  @Column('text', { nullable: true }) feeId!: string | null;
  @Column('uuid', { nullable: true }) itemId!: string | null;
  /** The plan version it was charged by; null for an item. */
  @Column('uuid', { nullable: true }) planId!: string | null;
  /** Null unless it is of a price, or adjusts one that is. */
  @Column('uuid', { nullable: true }) priceId!: string | null;
  @Column('uuid', { nullable: true }) meterId!: string | null;
  @Column('text') description!: string;
  @DecimalColumn() quantity!: Decimal;
  /** How many events the quantity comes from. */
  @CountColumn() events!: number;
  @DecimalColumn() exactAmount!: Decimal;
  /** `exactAmount`, rounded once to the minor unit of the invoice's currency; of an adjustment, with what was billed before. */
  @DecimalColumn() amount!: Decimal;
  /** `amount` without taxes that it includes, and all taxes on it. */
  @DecimalColumn() net!: Decimal;
  @DecimalColumn() tax!: Decimal;
  @Column('jsonb') taxes!: readonly StoredTax[];
  /** What kind of thing is sold, as tax rates see it. */
  @Column('text', { nullable: true }) taxCode!: string | null;
  /** Whether `amount` includes its taxes; null: as the rate says. */
  @Column('text', { nullable: true }) taxBehaviour!: 'exclusive' | 'inclusive' | null;
  @Column('timestamptz') periodStart!: Date;
  @Column('timestamptz') periodEnd!: Date;
  @Column('jsonb') breakdown!: StoredBreakdownRow[];
  @Column('jsonb') steps!: string[];
  /** As it was when the invoice was finalized; null where it says nothing. */
  @Column('jsonb', { nullable: true }) daily!: StoredDailyUsage | null;
}
