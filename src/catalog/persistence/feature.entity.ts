import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a customer can use, as plans offer it and prices charge it. Written once. */
@Entity('feature')
export class FeatureEntity {
  @PrimaryColumn('uuid') organisationId!: string;
  @PrimaryColumn('uuid') id!: string;
  @Column('text') key!: string;
  @Column('text') name!: string;
  @Column('text', { nullable: true }) description!: string | null;
  @Column('timestamptz') createdAt!: Date;
}
