import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Decimal } from '../../kernel';
import { DecimalColumn } from '../../platform/database';
import type { CreditGivenAs } from '../domain';

/** A document that takes back a part of a finalized invoice, or all of it. Never changes. */
@Entity('credit_note')
export class CreditNoteEntity {
  @PrimaryColumn('uuid') organisationId!: string;
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid') invoiceId!: string;
  /** Gapless within the organisation. */
  @Column('text') number!: string;
  @Column('text') givenAs!: CreditGivenAs;
  @Column('text') reason!: string;
  /** Chosen by whoever asked; a repeat of it is the same note. */
  @Column('text', { nullable: true }) reference!: string | null;
  /** Without tax. */
  @DecimalColumn() subtotal!: Decimal;
  @DecimalColumn() taxTotal!: Decimal;
  /** What the customer gets: above zero. */
  @DecimalColumn() total!: Decimal;
  /** By the customer's clock. */
  @Column('timestamptz') issuedAt!: Date;
  @Column('timestamptz') createdAt!: Date;
}
