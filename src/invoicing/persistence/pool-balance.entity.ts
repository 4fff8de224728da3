import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Decimal } from '../../kernel';
import { DecimalColumn } from '../../platform/database';

/** Units of a pool that expire together, with their decimal as a string. */
export interface StoredPoolLot {
  readonly amount: string;
  readonly expiresAfterPeriod: number | null;
}

/** What a billing period did with a pool of its subscription, and what it left. */
@Entity('pool_balance')
export class PoolBalanceEntity {
  @PrimaryColumn('uuid') organisationId!: string;
  @PrimaryColumn('uuid') subscriptionId!: string;
  /** The pool's key in the plan. */
  @PrimaryColumn('text') pool!: string;
  /** The period's number in the subscription, from 0. */
  @PrimaryColumn('int') period!: number;
  @DecimalColumn() granted!: Decimal;
  @DecimalColumn() rolledIn!: Decimal;
  @DecimalColumn() used!: Decimal;
  @Column('jsonb') lots!: StoredPoolLot[];
}
