import { Column, Entity, PrimaryColumn } from 'typeorm';

/** From when on a subscription has another plan version than it was made with. */
@Entity('subscription_phase')
export class SubscriptionPhaseEntity {
  @PrimaryColumn('uuid') organisationId!: string;
  @PrimaryColumn('uuid') subscriptionId!: string;
  @PrimaryColumn('timestamptz') fromAt!: Date;
  @Column('uuid') planId!: string;
  /** The move or the change that made it; the other is null. */
  @Column('uuid', { nullable: true }) moveId!: string | null;
  @Column('uuid', { nullable: true }) changeId!: string | null;
}
