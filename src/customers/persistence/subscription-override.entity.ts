import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Other terms for one price of one subscription, for a stretch of time. */
@Entity('subscription_override')
export class SubscriptionOverrideEntity {
  @PrimaryColumn('uuid') organisationId!: string;
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid') subscriptionId!: string;
  @Column('text') priceKey!: string;
  /** Decimals are text; `overrides.schema.ts` reads it. */
  @Column('jsonb') definition!: unknown;
  @Column('timestamptz') fromAt!: Date;
  @Column('timestamptz', { nullable: true }) toAt!: Date | null;
  @Column('text') reason!: string;
  /** The change that made it; null: it was agreed on by itself. */
  @Column('uuid', { nullable: true }) changeId!: string | null;
  @Column('timestamptz') createdAt!: Date;
}
