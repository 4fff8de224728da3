import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Decimal } from '../../kernel';
import { DecimalColumn } from '../../platform/database';

/** Money that was received for an invoice. Only ever added to; the database refuses changes. */
@Entity('payment')
export class PaymentEntity {
  @PrimaryColumn('uuid') organisationId!: string;
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid') invoiceId!: string;
  /** What the payer or the bank calls it; once for an invoice. */
  @Column('text') reference!: string;
  @DecimalColumn() amount!: Decimal;
  /** What of it was more than was due, and became credit of the customer. */
  @DecimalColumn() credited!: Decimal;
  /** By the customer's clock. */
  @Column('timestamptz') paidAt!: Date;
  @Column('timestamptz') createdAt!: Date;
}
