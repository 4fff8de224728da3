import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Aggregation, Filter, TimeUnit } from '../domain';

/** Which events count, by which value, grouped how: what the meter's revision in force says. */
@Entity('meter')
export class MeterEntity {
  @PrimaryColumn('uuid') organisationId!: string;
  @PrimaryColumn('uuid') id!: string;
  @Column('text') key!: string;
  @Column('text') name!: string;
  @Column('text') eventType!: string;
  @Column('text') aggregation!: Aggregation;
  @Column('text', { nullable: true }) valueField!: string | null;
  @Column('text', { nullable: true }) timeUnit!: TimeUnit | null;
  @Column('jsonb') filters!: Filter[];
  @Column('text', { array: true }) groupBy!: string[];
  @Column('timestamptz') createdAt!: Date;
  /** The revision whose definition this is, and under which id its sums and samples are kept. */
  @Column('int') revision!: number;
  @Column('uuid') usageId!: string;
  /** filling: stored events are still being counted, so that its usage is less than it will be. */
  @Column('text') status!: 'filling' | 'ready';
  /** Since when it counts no more. */
  @Column('timestamptz', { nullable: true }) archivedAt!: Date | null;
}
