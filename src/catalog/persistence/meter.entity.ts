import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Aggregation, Filter, TimeUnit } from '../domain';

/** Which events count, by which value, grouped how. Never changed once made: usage was summed by it. */
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
}
