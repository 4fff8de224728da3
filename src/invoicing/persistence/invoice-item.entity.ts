import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Decimal } from '../../kernel';
import { DecimalColumn } from '../../platform/database';
import type { TaxBehaviour } from '../../taxes/domain';

/** A charge or credit that no price makes. What it says never changes; it waits, gets onto an invoice, or is cancelled. */
@Entity('invoice_item')
export class InvoiceItemEntity {
  @PrimaryColumn('uuid') organisationId!: string;
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid') customerId!: string;
  @Column('char', { length: 3 }) currency!: string;
  @Column('text') description!: string;
  @DecimalColumn() quantity!: Decimal;
  /** Below zero for a credit. */
  @DecimalColumn() unitAmount!: Decimal;
  /** quantity × unitAmount, rounded once to the minor unit of `currency`. */
  @DecimalColumn() amount!: Decimal;
  @Column('text', { nullable: true }) taxCode!: string | null;
  @Column('text', { nullable: true }) taxBehaviour!: TaxBehaviour | null;
  /** Prepaid credit, in money or in units; null for anything else. */
  @Column('text', { nullable: true }) buys!: 'credit' | 'units' | null;
  /** What it is for; of something without a length, its day in the customer's zone. */
  @Column('timestamptz') periodStart!: Date;
  @Column('timestamptz') periodEnd!: Date;
  /** The sender's own name for it, once for a customer. */
  @Column('text', { nullable: true }) reference!: string | null;
  /** Null while it waits for the next one. */
  @Column('uuid', { nullable: true }) invoiceId!: string | null;
  /** By the customer's clock. */
  @Column('timestamptz') createdAt!: Date;
  @Column('timestamptz', { nullable: true }) cancelledAt!: Date | null;
}
