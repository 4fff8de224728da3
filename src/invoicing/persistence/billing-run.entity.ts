import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What set a run off: the periodic job, a test clock that was moved, or a request. */
export const RUN_TRIGGERS = ['job', 'clock', 'request'] as const;
export type RunTrigger = (typeof RUN_TRIGGERS)[number];

/** One look at everything that is due in an organisation, and what became of it. */
@Entity('billing_run')
export class BillingRunEntity {
  @PrimaryColumn('uuid') organisationId!: string;
  @PrimaryColumn('uuid') id!: string;
  @Column('timestamptz') startedAt!: Date;
  /** Null while it runs, and for ever where its process was killed: the next run does what it left. */
  @Column('timestamptz', { nullable: true }) finishedAt!: Date | null;
  @Column('text') trigger!: RunTrigger;
  /** Pieces of work that were found: periods to close, drafts to finalize. */
  @Column('int') due!: number;
  @Column('int') done!: number;
  /** Subscriptions that were left alone with a reason. */
  @Column('int') parked!: number;
  /** Invoices that were finalized. */
  @Column('int') invoices!: number;
  /** What these ask for, by currency, as strings. */
  @Column('jsonb') totals!: Record<string, string>;
  /** When the figures were written last. */
  @Column('timestamptz') progressAt!: Date;
}
