import { Column, Entity, PrimaryColumn } from 'typeorm';
import { CountColumn } from '../../platform/database';

/** Up to where a period's events are billed, and by which invoice: its own, or a later one that adjusted it. Never changes. */
@Entity('period_billed')
export class PeriodBilledEntity {
  @PrimaryColumn('uuid') organisationId!: string;
  @PrimaryColumn('uuid') subscriptionId!: string;
  @PrimaryColumn('timestamptz') periodStart!: Date;
  @PrimaryColumn('bigint') throughBatch!: string;
  @Column('uuid') invoiceId!: string;
  /** The customer's events that counted in the period then. */
  @CountColumn() events!: number;
}
