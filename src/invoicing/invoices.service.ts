import { Inject, Injectable } from '@nestjs/common';
import { type EntityManager, In, LessThan } from 'typeorm';
import { OrganisationEntity, type Tenant } from '../access';
import { MetersService } from '../catalog';
import {
  anchorOf,
  type CustomerEntity,
  nextPeriod,
  periodOf,
  segmentsOf,
  SubscriptionEntity,
  SubscriptionsService,
  type SubscriptionWithPlan,
} from '../customers';
import { billingPeriodAt, Clock, ConflictError, invariant, newUuid, toPublicId, ZERO } from '../kernel';
import { Database, pauseIngest } from '../platform/database';
import { type Adjusted, Adjustments } from './adjustments';
import { dependsOnEarlier, savePools } from './billing-history';
import { type DraftInvoice, withAdjustments } from './domain';
import { findInvoice, lockInvoice } from './find-invoice';
import { InvoiceIssuer } from './invoice-issuer';
import { PeriodRater } from './period-rater';
import { InvoiceEntity } from './persistence/invoice.entity';
import { InvoiceLineEntity } from './persistence/invoice-line.entity';
import type { RatedPeriod } from './rated-period';
import { toLine, writeLines } from './stored-line';

/** An invoice with its lines and what it is about. */
export interface InvoiceWithLines {
  readonly invoice: InvoiceEntity;
  readonly lines: readonly InvoiceLineEntity[];
  readonly about: SubscriptionWithPlan;
  /** Currency of the cost. */
  readonly costCurrency: string;
}

/** What a period's invoice should say, with what it adjusts of earlier ones. */
interface PeriodDraft extends RatedPeriod {
  readonly adjusted: Adjusted;
}

/** Makes, refreshes and finalizes invoices. */
@Injectable()
export class InvoicesService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(MetersService) private readonly meters: MetersService,
    @Inject(SubscriptionsService) private readonly subscriptions: SubscriptionsService,
    @Inject(PeriodRater) private readonly rater: PeriodRater,
    @Inject(Adjustments) private readonly adjustments: Adjustments,
    @Inject(InvoiceIssuer) private readonly issuer: InvoiceIssuer,
  ) {}

  /**
   * Makes the draft invoice of a subscription's open period, if that period has ended, and opens the next one. A repeat
   * (or another process at the same time) finds the period closed and does nothing.
   *
   * @param now by the customer's clock
   * @returns   whether a period was closed
   */
  async closeOpenPeriod(tenant: Tenant, subscriptionId: string, now: Date): Promise<boolean> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const subscription = await db.findOne(SubscriptionEntity, {
        where: { id: subscriptionId },
        lock: { mode: 'pessimistic_write' },
      });
      if (subscription === null || subscription.openPeriodEnd.getTime() > now.getTime()) return false;
      const about = (await this.subscriptions.withPlans(tenant, [subscription]))[0]!;
      await this.refreshEarlier(db, tenant, about, subscription.openPeriod);
      const made = await this.draft(db, tenant, about, subscription.openPeriod);

      await this.insertDraft(db, about, made);
      const next = nextPeriod(about, subscription.openPeriod);
      await db.update(
        SubscriptionEntity,
        { organisationId: tenant.organisationId, id: subscription.id },
        {
          openPeriod: next.index,
          openPeriodEnd: next.period.end,
          parkedReason: null,
        },
      );
      return true;
    });
  }

  /** What the invoice of the open period would say now. It isn't stored; drafts that it depends on are brought up to date. */
  async preview(tenant: Tenant, about: SubscriptionWithPlan): Promise<InvoiceWithLines> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      await this.refreshEarlier(db, tenant, about, about.subscription.openPeriod);
      const { draft } = await this.draft(db, tenant, about, about.subscription.openPeriod);
      const invoice = toInvoice(about, draft, this.clock.now());
      const lines = draft.lines.map((line, position) => toLine(invoice, line, position));
      return { invoice, lines, about, costCurrency: await this.costCurrency(db, tenant) };
    });
  }

  /**
   * Numbers an invoice and locks it for good. What it says is brought up to date first, while ingest of the organisation
   * waits: events accepted before are on it, events accepted afterwards are late. A repeat answers the same invoice.
   *
   * @throws ConflictError `meter_filling` while a charge depends on usage that isn't all counted, `cost_pending` while one
   *                       depends on a cost that isn't known, `earlier_draft` while what is left of pools or of a
   *                       commitment may still change
   */
  async finalize(tenant: Tenant, reference: string): Promise<InvoiceWithLines> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      await pauseIngest(db, tenant.organisationId);
      const invoice = await lockInvoice(db, reference);
      if (invoice.status !== 'draft') return this.withLines(db, tenant, invoice);
      const made = await this.refresh(db, tenant, invoice);
      const { draft, segments } = made;
      if (dependsOnEarlier(segments)) await this.refuseEarlierDraft(db, invoice);
      await this.refuseFillingMeter(tenant, draft);
      refusePendingCost(draft);
      refuseWrongTotal(draft);

      const { customer } = await this.aboutOf(tenant, invoice, db);
      const issued = await this.issuer.issue(db, tenant, invoice, customer);
      await this.adjustments.note(db, issued, issued.eventsThrough!, made, made.adjusted);
      return this.withLines(db, tenant, issued);
    });
  }

  /** An invoice as it stands. A draft is brought up to date first, so that it never says less than its events. @throws NotFoundError */
  async find(tenant: Tenant, reference: string): Promise<InvoiceWithLines> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const found = await findInvoice(db, reference);
      if (found.status !== 'draft') return this.withLines(db, tenant, found);

      const locked = await lockInvoice(db, reference);
      if (locked.status === 'draft') await this.refresh(db, tenant, locked);
      return this.withLines(db, tenant, locked);
    });
  }

  /** A customer's invoices, newest period first. */
  async ofCustomer(
    tenant: Tenant,
    customer: CustomerEntity,
    before: string | null,
    limit: number,
  ): Promise<InvoiceWithLines[]> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const invoices = await db.find(InvoiceEntity, {
        where: { customerId: customer.id, ...(before === null ? {} : { id: LessThan(before) }) },
        order: { id: 'DESC' },
        take: limit,
      });
      // One after the other: they share the transaction's connection.
      const found: InvoiceWithLines[] = [];
      for (const invoice of invoices) found.push(await this.withLines(db, tenant, invoice));
      return found;
    });
  }

  /** Rates a billing period, and behind its lines puts what has changed of periods that were billed before. */
  private async draft(
    db: EntityManager,
    tenant: Tenant,
    about: SubscriptionWithPlan,
    periodIndex: number,
  ): Promise<PeriodDraft> {
    const adjusted = await this.adjustments.of(db, tenant, about, periodIndex);
    const rated = await this.rater.rate(db, tenant, about, periodIndex, adjusted.again);
    return { ...rated, draft: withAdjustments(rated.draft, adjusted.lines), adjusted };
  }

  private async insertDraft(db: EntityManager, about: SubscriptionWithPlan, made: PeriodDraft): Promise<void> {
    const { draft } = made;
    const invoice = toInvoice(about, draft, this.clock.now());
    await db.insert(InvoiceEntity, invoice);
    await db.insert(
      InvoiceLineEntity,
      draft.lines.map((line, position) => toLine(invoice, line, position)),
    );
    await saveAllPools(db, about, made);
  }

  /**
   * Computes what a draft should say and writes the difference; nothing when there is none. Lines keep their ids as long
   * as the draft has them; they may come and go, as a plan is moved back to the day it was meant for.
   */
  private async refresh(db: EntityManager, tenant: Tenant, invoice: InvoiceEntity): Promise<PeriodDraft> {
    const about = await this.aboutOf(tenant, invoice, db);
    const periodIndex = periodIndexOf(about, invoice);
    await this.refreshEarlier(db, tenant, about, periodIndex);
    return this.refreshAlone(db, tenant, invoice, about, periodIndex);
  }

  private async refreshAlone(
    db: EntityManager,
    tenant: Tenant,
    invoice: InvoiceEntity,
    about: SubscriptionWithPlan,
    periodIndex: number,
  ): Promise<PeriodDraft> {
    const made = await this.draft(db, tenant, about, periodIndex);
    await writeLines(db, invoice, made.draft);
    await saveAllPools(db, about, made);

    const { total, exactTotal, cost, pendingEvents } = made.draft;
    if (
      !invoice.total.equals(total) ||
      !invoice.exactTotal.equals(exactTotal) ||
      !invoice.cost.equals(cost) ||
      invoice.pendingEvents !== pendingEvents
    ) {
      await db.update(
        InvoiceEntity,
        { organisationId: tenant.organisationId, id: invoice.id },
        { total, exactTotal, cost, pendingEvents },
      );
      Object.assign(invoice, { total, exactTotal, cost, pendingEvents });
    }
    return made;
  }

  /**
   * Brings drafts of earlier periods up to date, oldest first, where this period's charges depend on what they say. They
   * are locked newest first: whoever holds a later draft, such as its finalizing, goes on to earlier ones.
   */
  private async refreshEarlier(
    db: EntityManager,
    tenant: Tenant,
    about: SubscriptionWithPlan,
    periodIndex: number,
  ): Promise<void> {
    const period = periodOf(about, periodIndex);
    if (!dependsOnEarlier(segmentsOf(about, period))) return;
    const earlier = await db.find(InvoiceEntity, {
      where: { subscriptionId: about.subscription.id, status: 'draft', periodStart: LessThan(period.start) },
      order: { periodStart: 'DESC' },
      lock: { mode: 'pessimistic_write' },
    });
    for (const invoice of earlier.reverse()) {
      await this.refreshAlone(db, tenant, invoice, about, periodIndexOf(about, invoice));
    }
  }

  /** What an earlier period leaves of its pools and of a commitment isn't certain until it is finalized. */
  private async refuseEarlierDraft(db: EntityManager, invoice: InvoiceEntity): Promise<void> {
    const earlier = await db.findOne(InvoiceEntity, {
      where: { subscriptionId: invoice.subscriptionId, status: 'draft', periodStart: LessThan(invoice.periodStart) },
      order: { periodStart: 'ASC' },
    });
    if (earlier === null) return;
    throw new ConflictError(
      'earlier_draft',
      `The invoice of the period from ${earlier.periodStart.toISOString()} is still a draft, and this one depends on what it leaves of pools or commitments. Finalize ${toPublicId('invoice', earlier.id)} first.`,
    );
  }

  private async refuseFillingMeter(tenant: Tenant, draft: DraftInvoice): Promise<void> {
    const prices = draft.lines.flatMap(({ price }) => price ?? []);
    const ids = prices.flatMap(({ meterId }) => meterId ?? []);
    const meters = [...(await this.meters.byIds(tenant, ids)).values()];
    for (const { charge } of prices) {
      const floor = charge.model === 'outcome' ? charge.costFloor?.meter : undefined;
      if (floor !== undefined) meters.push(await this.meters.find(tenant, floor));
    }
    const filling = meters.find(({ status }) => status === 'filling');
    if (filling === undefined) return;
    throw new ConflictError(
      'meter_filling',
      `The meter '${filling.key}' has not counted all stored events yet, so the invoice stays a draft. GET /v1/meters/${filling.key} says how far it is.`,
    );
  }

  private async withLines(db: EntityManager, tenant: Tenant, invoice: InvoiceEntity): Promise<InvoiceWithLines> {
    const lines = await db.find(InvoiceLineEntity, { where: { invoiceId: invoice.id }, order: { position: 'ASC' } });
    const about = await this.aboutOf(tenant, invoice, db);
    return { invoice, lines, about, costCurrency: await this.costCurrency(db, tenant) };
  }

  private async aboutOf(tenant: Tenant, invoice: InvoiceEntity, db: EntityManager): Promise<SubscriptionWithPlan> {
    const subscriptions = await db.findBy(SubscriptionEntity, { id: In([invoice.subscriptionId]) });
    return (await this.subscriptions.withPlans(tenant, subscriptions))[0]!;
  }

  private async costCurrency(db: EntityManager, tenant: Tenant): Promise<string> {
    return (await db.findOneByOrFail(OrganisationEntity, { id: tenant.organisationId })).currency;
  }
}

function toInvoice(about: SubscriptionWithPlan, draft: DraftInvoice, now: Date): InvoiceEntity {
  return Object.assign(new InvoiceEntity(), {
    organisationId: about.subscription.organisationId,
    id: newUuid(),
    customerId: about.customer.id,
    subscriptionId: about.subscription.id,
    number: null,
    status: 'draft' as const,
    currency: draft.currency,
    periodStart: draft.servicePeriod.start,
    periodEnd: draft.servicePeriod.end,
    total: draft.total,
    exactTotal: draft.exactTotal,
    cost: draft.cost,
    pendingEvents: draft.pendingEvents,
    eventsThrough: null,
    createdAt: now,
    finalizedAt: null,
    issuedAt: null,
    dueOn: null,
    amountPaid: ZERO,
    closedAt: null,
    closedReason: null,
  });
}

/** The number of the billing period an invoice is about. */
function periodIndexOf(about: SubscriptionWithPlan, { periodStart }: InvoiceEntity): number {
  const { index, period } = billingPeriodAt(anchorOf(about), periodStart);
  invariant(period.start.getTime() === periodStart.getTime(), 'an invoice is about a billing period');
  return index;
}

/** What a period leaves of its pools, and what those leave that were rated again for it. */
async function saveAllPools(db: EntityManager, about: SubscriptionWithPlan, made: PeriodDraft): Promise<void> {
  for (const { periodIndex, pools } of [...made.adjusted.again, made]) await savePools(db, about, periodIndex, pools);
}

function refusePendingCost(draft: DraftInvoice): void {
  const waiting = draft.lines.find((line) => line.pendingEvents > 0);
  if (waiting === undefined) return;
  throw new ConflictError(
    'cost_pending',
    `The cost of ${waiting.pendingEvents} events behind the line '${waiting.description}' is not known yet, so its charge isn't either, and the invoice stays a draft.`,
  );
}

/** The bound that stops an invoice whose total is not the sum of its lines before anyone is asked to pay it. */
function refuseWrongTotal(draft: DraftInvoice): void {
  const total = draft.lines.reduce((all, line) => all.plus(line.amount), draft.total.minus(draft.total));
  invariant(total.equals(draft.total), 'an invoice’s total is the sum of its lines');
}
