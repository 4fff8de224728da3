import { Inject, Injectable } from '@nestjs/common';
import { type EntityManager, In } from 'typeorm';
import type { Tenant } from '../../access';
import {
  afterClosing,
  afterStart,
  lockCustomers,
  periodOf,
  SubscriptionEntity,
  SubscriptionsService,
  type SubscriptionWithPlan,
} from '../../customers';
import { Database } from '../../platform/database';
import { LOGGER, type Logger } from '../../platform';
import { ClosingLoads } from './closing-loads';
import { DraftGathering } from '../drafts/draft-gathering';
import { FeesReconciler } from '../drafts/fees-reconciler';
import { InvoicesService } from '../invoices.service';
import { type MadePart, periodPart, writtenPart } from '../drafts/made-part';
import { Parking, passes } from './parking';

/** A subscription of which something is due, and what time it is for its customer. */
export interface DueSubscription {
  readonly id: string;
  readonly customerId: string;
  readonly now: Date;
}

/** What became of a batch. */
export interface ClosedBatch {
  /** Subscriptions that something was made of. */
  readonly closed: readonly string[];
  /** The rest wasn't due any more, or is tried again by a later run, since trying again is all that is needed. */
  readonly parked: readonly string[];
}

/**
 * Closes the periods of many subscriptions: those that are plain in one transaction, with as many statements for a
 * hundred as for one, the others each by itself. One that fails is undone by itself and parked; the others go on.
 */
@Injectable()
export class BatchCloser {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(SubscriptionsService) private readonly subscriptions: SubscriptionsService,
    @Inject(InvoicesService) private readonly invoices: InvoicesService,
    @Inject(ClosingLoads) private readonly loads: ClosingLoads,
    @Inject(FeesReconciler) private readonly fees: FeesReconciler,
    @Inject(DraftGathering) private readonly gathering: DraftGathering,
    @Inject(Parking) private readonly parking: Parking,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async close(tenant: Tenant, due: readonly DueSubscription[]): Promise<ClosedBatch> {
    const closed = new Set<string>();
    try {
      const { organisationId } = tenant;
      const made = await this.database.apart(organisationId, () =>
        this.database.tenant(organisationId, (db) => this.together(db, tenant, due)),
      );
      for (const id of made) closed.add(id);
    } catch (error) {
      // Nothing of it is stored. One by one it comes out whose fault it is.
      this.logger.warn({ err: error, subscriptions: due.length }, 'a batch could not be closed together');
    }
    const rest = due.filter(({ id }) => !closed.has(id));
    const { closed: oneByOne, parked } = await this.oneByOne(tenant, rest);
    return { closed: [...closed, ...oneByOne], parked };
  }

  /** @returns subscriptions of which something was stored; the others are the general path's */
  private async together(db: EntityManager, tenant: Tenant, due: readonly DueSubscription[]): Promise<string[]> {
    const abouts = await this.lockDue(db, tenant, due);
    const starting = abouts.filter(({ subscription }) => subscription.startDue);
    const wanted = abouts
      .filter(({ subscription }) => !subscription.startDue)
      .map((about) => ({ about, periodIndex: about.subscription.openPeriod }));
    const decisions = await this.loads.decide(db, tenant, wanted);
    const decided = wanted.filter((each) => decisions.has(each));
    const asked = [...starting, ...decided.map(({ about }) => about)];
    const fees = await this.fees.linesFor(
      db,
      tenant,
      asked.map((about) => ({ about, asOf: endOrStart(about) })),
    );

    const made: MadePart[] = decided.map((each) =>
      periodPart(each.about, decisions.get(each)!, fees.get(each.about.subscription.id)!),
    );
    for (const about of starting) {
      const { id, openPeriod: periodIndex } = about.subscription;
      const lines = fees.get(id)!;
      if (lines.length > 0) made.push(writtenPart(about, 'start', { periodIndex, closesAt: endOrStart(about) }, lines));
    }

    await this.gathering.storeMany(db, tenant, made);
    await scheduleAll(db, tenant, asked);
    return asked.map(({ subscription }) => subscription.id);
  }

  /** Those that are still due, locked. What another process has is done by that process. */
  private async lockDue(
    db: EntityManager,
    tenant: Tenant,
    due: readonly DueSubscription[],
  ): Promise<readonly SubscriptionWithPlan[]> {
    await lockCustomers(
      db,
      tenant.organisationId,
      due.map(({ customerId }) => customerId),
    );
    const locked = await db.find(SubscriptionEntity, {
      where: { id: In(due.map(({ id }) => id)) },
      order: { id: 'ASC' },
      lock: { mode: 'pessimistic_write', onLocked: 'skip_locked' },
    });
    const nows = new Map(due.map(({ id, now }) => [id, now.getTime()]));
    const still = locked.filter(
      ({ id, dueAt, parkedReason }) => parkedReason === null && dueAt !== null && dueAt.getTime() <= nows.get(id)!,
    );
    return this.subscriptions.withPlans(tenant, still);
  }

  private async oneByOne(tenant: Tenant, due: readonly DueSubscription[]): Promise<ClosedBatch> {
    const closed: string[] = [];
    const parked: string[] = [];
    for (const { id, now } of due) {
      try {
        const made = await this.database.apart(tenant.organisationId, () =>
          this.invoices.closeOpenPeriod(tenant, id, now),
        );
        if (made) closed.push(id);
      } catch (error) {
        if (passes(error)) continue;
        await this.parking.park(tenant, [id], error);
        parked.push(id);
      }
    }
    return { closed, parked };
  }
}

/** When a period's part is due is its end; fees that a cycle begins with are due when it begins. */
function endOrStart(about: SubscriptionWithPlan): Date {
  const { start, end } = periodOf(about, about.subscription.openPeriod);
  return about.subscription.startDue ? start : end;
}

/** Opens the next period of each subscription, in one statement. */
async function scheduleAll(
  db: EntityManager,
  { organisationId }: Tenant,
  abouts: readonly SubscriptionWithPlan[],
): Promise<void> {
  const next = abouts.map((about) => ({
    id: about.subscription.id,
    ...(about.subscription.startDue ? afterStart(about) : afterClosing(about)),
  }));
  await db.query(
    `UPDATE subscription SET open_period = next."openPeriod", open_period_end = next."openPeriodEnd",
            start_due = next."startDue", due_at = next."dueAt"
       FROM json_to_recordset($2) AS next (id uuid, "openPeriod" int, "openPeriodEnd" timestamptz, "startDue" boolean,
              "dueAt" timestamptz)
      WHERE subscription.organisation_id = $1 AND subscription.id = next.id`,
    [organisationId, JSON.stringify(next)],
  );
}
