import { Inject, Injectable } from '@nestjs/common';
import { type EntityManager, In } from 'typeorm';
import type { Tenant } from '../../access';
import { CustomersService, lockCustomers, type SubscriptionWithPlan } from '../../customers';
import { ConflictError, type Decimal, toPublicId } from '../../kernel';
import { LOGGER, type Logger } from '../../platform';
import { Database, pauseIngest } from '../../platform/database';
import { periodIndexOf } from '../adjusting/billed-periods';
import { ClosingLoads, type PeriodToDecide } from './closing-loads';
import { loadDrafts } from '../drafts/draft-gathering';
import { type ComputedDraft, DraftRefresher, type RefreshedDraft } from '../drafts/draft-refresher';
import { FinalizeRefusals } from '../issuing/finalize-refusals';
import { insertRows } from '../drafts/insert-rows';
import { InvoiceIssuer } from '../issuing/invoice-issuer';
import { InvoiceItemsService } from '../one-off/invoice-items.service';
import { InvoiceLoader } from '../invoice-loader';
import { InvoicesService } from '../invoices.service';
import { computePeriod } from '../drafts/made-part';
import { Parking, passes } from './parking';
import { InvoiceEntity } from '../persistence/invoice.entity';
import type { InvoicePartEntity } from '../persistence/invoice-part.entity';
import { PeriodBilledEntity } from '../persistence/period-billed.entity';

/** A draft whose grace is over. */
export interface DueDraft {
  readonly id: string;
  readonly customerId: string;
  readonly closesAt: Date;
  /** The least id of the subscriptions that it bills, empty without one: by it drafts that are due at once are ordered. */
  readonly firstSubscription: string;
}

/** What became of a batch. Drafts that have to wait (for a cost, an approval, an earlier one) are in neither list. */
export interface FinalizedBatch {
  readonly finalized: readonly { readonly currency: string; readonly total: Decimal }[];
  /** Subscriptions. */
  readonly parked: readonly string[];
}

/** A period of a draft that is to be decided again, under the cut. */
interface PeriodOfDraft extends PeriodToDecide {
  readonly part: InvoicePartEntity;
}

/**
 * Finalizes many drafts: those that are plain in one transaction, which pauses ingest once, with as many statements for
 * a hundred as for one; the others each by itself. One that has to wait stays a draft; one that can't be finalized has
 * its subscriptions parked; the others go on.
 */
@Injectable()
export class BatchFinalizer {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(InvoicesService) private readonly invoices: InvoicesService,
    @Inject(InvoiceLoader) private readonly loader: InvoiceLoader,
    @Inject(ClosingLoads) private readonly loads: ClosingLoads,
    @Inject(DraftRefresher) private readonly refresher: DraftRefresher,
    @Inject(InvoiceItemsService) private readonly items: InvoiceItemsService,
    @Inject(FinalizeRefusals) private readonly refusals: FinalizeRefusals,
    @Inject(InvoiceIssuer) private readonly issuer: InvoiceIssuer,
    @Inject(Parking) private readonly parking: Parking,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async finalize(tenant: Tenant, due: readonly DueDraft[]): Promise<FinalizedBatch> {
    const { organisationId } = tenant;
    let together: readonly InvoiceEntity[] = [];
    try {
      together = await this.database.apart(organisationId, () =>
        this.database.tenant(organisationId, (db) => this.together(db, tenant, due)),
      );
    } catch (error) {
      // Nothing of it is stored. One by one it comes out whose fault it is.
      this.logger.warn({ err: error, invoices: due.length }, 'a batch could not be finalized together');
    }
    const done = new Set(together.map(({ id }) => id));
    const { finalized, parked } = await this.oneByOne(
      tenant,
      due.filter(({ id }) => !done.has(id)),
    );
    return { finalized: [...together, ...finalized], parked };
  }

  private async together(
    db: EntityManager,
    tenant: Tenant,
    due: readonly DueDraft[],
  ): Promise<readonly InvoiceEntity[]> {
    const { organisationId } = tenant;
    const customerIds = [...new Set(due.map(({ customerId }) => customerId))];
    await lockCustomers(db, organisationId, customerIds);
    const invoices = await db.find(InvoiceEntity, {
      where: { id: In(due.map(({ id }) => id)), status: 'draft' },
      order: { id: 'ASC' },
      lock: { mode: 'pessimistic_write' },
    });
    const stored = await loadDrafts(db, invoices);
    const parts = [...stored.values()].flatMap((each) => each.parts);
    const subscriptions = await this.loader.subscriptionsOf(db, tenant, parts);
    const customers = await this.customers.byIds(tenant, customerIds);
    const busy = new Set((await this.items.waiting(db, customerIds)).map(({ customerId }) => customerId));

    // From here on nothing is added to what they bill.
    await pauseIngest(db, organisationId);
    const periods = parts.filter(({ kind }) => kind === 'period').map((part) => periodOfDraft(part, subscriptions));
    const decisions = await this.loads.decide(db, tenant, periods);
    const computed = inTheirOrder(due, invoices).flatMap((invoice): ComputedDraft[] => {
      const own = periods.filter(({ part }) => part.invoiceId === invoice.id);
      // What is issued again is compared with what stands of its period: the general path does that.
      if (invoice.reissueOf !== null) return [];
      if (own.length === 0 || own.some((each) => !decisions.has(each)) || busy.has(invoice.customerId)) return [];
      const refreshed = own.map((each) => ({ ...each, ...computePeriod(decisions.get(each)!) }));
      const customer = customers.get(invoice.customerId)!;
      return [{ invoice, customer, stored: stored.get(invoice.id)!, refreshed }];
    });
    for (const { refreshed } of computed) for (const each of refreshed) await this.refresher.saveCost(db, each);
    const drafts = await this.refresher.write(db, tenant, computed);

    // What has to wait is left to the general path, which says why.
    const refused = await this.refusals.refusedAmong(db, tenant, drafts);
    const ready = withoutGaps(
      due,
      drafts.filter((draft) => !refused.has(draft)),
    );
    const issued = await this.issuer.issueMany(db, tenant, ready);
    await insertRows(db, PeriodBilledEntity, ready.flatMap(billedBy));
    return issued;
  }

  private async oneByOne(tenant: Tenant, due: readonly DueDraft[]): Promise<FinalizedBatch> {
    const finalized: { currency: string; total: Decimal }[] = [];
    const parked: string[] = [];
    for (const { id } of due) {
      const reference = toPublicId('invoice', id);
      try {
        const { invoice } = await this.database.apart(tenant.organisationId, () =>
          this.invoices.finalize(tenant, reference),
        );
        finalized.push({ currency: invoice.currency, total: invoice.total });
      } catch (error) {
        if (waits(error) || passes(error)) {
          this.logger.warn({ err: error, invoice: reference }, 'a draft could not be finalized and is tried again');
          continue;
        }
        const subscriptions = await this.subscriptionsOf(tenant, id);
        await this.parking.park(tenant, subscriptions, error);
        parked.push(...subscriptions);
      }
    }
    return { finalized, parked };
  }

  private async subscriptionsOf({ organisationId }: Tenant, invoiceId: string): Promise<string[]> {
    const rows = await this.database.tenant(organisationId, (db) =>
      db.query<{ id: string }[]>(
        `SELECT DISTINCT subscription_id AS id FROM invoice_part WHERE organisation_id = $1 AND invoice_id = $2 ORDER BY 1`,
        [organisationId, invoiceId],
      ),
    );
    return rows.map(({ id }) => id);
  }
}

/** Whether a draft waits for something that comes by itself or by somebody's hand; a bound that it trips is a fault. */
function waits(error: unknown): boolean {
  return error instanceof ConflictError && error.code !== 'safety_bound';
}

function periodOfDraft(
  part: InvoicePartEntity,
  subscriptions: ReadonlyMap<string, SubscriptionWithPlan>,
): PeriodOfDraft {
  const about = subscriptions.get(part.subscriptionId)!;
  return { part, about, periodIndex: periodIndexOf(about, part) };
}

/** As they were due, which is how they are numbered. */
function inTheirOrder(due: readonly DueDraft[], invoices: readonly InvoiceEntity[]): InvoiceEntity[] {
  const byId = new Map(invoices.map((invoice) => [invoice.id, invoice]));
  return due.flatMap(({ id }) => byId.get(id) ?? []);
}

/**
 * Of each customer only those before the first that isn't ready: what one invoice gives pays the next, so a customer's
 * invoices are finalized as they were due.
 */
function withoutGaps(due: readonly DueDraft[], ready: readonly RefreshedDraft[]): RefreshedDraft[] {
  const byId = new Map(ready.map((draft) => [draft.invoice.id, draft]));
  const held = new Set<string>();
  return due.flatMap(({ id, customerId }) => {
    const draft = byId.get(id);
    if (draft === undefined) held.add(customerId);
    return draft === undefined || held.has(customerId) ? [] : [draft];
  });
}

/** Up to where an issued invoice has billed its periods; a plain one adjusts no others. */
function billedBy({ invoice, refreshed }: RefreshedDraft): PeriodBilledEntity[] {
  return refreshed.map(({ part, rated }) =>
    Object.assign(new PeriodBilledEntity(), {
      organisationId: part.organisationId,
      subscriptionId: part.subscriptionId,
      periodStart: part.periodStart,
      throughBatch: invoice.eventsThrough!,
      invoiceId: invoice.id,
      events: rated.events,
    }),
  );
}
