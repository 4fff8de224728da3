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

/** One charge on an invoice: of a price, or of what is agreed for the plan as a whole. */
@Entity('invoice_line')
export class InvoiceLineEntity {
  @PrimaryColumn('uuid') organisationId!: string;
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid') invoiceId!: string;
  @Column('int') position!: number;
  @Column('text') kind!: DraftLineKind;
  /** The price's key, or what of the plan it is, such as `plan:minimum`. */
  @Column('text') key!: string;
  /** The plan version it was charged by. */
  @Column('uuid') planId!: string;
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
  @Column('timestamptz') periodStart!: Date;
  @Column('timestamptz') periodEnd!: Date;
  @Column('jsonb') breakdown!: StoredBreakdownRow[];
  @Column('jsonb') steps!: string[];
}
