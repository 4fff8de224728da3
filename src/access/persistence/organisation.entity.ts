import { Column, Entity, PrimaryColumn } from 'typeorm';
import { CountColumn } from '../../platform/database';

/** A tenant: the company that sells AI features and whose customers are billed. */
@Entity('organisation')
export class OrganisationEntity {
  @PrimaryColumn('uuid') id!: string;
  @Column('text') name!: string;
  /** What its costs are kept in. */
  @Column('char', { length: 3 }) currency!: string;
  /** Raised with every change of meters or own prices. */
  @CountColumn() catalogRevision!: number;
  /** How many invoices were given a number; the next one gets this plus one. */
  @CountColumn() invoicesNumbered!: number;
  @Column('timestamptz') createdAt!: Date;
}
