import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { actingFor, type Tenant } from '../../access';
import { type TestClockAdvancing, TestClocksService } from '../../customers';
import { Clock } from '../../kernel';
import { DomainEvents } from '../../platform';
import { type Settings, SETTINGS } from '../../platform/config';
import { Database } from '../../platform/database';
import type { PeriodicJob } from '../../platform/jobs';
import { BatchCloser, type DueSubscription } from './batch-closer';
import { BatchFinalizer, type DueDraft } from './batch-finalizer';
import { BillingRunsService, type RunningRun } from './billing-runs.service';
import { RevenueService } from '../revenue/revenue.service';
import { ThresholdsService } from '../thresholds/thresholds.service';
import type { RunTrigger } from '../persistence/billing-run.entity';

/** Whose periods a sweep looks at. */
interface Sweep {
  readonly tenant: Tenant;
  /** Only customers on this test clock; null for everyone. */
  readonly testClockId: string | null;
  readonly run: RunningRun;
}

/** Found at a time, and worked on in one transaction. */
const A_LOOK = 1_000;
const A_BATCH = 100;
/** How often runs are looked for that somebody asked for. */
const ASKED_EVERY_MS = 1_000;

/**
 * Closes billing periods that have ended and finalizes drafts whose grace is over. It is a sweep over what is due by
 * each customer's clock, so it may run at any time, twice, or on several processes: what is done already is not due.
 */
@Injectable()
export class PeriodCloser implements OnModuleInit {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(BatchCloser) private readonly closer: BatchCloser,
    @Inject(BatchFinalizer) private readonly finalizer: BatchFinalizer,
    @Inject(BillingRunsService) private readonly runs: BillingRunsService,
    @Inject(TestClocksService) private readonly clocks: TestClocksService,
    @Inject(RevenueService) private readonly revenue: RevenueService,
    @Inject(ThresholdsService) private readonly thresholds: ThresholdsService,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(DomainEvents) private readonly news: DomainEvents,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  onModuleInit(): void {
    this.news.on<TestClockAdvancing>('test_clock.advancing', ({ organisationId, testClockId, to }) =>
      this.walk(actingFor(organisationId), testClockId, to),
    );
  }

  /** The periodic job: every organisation in turn. */
  job(): PeriodicJob {
    return {
      name: 'close periods',
      everyMs: this.settings.WEIR_CLOSE_INTERVAL,
      run: async (stopping) => {
        const { rows } = await this.database.owner.query<{ id: string }>('SELECT id FROM organisation ORDER BY id');
        for (const { id } of rows) {
          if (stopping.aborted) return;
          await this.sweepOnce(actingFor(id), null, 'job', null);
        }
      },
    };
  }

  /** Runs that somebody asked for: they begin within a moment, and go on after a restart. */
  askedJob(): PeriodicJob {
    return {
      name: 'run billing as asked',
      everyMs: ASKED_EVERY_MS,
      run: async (stopping) => {
        for (const { organisationId, id } of await this.runs.asked()) {
          if (stopping.aborted) return;
          await this.sweepOnce(actingFor(organisationId), null, 'request', id);
        }
      },
    };
  }

  /** Moves a test clock from one instant at which something falls due to the next, and does it there. */
  private async walk(tenant: Tenant, testClockId: string, to: Date): Promise<void> {
    const run = this.runs.begin(tenant, 'clock');
    // What a walk that was interrupted has left is due where the clock stands.
    await this.sweep({ tenant, testClockId, run });
    for (;;) {
      const next = await this.nextInstant(tenant, testClockId, to);
      await this.clocks.moveTo(tenant, testClockId, next ?? to);
      await this.sweep({ tenant, testClockId, run });
      if (next === null) break;
    }
    await run.finish();
  }

  /** The next instant after the clock's time and up to another at which something falls due by it; null when nothing does. */
  private async nextInstant({ organisationId }: Tenant, testClockId: string, to: Date): Promise<Date | null> {
    const [found] = await this.database.tenant(organisationId, (db) =>
      db.query<{ at: Date | null }[]>(
        `WITH clock AS (SELECT now FROM test_clock WHERE organisation_id = $1 AND id = $2),
              living AS (SELECT id FROM customer WHERE organisation_id = $1 AND test_clock_id = $2),
              instant (at) AS (
                SELECT due_at FROM subscription
                 WHERE organisation_id = $1 AND customer_id IN (SELECT id FROM living) AND parked_reason IS NULL
                UNION ALL
                SELECT closes_at + $4 * interval '1 millisecond' FROM invoice
                 WHERE organisation_id = $1 AND customer_id IN (SELECT id FROM living) AND status = 'draft'
                UNION ALL
                SELECT schedule.recognise_at FROM revenue_schedule AS schedule
                  JOIN invoice ON (invoice.organisation_id, invoice.id) = (schedule.organisation_id, schedule.invoice_id)
                 WHERE schedule.organisation_id = $1 AND invoice.customer_id IN (SELECT id FROM living)
                   AND schedule.recognised_at IS NULL AND schedule.taken_back <> schedule.amount)
         SELECT min(at) AS at FROM instant, clock WHERE at > clock.now AND at <= $3`,
        [organisationId, testClockId, to, this.settings.WEIR_DRAFT_GRACE],
      ),
    );
    return found!.at;
  }

  private async sweepOnce(
    tenant: Tenant,
    testClockId: string | null,
    trigger: RunTrigger,
    runId: string | null,
  ): Promise<void> {
    const run = this.runs.begin(tenant, trigger, runId);
    await this.sweep({ tenant, testClockId, run });
    await run.finish();
  }

  private async sweep(sweep: Sweep): Promise<void> {
    await this.thresholds.sweep(sweep.tenant, sweep.testClockId);
    await this.closeDue(sweep);
    await this.finalizeDue(sweep);
    await this.revenue.recogniseDue(sweep.tenant, sweep.testClockId);
  }

  /** A subscription may have several periods to close; each round closes one of each. What a later run tries again is left out. */
  private async closeDue(sweep: Sweep): Promise<void> {
    const left = new Set<string>();
    for (;;) {
      const due = await this.dueSubscriptions(sweep, [...left]);
      if (due.length === 0) return;
      await sweep.run.found(due.length);
      await this.inBatches(due, async (batch) => {
        const { closed, parked } = await this.closer.close(sweep.tenant, batch);
        await sweep.run.did(batch.length);
        if (parked.length > 0) await sweep.run.parkedSome(parked.length);
        const made = new Set(closed);
        for (const { id } of batch) if (!made.has(id)) left.add(id);
      });
    }
  }

  private async dueSubscriptions({ tenant, testClockId }: Sweep, except: string[]): Promise<DueSubscription[]> {
    return this.database.tenant(tenant.organisationId, (db) =>
      db.query<DueSubscription[]>(
        `SELECT subscription.id, subscription.customer_id AS "customerId", COALESCE(clock.now, $2) AS now
           FROM subscription
           JOIN customer ON (customer.organisation_id, customer.id) = (subscription.organisation_id, subscription.customer_id)
           LEFT JOIN test_clock AS clock
             ON (clock.organisation_id, clock.id) = (customer.organisation_id, customer.test_clock_id)
          WHERE subscription.organisation_id = $1 AND subscription.due_at <= COALESCE(clock.now, $2)
            AND subscription.parked_reason IS NULL
            AND ($3::uuid IS NULL OR customer.test_clock_id = $3) AND subscription.id <> ALL ($4::uuid[])
          ORDER BY subscription.due_at, subscription.id LIMIT ${A_LOOK}`,
        [tenant.organisationId, this.clock.now(), testClockId, except],
      ),
    );
  }

  /** Drafts whose grace is over by their customer's clock, each once. One that can't be finalized yet stays a draft. */
  private async finalizeDue(sweep: Sweep): Promise<void> {
    let after: DueDraft | null = null;
    for (;;) {
      const due: DueDraft[] = await this.dueDrafts(sweep, after);
      if (due.length === 0) return;
      after = due.at(-1)!;
      await sweep.run.found(due.length);
      await this.inBatches(due, async (batch) => {
        const { finalized, parked } = await this.finalizer.finalize(sweep.tenant, batch);
        await sweep.run.did(batch.length, finalized);
        if (parked.length > 0) await sweep.run.parkedSome(parked.length);
      });
    }
  }

  private async dueDrafts({ tenant, testClockId }: Sweep, after: DueDraft | null): Promise<DueDraft[]> {
    return this.database.tenant(tenant.organisationId, (db) =>
      db.query<DueDraft[]>(
        `SELECT invoice.id, invoice.customer_id AS "customerId", invoice.closes_at AS "closesAt", first.id AS "firstSubscription"
           FROM invoice
           JOIN customer ON (customer.organisation_id, customer.id) = (invoice.organisation_id, invoice.customer_id)
           LEFT JOIN test_clock AS clock
             ON (clock.organisation_id, clock.id) = (customer.organisation_id, customer.test_clock_id)
           CROSS JOIN LATERAL (
             SELECT COALESCE(min(part.subscription_id::text), '') AS id,
                    COALESCE(bool_or(billed.parked_reason IS NOT NULL), false) AS parked
               FROM invoice_part AS part
               JOIN subscription AS billed
                 ON (billed.organisation_id, billed.id) = (part.organisation_id, part.subscription_id)
              WHERE (part.organisation_id, part.invoice_id) = (invoice.organisation_id, invoice.id)) AS first
          WHERE invoice.organisation_id = $1 AND invoice.status = 'draft'
            AND invoice.closes_at <= COALESCE(clock.now, $2) - $4 * interval '1 millisecond'
            AND ($3::uuid IS NULL OR customer.test_clock_id = $3) AND NOT first.parked
            AND ($5::timestamptz IS NULL OR (invoice.closes_at, first.id, invoice.id) > ($5, $6::text, $7::uuid))
          -- Which of two is numbered first doesn't hang on their ids, which are drawn.
          ORDER BY invoice.closes_at, first.id, invoice.id LIMIT ${A_LOOK}`,
        [
          ...[tenant.organisationId, this.clock.now(), testClockId, this.settings.WEIR_DRAFT_GRACE],
          ...[after?.closesAt ?? null, after?.firstSubscription ?? null, after?.id ?? null],
        ],
      ),
    );
  }

  /**
   * Works on batches of whole customers, several at once: what is one customer's is done in its order. Inside a
   * transaction of whoever asked they follow each other, since they share its connection.
   */
  private async inBatches<T extends { readonly customerId: string }>(
    work: readonly T[],
    each: (batch: readonly T[]) => Promise<void>,
  ): Promise<void> {
    const batches = batchesOf(work);
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let batch = batches[next++]; batch !== undefined; batch = batches[next++]) await each(batch);
    };
    const workers = this.database.isInTransaction ? 1 : this.settings.WEIR_BILLING_BATCHES;
    await Promise.all(Array.from({ length: Math.min(workers, batches.length) }, worker));
  }
}

function batchesOf<T extends { readonly customerId: string }>(work: readonly T[]): T[][] {
  const byCustomer = new Map<string, T[]>();
  for (const piece of work) byCustomer.set(piece.customerId, [...(byCustomer.get(piece.customerId) ?? []), piece]);
  const batches: T[][] = [];
  for (const pieces of byCustomer.values()) {
    const last = batches.at(-1);
    if (last === undefined || last.length + pieces.length > A_BATCH) batches.push([...pieces]);
    else last.push(...pieces);
  }
  return batches;
}
