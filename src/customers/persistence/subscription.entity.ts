import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { PeriodAnchor } from '../../kernel';

/** A customer's hold on a plan version over time. */
@Entity('subscription')
export class SubscriptionEntity {
  @PrimaryColumn('uuid') organisationId!: string;
  @PrimaryColumn('uuid') id!: string;
  @Column('text') key!: string;
  @Column('uuid') customerId!: string;
  /** The plan version it was made with; later ones are phases. */
  @Column('uuid') planId!: string;
  /** What it is charged in; null for the currency of its plan. */
  @Column('char', { length: 3, nullable: true }) currency!: string | null;
  @Column('timestamptz') startAt!: Date;
  /** Whether its periods begin on the day of the first, or with the calendar. */
  @Column('text') anchor!: PeriodAnchor;
  /** Index of the first billing period that has no invoice yet. */
  @Column('int') openPeriod!: number;
  /** When that period ends. */
  @Column('timestamptz') openPeriodEnd!: Date;
  /** Why closing periods left it alone, for a person to read; null when it is not parked. */
  @Column('text', { nullable: true }) parkedReason!: string | null;
  @Column('timestamptz') createdAt!: Date;
}
