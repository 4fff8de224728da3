import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Decimal } from '../../kernel';
import { CountColumn, DecimalColumn } from '../../platform/database';

/** A tenant: the company that sells AI features and whose customers are billed. */
@Entity('organisation')
export class OrganisationEntity {
  @PrimaryColumn('uuid') id!: string;
  @Column('text') name!: string;
  /** What its costs are kept in. */
  @Column('char', { length: 3 }) currency!: string;
  /** Raised with every change of meters or own prices. */
  @CountColumn() catalogRevision!: number;
  /** Raised with every change of caps, wallets, rules for loops and their settings. 0: there never was any. */
  @CountColumn() capsRevision!: number;
  /** How many invoices were given a number; the next one gets this plus one. */
  @CountColumn() invoicesNumbered!: number;
  /** What the next numbers look like, such as `INV-{number:6}`. */
  @Column('text') invoiceNumberFormat!: string;
  /** Days after it is finalized in which an invoice is to be paid. */
  @Column('int') netDays!: number;
  /** Whether a person has to approve an invoice before it is finalized. */
  @Column('text') invoiceApproval!: 'none' | 'required';
  /** How many credit notes were given a number. */
  @CountColumn() creditNotesNumbered!: number;
  /** Plans that would earn less than this share of their revenue are published for a reason only; null: no floor. */
  @DecimalColumn({ nullable: true }) marginFloorPercent!: Decimal | null;
  @Column('timestamptz') createdAt!: Date;
}
