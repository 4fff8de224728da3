import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Decimal } from '../../kernel';
import { CountColumn, DecimalColumn } from '../../platform/database';
import type { InvoiceStatus } from '../domain';

/** A request to pay for one subscription and period. Once finalized only its state changes; the database refuses the rest. */
@Entity('invoice')
export class InvoiceEntity {
  @PrimaryColumn('uuid') organisationId!: string;
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid') customerId!: string;
  @Column('uuid') subscriptionId!: string;
  /** Gapless within the organisation; null while a draft. */
  @Column('text', { nullable: true }) number!: string | null;
  @Column('text') status!: InvoiceStatus;
  @Column('char', { length: 3 }) currency!: string;
  @Column('timestamptz') periodStart!: Date;
  @Column('timestamptz') periodEnd!: Date;
  /** Sum of the lines' rounded amounts. */
  @DecimalColumn() total!: Decimal;
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
  /** What was paid of the total; never more than that. */
  @DecimalColumn() amountPaid!: Decimal;
  /** When it was paid, voided or given up, by the customer's clock; null while it is open. */
  @Column('timestamptz', { nullable: true }) closedAt!: Date | null;
  /** Why it was voided or given up. */
  @Column('text', { nullable: true }) closedReason!: string | null;
}
