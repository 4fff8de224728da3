import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { BillingInterval, PeriodAnchor } from '../../kernel';
import type { Settle } from '../domain';

/** From when on a subscription's billing periods are counted anew. The first stretch is the subscription's own columns. */
@Entity('subscription_cycle')
export class SubscriptionCycleEntity {
  @PrimaryColumn('uuid') organisationId!: string;
  @PrimaryColumn('uuid') subscriptionId!: string;
  @PrimaryColumn('timestamptz') fromAt!: Date;
  /** Index of its first billing period, counted over all cycles. */
  @Column('int') firstIndex!: number;
  @Column('text') interval!: BillingInterval;
  @Column('int') intervalCount!: number;
  @Column('text') anchor!: PeriodAnchor;
  /** When the cycle before it ended: earlier than this one begins where the subscription had ended in between. */
  @Column('timestamptz') previousEndAt!: Date;
  /** How that end was asked for; null where one cycle simply followed the other. */
  @Column('timestamptz', { nullable: true }) previousCancelledAt!: Date | null;
  @Column('text', { nullable: true }) previousSettle!: Settle | null;
  @Column('uuid') changeId!: string;
}
