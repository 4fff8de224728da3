import { Inject, Injectable } from '@nestjs/common';
import { type EntityManager, LessThan } from 'typeorm';
import type { Tenant } from '../access';
import {
  afterClosing,
  afterStart,
  type CustomerEntity,
  CustomersService,
  lockCustomers,
  periodOf,
  segmentsOf,
  SubscriptionEntity,
  SubscriptionsService,
  type SubscriptionWithPlan,
} from '../customers';
import { Database, pauseIngest } from '../platform/database';
import { Adjustments } from './adjusting/adjustments';
import { DraftGathering } from './drafts/draft-gathering';
import { DraftRefresher } from './drafts/draft-refresher';
import { FinalizeRefusals } from './issuing/finalize-refusals';
import { findInvoice, lockInvoice } from './find-invoice';
import { InvoiceIssuer } from './issuing/invoice-issuer';
import { InvoiceLoader, type InvoiceWithLines } from './invoice-loader';
import type { MadePart } from './drafts/made-part';
import { PartMaker } from './drafts/part-maker';
import { inOrder } from './drafts/part-lines';
import { InvoiceEntity } from './persistence/invoice.entity';

export type { InvoiceWithLines } from './invoice-loader';

/** Makes, refreshes and finalizes invoices. */
@Injectable()
export class InvoicesService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(SubscriptionsService) private readonly subscriptions: SubscriptionsService,
    @Inject(PartMaker) private readonly parts: PartMaker,
    @Inject(DraftGathering) private readonly gathering: DraftGathering,
    @Inject(DraftRefresher) private readonly refresher: DraftRefresher,
    @Inject(Adjustments) private readonly adjustments: Adjustments,
    @Inject(FinalizeRefusals) private readonly refusals: FinalizeRefusals,
    @Inject(InvoiceIssuer) private readonly issuer: InvoiceIssuer,
    @Inject(InvoiceLoader) private readonly loader: InvoiceLoader,
  ) {}

  /**
   * Bills what is due next of a subscription: the fees it begins with, or its open period, if that has ended, and opens
   * the next one. A repeat (or another process at the same time) finds that done and does nothing.
   *
   * @param now by the customer's clock
   * @returns   whether something was due
   */
  async closeOpenPeriod(tenant: Tenant, subscriptionId: string, now: Date): Promise<boolean> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const found = await db.findOneBy(SubscriptionEntity, { id: subscriptionId });
      if (found === null) return false;
      await lockCustomers(db, tenant.organisationId, [found.customerId]);
      const subscription = await db.findOne(SubscriptionEntity, {
        where: { id: subscriptionId },
        lock: { mode: 'pessimistic_write' },
      });
      if (!isDue(subscription, now)) return false;
      const about = (await this.subscriptions.withPlans(tenant, [subscription]))[0]!;

      const made = await this.dueOf(db, tenant, about);
      if (made !== null) await this.gathering.storeMany(db, tenant, [made]);
      const { organisationId, id } = subscription;
      const next = subscription.startDue ? afterStart(about) : afterClosing(about);
      await db.update(SubscriptionEntity, { organisationId, id }, { ...next, parkedReason: null });
      return true;
    });
  }

  /** Puts parts onto drafts, whoever holds their customer's row: onto that of their day, or each onto one of its own. */
  async store(
    db: EntityManager,
    tenant: Tenant,
    parts: readonly MadePart[],
    where: 'gather' | 'apart',
  ): Promise<readonly InvoiceEntity[]> {
    return this.gathering.storeMany(db, tenant, parts, where);
  }

  /**
   * What the next invoice would say now: that of the open period, or of the fees it begins with while those are to be
   * asked for. It isn't stored; drafts that it depends on are brought up to date.
   */
  async preview(tenant: Tenant, about: SubscriptionWithPlan): Promise<InvoiceWithLines> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const { customer, subscription } = about;
      await lockCustomers(db, tenant.organisationId, [customer.id]);
      await this.refresher.refreshEarlier(db, tenant, about, subscription.openPeriod);
      const first = subscription.startDue ? await this.parts.start(db, tenant, about) : null;
      const made = first ?? (await this.parts.period(db, tenant, about, subscription.openPeriod));
      const { invoice, parts, lines } = await this.gathering.compose(db, tenant, customer, [made]);
      const subscriptions = new Map([[subscription.id, about]]);
      const costCurrency = await this.loader.costCurrency(db, tenant);
      return {
        invoice,
        parts,
        lines,
        customer,
        subscriptions,
        about,
        plans: await this.loader.plansBeside(tenant, lines, subscriptions),
        costCurrency,
      };
    });
  }

  /**
   * Numbers an invoice and locks it for good. What it says is brought up to date first, while ingest of the organisation
   * waits: events accepted before are on it, events accepted afterwards are late. A repeat answers the same invoice.
   *
   * @throws ConflictError as `FinalizeRefusals` says
   */
  async finalize(tenant: Tenant, reference: string): Promise<InvoiceWithLines> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const invoice = await lockInvoice(db, reference);
      if (invoice.status !== 'draft') return this.loader.withLines(db, tenant, invoice);
      return this.issue(db, tenant, invoice);
    });
  }

  /** Finalizes a draft that was made in this transaction, for somebody who holds its customer's row. */
  async issueNow(db: EntityManager, tenant: Tenant, invoiceId: string): Promise<InvoiceWithLines> {
    return this.issue(db, tenant, await db.findOneByOrFail(InvoiceEntity, { id: invoiceId }));
  }

  /** An invoice as it stands. A draft is brought up to date first, so that it never says less than its events. @throws NotFoundError */
  async find(tenant: Tenant, reference: string): Promise<InvoiceWithLines> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const found = await findInvoice(db, reference);
      if (found.status !== 'draft') return this.loader.withLines(db, tenant, found);

      const locked = await lockInvoice(db, reference);
      if (locked.status === 'draft') {
        await this.refresher.refresh(db, tenant, locked, await this.customerOf(tenant, locked));
      }
      return this.loader.withLines(db, tenant, locked);
    });
  }

  /** A customer's invoices, newest first. */
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
      return this.loader.allWithLines(db, tenant, invoices);
    });
  }

  private async dueOf(db: EntityManager, tenant: Tenant, about: SubscriptionWithPlan): Promise<MadePart | null> {
    const { openPeriod, startDue } = about.subscription;
    if (startDue) return this.parts.start(db, tenant, about);
    // A subscription that ended with nothing to settle: what was used since its last invoice is nobody's bill.
    if (segmentsOf(about, periodOf(about, openPeriod)).some(({ waived }) => waived === true)) return null;
    await this.refresher.refreshEarlier(db, tenant, about, openPeriod);
    return this.parts.period(db, tenant, about, openPeriod);
  }

  private async issue(db: EntityManager, tenant: Tenant, invoice: InvoiceEntity): Promise<InvoiceWithLines> {
    const customer = await this.customerOf(tenant, invoice);
    await pauseIngest(db, tenant.organisationId);
    const draft = await this.refresher.refresh(db, tenant, invoice, customer);
    await this.refusals.check(db, tenant, draft);

    const issued = await this.issuer.issue(db, tenant, draft);
    const refreshed = [...draft.refreshed].sort((one, other) => inOrder(one.part, other.part));
    for (const { part, rated, adjusted } of refreshed) {
      await this.adjustments.note(db, part, issued.eventsThrough!, rated, adjusted);
    }
    return this.loader.withLines(db, tenant, issued);
  }

  private async customerOf(tenant: Tenant, { customerId }: InvoiceEntity): Promise<CustomerEntity> {
    return (await this.customers.byIds(tenant, [customerId])).get(customerId)!;
  }
}

function isDue(subscription: SubscriptionEntity | null, now: Date): subscription is SubscriptionEntity {
  const dueAt = subscription?.dueAt ?? null;
  return dueAt !== null && dueAt.getTime() <= now.getTime();
}
