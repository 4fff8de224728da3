import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One published version of a plan. */
@Entity('plan')
export class PlanEntity {
  @PrimaryColumn('uuid') organisationId!: string;
  @PrimaryColumn('uuid') id!: string;
  @Column('text') key!: string;
  @Column('int') version!: number;
  @Column('text') name!: string;
  @Column('char', { length: 3 }) currency!: string;
  @Column('text') interval!: 'month';
  @Column('text') status!: 'published';
  @Column('timestamptz') createdAt!: Date;
}
