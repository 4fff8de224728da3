import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Decimal } from '../../kernel';
import { DecimalColumn } from '../../platform/database';
import type { LineTax } from '../domain';

/** What a credit note takes back of a line of its invoice. Never changes. */
@Entity('credit_note_line')
export class CreditNoteLineEntity {
  @PrimaryColumn('uuid') organisationId!: string;
  @PrimaryColumn('uuid') noteId!: string;
  @PrimaryColumn('uuid') lineId!: string;
  @Column('int') position!: number;
  /** As the line says it: without a tax that is added, with one that is included. */
  @DecimalColumn() amount!: Decimal;
  @DecimalColumn() net!: Decimal;
  @DecimalColumn() tax!: Decimal;
  /** The line's taxes with what goes back of each. */
  @Column('jsonb') taxes!: readonly LineTax[];
}
