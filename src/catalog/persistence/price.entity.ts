import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Decimal } from '../../kernel';
import { DecimalColumn } from '../../platform/database';
import type { StoredCharge } from '../charge-storage';
import type { StoredPriceTerms } from '../stored-plan';

/** One price of a plan version. Decimals of the charge and the terms are strings inside the JSON. */
@Entity('price')
export class PriceEntity {
  @PrimaryColumn('uuid') organisationId!: string;
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid') planId!: string;
  @Column('int') position!: number;
  @Column('text') key!: string;
  @Column('text') name!: string;
  @Column('uuid', { nullable: true }) meterId!: string | null;
  @DecimalColumn({ nullable: true }) allowance!: Decimal | null;
  @Column('jsonb') charge!: StoredCharge;
  @Column('jsonb') terms!: StoredPriceTerms;
}
