import { Column, Entity, PrimaryColumn } from 'typeorm';
import { CountColumn } from '../../platform/database';
import type { MeterDefinition } from '../domain';

/** One definition that a meter has or had, and how far its usage is counted. */
@Entity('meter_revision')
export class MeterRevisionEntity {
  @PrimaryColumn('uuid') organisationId!: string;
  @PrimaryColumn('uuid') meterId!: string;
  @PrimaryColumn('int') revision!: number;
  /** What its sums and samples are kept under; the meter's own id for the first. */
  @Column('uuid') usageId!: string;
  @Column('jsonb') definition!: MeterDefinition;
  @Column('text') status!: 'filling' | 'ready' | 'retired';
  /** Events of this batch and later ones are counted as they come. */
  @CountColumn() countsFromBatch!: number;
  /** The last event the fill has looked at. Its time has microseconds, which a date has not: SQL alone reads these. */
  @Column('uuid', { nullable: true, select: false }) filledCustomer!: string | null;
  @Column('timestamptz', { nullable: true, select: false }) filledTime!: Date | null;
  @Column('uuid', { nullable: true, select: false }) filledKey!: string | null;
  /** Stored events the fill has looked at, and about how many there are; null until that was asked. */
  @CountColumn() eventsFilled!: number;
  @Column('bigint', { nullable: true }) eventsToFill!: string | null;
  @Column('timestamptz', { nullable: true }) filledAt!: Date | null;
  /** From this batch on it is what the meter says; null: it never was. */
  @Column('bigint', { nullable: true }) currentFromBatch!: string | null;
  @Column('bigint', { nullable: true }) retiredAtBatch!: string | null;
  @Column('timestamptz', { nullable: true }) usageRemovedAt!: Date | null;
  @Column('timestamptz') createdAt!: Date;
}
