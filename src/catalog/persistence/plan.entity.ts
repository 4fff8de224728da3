import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { BillingInterval } from '../../kernel';
import type { PlanStatus } from '../domain';
import type { PlanSource, StoredCurrencies, StoredPlanTerms } from '../stored-plan';

/** One version of a plan. A draft may change; a published one may only be archived. */
@Entity('plan')
export class PlanEntity {
  @PrimaryColumn('uuid') organisationId!: string;
  @PrimaryColumn('uuid') id!: string;
  @Column('text') key!: string;
  @Column('int') version!: number;
  @Column('text') name!: string;
  @Column('char', { length: 3 }) currency!: string;
  @Column('text') interval!: BillingInterval;
  /** Intervals to a billing period. */
  @Column('int') intervalCount!: number;
  @Column('text') status!: PlanStatus;
  /** Decimals are strings inside the JSON, here and in the currencies. */
  @Column('jsonb') terms!: StoredPlanTerms;
  @Column('jsonb') currencies!: StoredCurrencies;
  @Column('text') source!: PlanSource;
  @Column('timestamptz') createdAt!: Date;
  @Column('timestamptz', { nullable: true }) publishedAt!: Date | null;
  @Column('timestamptz', { nullable: true }) archivedAt!: Date | null;
  @Column('text', { nullable: true }) publishReason!: string | null;
}
