import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { PauseBills } from '../domain';

/** A stretch of time in which a subscription is charged nothing, or only its base fee. */
@Entity('subscription_pause')
export class SubscriptionPauseEntity {
  @PrimaryColumn('uuid') organisationId!: string;
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid') subscriptionId!: string;
  @Column('timestamptz') fromAt!: Date;
  /** Null: until it is resumed. */
  @Column('timestamptz', { nullable: true }) toAt!: Date | null;
  @Column('text') bills!: PauseBills;
  @Column('text', { nullable: true }) reason!: string | null;
  @Column('uuid') changeId!: string;
  @Column('timestamptz') createdAt!: Date;
}
