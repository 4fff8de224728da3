import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Decimal } from '../../kernel';
import { CountColumn, DecimalColumn } from '../../platform/database';

/** A row of a line's breakdown with its decimals as strings. */
export interface StoredBreakdownRow {
  readonly kind: string;
  readonly description: string;
  readonly from: string | null;
  readonly upTo: string | null;
  readonly quantity: string;
  readonly unitPrice: string | null;
  readonly amount: string;
}

/** One priced component of an invoice. */
@Entity('invoice_line')
export class InvoiceLineEntity {
  @PrimaryColumn('uuid') organisationId!: string;
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid') invoiceId!: string;
  @Column('int') position!: number;
  @Column('uuid') priceId!: string;
  @Column('uuid', { nullable: true }) meterId!: string | null;
  @Column('text') description!: string;
  @DecimalColumn() quantity!: Decimal;
  /** How many events the quantity comes from. */
  @CountColumn() events!: number;
  @DecimalColumn() exactAmount!: Decimal;
  /** `exactAmount`, rounded once to the minor unit of the invoice's currency. */
  @DecimalColumn() amount!: Decimal;
  @Column('timestamptz') periodStart!: Date;
  @Column('timestamptz') periodEnd!: Date;
  @Column('jsonb') breakdown!: StoredBreakdownRow[];
  @Column('jsonb') steps!: string[];
}
