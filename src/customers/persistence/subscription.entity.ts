import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { PeriodAnchor } from '../../kernel';
import type { Settle } from '../domain';

/** together: one invoice for all subscriptions of a customer whose periods end on a day. apart: one of its own. */
export const INVOICINGS = ['together', 'apart'] as const;
export type Invoicing = (typeof INVOICINGS)[number];

/** Usage is billed early as soon as it comes to so much, in the subscription's currency. */
export interface Thresholds {
  /** Decimal as text. */
  readonly amount: string;
}

/** A customer's hold on a plan version over time. */
@Entity('subscription')
export class SubscriptionEntity {
  @PrimaryColumn('uuid') organisationId!: string;
  @PrimaryColumn('uuid') id!: string;
  @Column('text') key!: string;
  @Column('uuid') customerId!: string;
  /** The plan version it was made with; later ones are phases. */
  @Column('uuid') planId!: string;
  /** What it is charged in; null for the currency of its plan. */
  @Column('char', { length: 3, nullable: true }) currency!: string | null;
  @Column('timestamptz') startAt!: Date;
  /** Whether its periods begin on the day of the first, or with the calendar. */
  @Column('text') anchor!: PeriodAnchor;
  /** Index of the first billing period that has no invoice yet. */
  @Column('int') openPeriod!: number;
  /** When that period ends. */
  @Column('timestamptz') openPeriodEnd!: Date;
  /** Fees in advance of the first period of a cycle are to be billed before anything else. */
  @Column('boolean') startDue!: boolean;
  /** When something of it is to be billed next; null when it has ended and all is billed. */
  @Column('timestamptz', { nullable: true }) dueAt!: Date | null;
  /** Whether its charges share an invoice with those of the customer's other subscriptions. */
  @Column('text') invoicing!: Invoicing;
  /** `{"amount": "100"}`: what is billed before the period is over; null: nothing. */
  @Column('jsonb', { nullable: true }) thresholds!: Thresholds | null;
  @Column('timestamptz', { nullable: true }) thresholdsLookedAt!: Date | null;
  /** When it ends or ended; null: it goes on. */
  @Column('timestamptz', { nullable: true }) endAt!: Date | null;
  /** When the end was asked for, by the customer's clock. */
  @Column('timestamptz', { nullable: true }) cancelledAt!: Date | null;
  @Column('text', { nullable: true }) cancelSettle!: Settle | null;
  @Column('text', { nullable: true }) cancelReason!: string | null;
  /** Why closing periods left it alone, for a person to read; null when it is not parked. */
  @Column('text', { nullable: true }) parkedReason!: string | null;
  @Column('timestamptz') createdAt!: Date;
}
