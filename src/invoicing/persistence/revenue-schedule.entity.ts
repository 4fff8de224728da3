import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Decimal } from '../../kernel';
import { DecimalColumn } from '../../platform/database';

/** What a line is still to earn in a month after the one in which it was invoiced. */
@Entity('revenue_schedule')
export class RevenueScheduleEntity {
  @PrimaryColumn('uuid') organisationId!: string;
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid') invoiceId!: string;
  @Column('uuid') lineId!: string;
  /** Its first day in the customer's time zone, such as 2026-02-01. */
  @Column('date') month!: string;
  /** Below zero for a line that gives something back. */
  @DecimalColumn() amount!: Decimal;
  /** The first instant of the month for the customer. */
  @Column('timestamptz') recogniseAt!: Date;
  /** When it was booked as earned; the posting itself is of `recogniseAt`. */
  @Column('timestamptz', { nullable: true }) recognisedAt!: Date | null;
  /** What credit notes, or the void of the invoice, took of it before it was earned; of the amount's sign. */
  @DecimalColumn() takenBack!: Decimal;
}
