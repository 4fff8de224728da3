import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Who receives the invoice. */
@Entity('customer')
export class CustomerEntity {
  @PrimaryColumn('uuid') organisationId!: string;
  @PrimaryColumn('uuid') id!: string;
  @Column('text') key!: string;
  @Column('text') name!: string;
  /** IANA name; billing periods begin at this zone's midnight. */
  @Column('text') timeZone!: string;
  /** The clock this customer lives by, instead of the real one. */
  @Column('uuid', { nullable: true }) testClockId!: string | null;
  /** Days to pay agreed with this customer; null: as of the organisation. */
  @Column('int', { nullable: true }) netDays!: number | null;
  @Column('timestamptz') createdAt!: Date;
}
