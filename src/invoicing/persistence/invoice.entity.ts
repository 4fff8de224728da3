import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Decimal } from '../../kernel';
import { CountColumn, DecimalColumn } from '../../platform/database';
import type { InvoiceStatus } from '../domain';
import type { StoredTax } from './invoice-line.entity';

/** A request to pay, of one customer in one currency, for all its parts and items. Once finalized only its state changes; the database refuses the rest. */
@Entity('invoice')
export class InvoiceEntity {
  @PrimaryColumn('uuid') organisationId!: string;
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid') customerId!: string;
  /** Gapless within the organisation; null while a draft. */
  @Column('text', { nullable: true }) number!: string | null;
  @Column('text') status!: InvoiceStatus;
  @Column('char', { length: 3 }) currency!: string;
  /** The customer's local day whose parts it gathers while it is a draft; null: no others join it. */
  @Column('date', { nullable: true }) gathersOn!: string | null;
  /** When the last of its parts is due; null: it is never finalized by itself. */
  @Column('timestamptz', { nullable: true }) closesAt!: Date | null;
  /** From the first instant of its parts to the last. */
  @Column('timestamptz') periodStart!: Date;
  @Column('timestamptz') periodEnd!: Date;
  /** Sum of the lines without taxes. */
  @DecimalColumn() subtotal!: Decimal;
  @DecimalColumn() taxTotal!: Decimal;
  /** One row for each rate. */
  @Column('jsonb') taxes!: readonly StoredTax[];
  /** What is asked: `subtotal` and `taxTotal`. */
  @DecimalColumn() total!: Decimal;
  /** Sum of the lines' exact amounts. */
  @DecimalColumn() exactTotal!: Decimal;
  /** What the customer's events of the period cost us, in the organisation's currency. */
  @DecimalColumn() cost!: Decimal;
  @CountColumn() pendingEvents!: number;
  /** Group commits up to this one are on the invoice; null while a draft. */
  @Column('bigint', { nullable: true }) eventsThrough!: string | null;
  @Column('timestamptz') createdAt!: Date;
  @Column('timestamptz', { nullable: true }) finalizedAt!: Date | null;
  /** When it was finalized by the customer's clock; null while a draft. */
  @Column('timestamptz', { nullable: true }) issuedAt!: Date | null;
  /** The day by which it is to be paid, in the customer's time zone. */
  @Column('date', { nullable: true }) dueOn!: string | null;
  /** Credit of the customer that was used up when it was finalized. */
  @DecimalColumn() creditApplied!: Decimal;
  /** Prepaid credit that was used for it when it was finalized. */
  @DecimalColumn() prepaidApplied!: Decimal;
  /** What credit notes have lowered what is due by. */
  @DecimalColumn() credited!: Decimal;
  /** What was paid of the total; with credit never more than that. */
  @DecimalColumn() amountPaid!: Decimal;
  /** When it was paid, voided or given up, by the customer's clock; null while it is open. */
  @Column('timestamptz', { nullable: true }) closedAt!: Date | null;
  /** Why it was voided or given up. */
  @Column('text', { nullable: true }) closedReason!: string | null;
  /** The invoice that was made in place of this one, which is void. */
  @Column('uuid', { nullable: true }) reissuedAs!: string | null;
  /** The void invoice that this one was made in place of. */
  @Column('uuid', { nullable: true }) reissueOf!: string | null;
  /** What a person has approved, and when by the customer's clock. Another total has to be approved again. */
  @DecimalColumn({ nullable: true }) approvedTotal!: Decimal | null;
  @Column('timestamptz', { nullable: true }) approvedAt!: Date | null;
  @Column('text', { nullable: true }) approvedBy!: string | null;
  /** What it is for, in words; of an invoice that was made by hand. */
  @Column('text', { nullable: true }) memo!: string | null;
}
