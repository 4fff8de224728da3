import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { actingFor, type Tenant } from '../access';
import type { TestClockAdvanced } from '../customers';
import { Clock, DomainError } from '../kernel';
import { type Settings, SETTINGS } from '../platform/config';
import { Database } from '../platform/database';
import { DomainEvents } from '../platform';
import type { PeriodicJob } from '../platform/jobs';
import { LOGGER, type Logger } from '../platform';
import { toPublicId } from '../kernel';
import { InvoicesService } from './invoices.service';

interface DueSubscription {
  id: string;
  now: Date;
}

/** Whose periods a sweep looks at. */
interface Sweep {
  readonly tenant: Tenant;
  /** Only customers on this test clock; null for everyone. */
  readonly testClockId: string | null;
}

const A_SWEEP = 500;

/**
 * Closes billing periods that have ended and finalizes drafts whose grace is over. It is a sweep over what is due by
 * each customer's clock, so it may run at any time, twice, or on several processes: what is done already is not due.
 */
@Injectable()
export class PeriodCloser implements OnModuleInit {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(InvoicesService) private readonly invoices: InvoicesService,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(DomainEvents) private readonly news: DomainEvents,
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.news.on<TestClockAdvanced>('test_clock.advanced', ({ organisationId, testClockId }) =>
      this.sweep({ tenant: actingFor(organisationId), testClockId }),
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
          await this.sweep({ tenant: actingFor(id), testClockId: null });
        }
      },
    };
  }

  private async sweep(sweep: Sweep): Promise<void> {
    await this.closeDue(sweep);
    await this.finalizeDue(sweep);
  }

  /** A subscription may have several periods to close; each round closes one of each. One that fails is parked and left out. */
  private async closeDue(sweep: Sweep): Promise<void> {
    const parked = new Set<string>();
    for (;;) {
      const due = (await this.dueSubscriptions(sweep, [...parked])).filter(({ id }) => !parked.has(id));
      if (due.length === 0) return;
      for (const { id, now } of due) {
        try {
          await this.database.apart(sweep.tenant.organisationId, () =>
            this.invoices.closeOpenPeriod(sweep.tenant, id, now),
          );
        } catch (error) {
          parked.add(id);
          await this.park(sweep.tenant, id, error);
        }
      }
    }
  }

  private async dueSubscriptions({ tenant, testClockId }: Sweep, except: string[]): Promise<DueSubscription[]> {
    return this.database.tenant(tenant.organisationId, (db) =>
      db.query<DueSubscription[]>(
        `SELECT subscription.id, COALESCE(clock.now, $2) AS now
           FROM subscription
           JOIN customer ON (customer.organisation_id, customer.id) = (subscription.organisation_id, subscription.customer_id)
           LEFT JOIN test_clock AS clock
             ON (clock.organisation_id, clock.id) = (customer.organisation_id, customer.test_clock_id)
          WHERE subscription.organisation_id = $1 AND subscription.open_period_end <= COALESCE(clock.now, $2)
            AND ($3::uuid IS NULL OR customer.test_clock_id = $3) AND subscription.id <> ALL ($4::uuid[])
          ORDER BY subscription.open_period_end, subscription.id LIMIT ${A_SWEEP}`,
        [tenant.organisationId, this.clock.now(), testClockId, except],
      ),
    );
  }

  /** Leaves a subscription alone with a reason a person can read; the others go on, and the next sweep tries it again. */
  private async park(tenant: Tenant, id: string, error: unknown): Promise<void> {
    const reason =
      error instanceof DomainError ? error.message : `Closing its period failed: ${String(error).slice(0, 300)}`;
    this.logger.error({ err: error, subscription: toPublicId('subscription', id) }, 'a subscription was parked');
    await this.database.tenant(tenant.organisationId, (db) =>
      db.query('UPDATE subscription SET parked_reason = $3 WHERE organisation_id = $1 AND id = $2', [
        tenant.organisationId,
        id,
        reason,
      ]),
    );
  }

  /** Drafts whose grace is over by their customer's clock. One that can't be finalized yet stays a draft. */
  private async finalizeDue({ tenant, testClockId }: Sweep): Promise<void> {
    const due = await this.database.tenant(tenant.organisationId, (db) =>
      db.query<{ id: string }[]>(
        `SELECT invoice.id
           FROM invoice
           JOIN customer ON (customer.organisation_id, customer.id) = (invoice.organisation_id, invoice.customer_id)
           LEFT JOIN test_clock AS clock
             ON (clock.organisation_id, clock.id) = (customer.organisation_id, customer.test_clock_id)
          WHERE invoice.organisation_id = $1 AND invoice.status = 'draft'
            AND invoice.period_end <= COALESCE(clock.now, $2) - $4 * interval '1 millisecond'
            AND ($3::uuid IS NULL OR customer.test_clock_id = $3)
          ORDER BY invoice.period_end, invoice.id`,
        [tenant.organisationId, this.clock.now(), testClockId, this.settings.WEIR_DRAFT_GRACE],
      ),
    );
    for (const { id } of due) {
      const invoice = toPublicId('invoice', id);
      try {
        await this.database.apart(tenant.organisationId, () => this.invoices.finalize(tenant, invoice));
      } catch (error) {
        this.logger.warn({ err: error, invoice }, 'a draft could not be finalized and is tried again');
      }
    }
  }
}
