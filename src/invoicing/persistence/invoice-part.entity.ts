import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Decimal } from '../../kernel';
import { CountColumn, DecimalColumn } from '../../platform/database';

/**
 * Why something of a subscription is billed: a billing period closed; its first fees, or those of a new cycle, are due;
 * it changed and is billed at once; what was used passed an amount.
 */
export const PART_KINDS = ['start', 'period', 'change', 'threshold'] as const;
export type PartKind = (typeof PART_KINDS)[number];

/** What an invoice bills of one subscription, and why. There is one live part for each such reason. */
@Entity('invoice_part')
export class InvoicePartEntity {
  @PrimaryColumn('uuid') organisationId!: string;
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid') invoiceId!: string;
  @Column('uuid') subscriptionId!: string;
  @Column('text') kind!: PartKind;
  /** The billing period it is about; of a start the first one of its cycle. */
  @Column('int') periodIndex!: number;
  /** Which change, or which threshold, of the period; 0 for others. */
  @Column('int') ordinal!: number;
  @Column('timestamptz') periodStart!: Date;
  @Column('timestamptz') periodEnd!: Date;
  /** When it was due, whenever it was made: the grace of a draft counts from here. */
  @Column('timestamptz') closesAt!: Date;
  /** Sum of its lines' exact amounts. */
  @DecimalColumn() exactTotal!: Decimal;
  /** Of all of the customer's events in a period, in the organisation's currency; nothing for other kinds. */
  @DecimalColumn() cost!: Decimal;
  @CountColumn() pendingEvents!: number;
  /** False from the moment on that its invoice is void. */
  @Column('boolean') live!: boolean;
}
