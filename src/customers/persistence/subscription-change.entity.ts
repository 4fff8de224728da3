import { Column, Entity, PrimaryColumn } from 'typeorm';

export const CHANGE_KINDS = [
  'plan',
  'quantities',
  'prices',
  'schedule',
  'pause',
  'resume',
  'cancel',
  'undo_cancel',
  'reactivate',
] as const;
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** next: what it adds or takes off is on the next invoice. now: it is billed at once. */
export const CHANGE_INVOICES = ['next', 'now'] as const;
export type ChangeInvoice = (typeof CHANGE_INVOICES)[number];

/** What was asked for of a subscription, and what stood in its place before. */
@Entity('subscription_change')
export class SubscriptionChangeEntity {
  @PrimaryColumn('uuid') organisationId!: string;
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid') subscriptionId!: string;
  /** What it is about most: a change of plan with quantities is one of plan. */
  @Column('text') kind!: ChangeKind;
  /** As it was asked for, as the API takes it. */
  @Column('jsonb') request!: unknown;
  /** Rows it took the place of; `change-storage.ts` reads it. */
  @Column('jsonb') before!: unknown;
  /** From when on it holds. */
  @Column('timestamptz') at!: Date;
  @Column('text') invoice!: ChangeInvoice;
  @Column('text', { nullable: true }) reason!: string | null;
  /** Who asked for it; the name as it was then. */
  @Column('text') madeBy!: string;
  /** By the customer's clock. */
  @Column('timestamptz') createdAt!: Date;
  /** By the customer's clock; null: it stands. */
  @Column('timestamptz', { nullable: true }) takenBackAt!: Date | null;
}
