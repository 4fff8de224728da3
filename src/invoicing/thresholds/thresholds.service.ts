import { Inject, Injectable } from '@nestjs/common';
import type { Tenant } from '../../access';
import { lockCustomers, SubscriptionEntity, SubscriptionsService } from '../../customers';
import { Clock } from '../../kernel';
import { LOGGER, type Logger } from '../../platform';
import { Database } from '../../platform/database';
import { InvoicesService } from '../invoices.service';
import { Parking, passes } from '../closing/parking';
import { PartMaker } from '../drafts/part-maker';

/** A subscription whose usage is to be looked at, and what time it is for its customer. */
interface Candidate {
  readonly id: string;
  readonly customerId: string;
  readonly now: Date;
}

const A_LOOK = 500;
/** How often the usage of a subscription is rated for it, at most, by real time. */
const LOOK_EVERY_SECONDS = 60;

/** Bills usage early, where it passes the threshold of its subscription. */
@Injectable()
export class ThresholdsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(SubscriptionsService) private readonly subscriptions: SubscriptionsService,
    @Inject(PartMaker) private readonly parts: PartMaker,
    @Inject(InvoicesService) private readonly invoices: InvoicesService,
    @Inject(Parking) private readonly parking: Parking,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Looks at every subscription with a threshold whose open period isn't over: those of a test clock whenever it is
   * moved, others at most once a minute. Safe to repeat: what is billed counts no more. One that fails is parked, and the
   * others go on.
   *
   * @param testClockId only customers on this test clock; null for everyone
   */
  async sweep(tenant: Tenant, testClockId: string | null): Promise<void> {
    let after: string | null = null;
    for (;;) {
      const found: Candidate[] = await this.candidates(tenant, testClockId, after);
      if (found.length === 0) return;
      after = found.at(-1)!.id;
      for (const candidate of found) await this.lookSafely(tenant, candidate);
    }
  }

  private async lookSafely(tenant: Tenant, candidate: Candidate): Promise<void> {
    try {
      await this.database.apart(tenant.organisationId, () => this.look(tenant, candidate));
    } catch (error) {
      if (passes(error)) this.logger.warn({ err: error, subscription: candidate.id }, 'a threshold is looked at again');
      else await this.parking.park(tenant, [candidate.id], error);
    }
  }

  private async look(tenant: Tenant, { id, customerId, now }: Candidate): Promise<void> {
    const { organisationId } = tenant;
    await this.database.tenant(organisationId, async (db) => {
      await lockCustomers(db, organisationId, [customerId]);
      const subscription = await db.findOneOrFail(SubscriptionEntity, {
        where: { id },
        lock: { mode: 'pessimistic_write' },
      });
      const about = (await this.subscriptions.withPlans(tenant, [subscription]))[0]!;
      const made = await this.parts.threshold(db, tenant, about, now);
      await db.update(SubscriptionEntity, { organisationId, id }, { thresholdsLookedAt: this.clock.now() });
      if (made === null) return;
      const [invoice] = await this.invoices.store(db, tenant, [made], 'apart');
      await this.invoices.issueNow(db, tenant, invoice!.id);
    });
  }

  private async candidates(tenant: Tenant, testClockId: string | null, after: string | null): Promise<Candidate[]> {
    return this.database.tenant(tenant.organisationId, (db) =>
      db.query<Candidate[]>(
        `SELECT subscription.id, subscription.customer_id AS "customerId", COALESCE(clock.now, $2) AS now
           FROM subscription
           JOIN customer ON (customer.organisation_id, customer.id) = (subscription.organisation_id, subscription.customer_id)
           LEFT JOIN test_clock AS clock
             ON (clock.organisation_id, clock.id) = (customer.organisation_id, customer.test_clock_id)
          WHERE subscription.organisation_id = $1 AND subscription.thresholds IS NOT NULL
            AND subscription.parked_reason IS NULL AND NOT subscription.start_due
            AND subscription.due_at > COALESCE(clock.now, $2)
            AND CASE WHEN $3::uuid IS NULL
                  THEN subscription.thresholds_looked_at IS NULL
                    OR subscription.thresholds_looked_at <= $2::timestamptz - ${LOOK_EVERY_SECONDS} * interval '1 second'
                  ELSE customer.test_clock_id = $3 END
            AND ($4::uuid IS NULL OR subscription.id > $4)
          ORDER BY subscription.id LIMIT ${A_LOOK}`,
        [tenant.organisationId, this.clock.now(), testClockId, after],
      ),
    );
  }
}
