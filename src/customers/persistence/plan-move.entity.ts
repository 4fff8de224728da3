import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { MoveMode } from '../domain';

/** A decision about who has which plan version from when on. Written once. */
@Entity('plan_move')
export class PlanMoveEntity {
  @PrimaryColumn('uuid') organisationId!: string;
  @PrimaryColumn('uuid') id!: string;
  @Column('text') fromPlanKey!: string;
  /** One version of that plan; null for any. */
  @Column('uuid', { nullable: true }) fromPlanId!: string | null;
  @Column('uuid') toPlanId!: string;
  @Column('text') mode!: MoveMode;
  /** Null: when it was asked for, by each customer's clock. */
  @Column('timestamptz', { nullable: true }) effectiveAt!: Date | null;
  /** As it was asked for: `{customers}`, `{rule}` or `{}` for everyone on the plan. */
  @Column('jsonb') chosen!: object;
  @Column('text') reason!: string;
  /** Subscriptions it changed. */
  @Column('int') moved!: number;
  /** Subscriptions it was about and left as they were, since they had that plan at that instant already. */
  @Column('int') unchanged!: number;
  @Column('uuid', { nullable: true }) apiKeyId!: string | null;
  /** Who asked for it; the name as it was then. */
  @Column('text') madeBy!: string;
  @Column('timestamptz') createdAt!: Date;
}
