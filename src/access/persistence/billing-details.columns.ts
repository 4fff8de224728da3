import { Column, PrimaryColumn } from 'typeorm';
import type { BillingDetails } from '../domain';

/** Columns that both tables of billing details have. */
export abstract class BillingDetailsColumns {
  @PrimaryColumn('uuid') organisationId!: string;
  /** Time-ordered: the newest row is in force. */
  @PrimaryColumn('uuid') id!: string;
  @Column('text', { nullable: true }) legalName!: string | null;
  @Column('text', { array: true }) addressLines!: string[];
  @Column('text', { nullable: true }) city!: string | null;
  @Column('text', { nullable: true }) region!: string | null;
  @Column('text', { nullable: true }) postalCode!: string | null;
  @Column('char', { length: 2, nullable: true }) country!: string | null;
  @Column('text', { nullable: true }) taxId!: string | null;
  @Column('text', { nullable: true }) email!: string | null;
  @Column('timestamptz') createdAt!: Date;
}

/** The fields alone, as an answer and the audit log show them. */
export function shownDetails(details: BillingDetails): BillingDetails {
  const { legalName, addressLines, city, region, postalCode, country, taxId, email } = details;
  return { legalName, addressLines, city, region, postalCode, country, taxId, email };
}
