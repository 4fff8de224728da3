import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Tenant } from '../../access';
import {
  type ChangeOutcome,
  type ChangeRequest,
  ChangesService,
  CustomersService,
  periodOf,
  segmentsOf,
  SubscriptionsService,
  type SubscriptionWithPlan,
} from '../../customers';
import { type Decimal, toPublicId, ZERO } from '../../kernel';
import { Database } from '../../platform/database';
import { CustomerCredit } from '../credit/customer-credit';
import { PrepaidCredit } from '../credit/prepaid-credit';
import { amountDueOf, creditToApply } from '../domain';
import { InvoiceLoader } from '../invoice-loader';
import { InvoicesService, type InvoiceWithLines } from '../invoices.service';
import { PartMaker } from '../drafts/part-maker';
import { InvoiceEntity } from '../persistence/invoice.entity';
import { InvoicePartEntity } from '../persistence/invoice-part.entity';

/** What a change has come to. */
export interface AppliedChange {
  readonly outcome: ChangeOutcome;
  /** What it was billed with at once; null when it comes with the next invoice, or there was nothing to bill. */
  readonly now: InvoiceWithLines | null;
}

/** What would be asked for after a change. */
export interface ChangePreview {
  /** The invoice it would make at once. */
  readonly now: InvoiceWithLines | null;
  /** What the open period's invoice would say with usage as it is; null when none is to come. */
  readonly next: InvoiceWithLines | null;
  /** What is to be paid of that one, once credit has paid its part. */
  readonly nextAmountDue: Decimal | null;
}

/** Carries a preview's answer out of what is then undone. */
class Previewed extends Error {
  constructor(readonly preview: ChangePreview) {
    super('a preview is undone');
  }
}

/** Changes subscriptions and bills what has to be billed at once; and says what that would come to. */
@Injectable()
export class SubscriptionLifecycle {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(SubscriptionsService) private readonly subscriptions: SubscriptionsService,
    @Inject(ChangesService) private readonly changes: ChangesService,
    @Inject(PartMaker) private readonly parts: PartMaker,
    @Inject(InvoicesService) private readonly invoices: InvoicesService,
    @Inject(InvoiceLoader) private readonly loader: InvoiceLoader,
    @Inject(CustomerCredit) private readonly credit: CustomerCredit,
    @Inject(PrepaidCredit) private readonly prepaid: PrepaidCredit,
  ) {}

  /** Makes a change, in one transaction with what is billed of it at once. @throws as `ChangesService.apply` */
  async apply(tenant: Tenant, reference: string, request: ChangeRequest): Promise<AppliedChange> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const { outcome, draft } = await this.change(db, tenant, reference, request);
      if (draft === null) return { outcome, now: null };
      // The last period waits out its grace like any other; what a change comes to is known.
      const now =
        outcome.closeNow && !outcome.billNow
          ? await this.loader.withLines(db, tenant, draft)
          : await this.invoices.issueNow(db, tenant, draft.id);
      return { outcome, now };
    });
  }

  /**
   * What a change would come to: it is made by the very same code, and undone. No number is taken for it.
   *
   * @param request null: what is to be paid as things are
   * @throws        as `apply`
   */
  async preview(tenant: Tenant, reference: string, request: ChangeRequest | null): Promise<ChangePreview> {
    return this.database.tenant(tenant.organisationId, async () => {
      try {
        return await this.database.apart(tenant.organisationId, () =>
          this.database.tenant(tenant.organisationId, async (db) => {
            throw new Previewed(await this.previewOf(db, tenant, reference, request));
          }),
        );
      } catch (error) {
        if (error instanceof Previewed) return error.preview;
        throw error;
      }
    });
  }

  private async previewOf(
    db: EntityManager,
    tenant: Tenant,
    reference: string,
    request: ChangeRequest | null,
  ): Promise<ChangePreview> {
    const { about, draft } =
      request === null
        ? { about: await this.subscriptions.lock(db, tenant, reference), draft: null }
        : await this.changed(db, tenant, reference, request);
    const { customer } = about;
    const made = draft === null ? null : await this.loader.withLines(db, tenant, draft);
    const coming = isBilledNext(about) ? await this.invoices.preview(tenant, about) : null;

    const currency = (made ?? coming)?.invoice.currency;
    let left = currency === undefined ? ZERO : await this.credit.balance(db, tenant, customer.id, currency);
    const at = await this.customers.nowFor(tenant, customer);
    // Wallets are locked and never saved: what they pay is only told.
    const invoices = [made, coming].filter((found) => found !== null);
    const wallets = await this.prepaid.open(db, tenant, invoices);
    const paidByCredit = (found: InvoiceWithLines): InvoiceWithLines => {
      const creditApplied = creditToApply(left, found.invoice.total);
      left = left.minus(creditApplied);
      const invoice = Object.assign(new InvoiceEntity(), found.invoice, { creditApplied });
      invoice.prepaidApplied = wallets.pay({ ...found, invoice }, at);
      return { ...found, invoice };
    };
    const now = made === null ? null : paidByCredit(made);
    const next = coming === null ? null : paidByCredit(coming);
    return { now, next, nextAmountDue: next === null ? null : amountDueOf(next.invoice) };
  }

  private async changed(
    db: EntityManager,
    tenant: Tenant,
    reference: string,
    request: ChangeRequest,
  ): Promise<{ readonly about: SubscriptionWithPlan; readonly draft: InvoiceEntity | null }> {
    const { outcome, draft } = await this.change(db, tenant, reference, request);
    return { about: outcome.about, draft };
  }

  /** Makes a change and the draft of what is billed at once. */
  private async change(
    db: EntityManager,
    tenant: Tenant,
    reference: string,
    request: ChangeRequest,
  ): Promise<{ readonly outcome: ChangeOutcome; readonly draft: InvoiceEntity | null }> {
    const locked = await this.subscriptions.lock(db, tenant, reference);
    const now = await this.customers.nowFor(tenant, locked.customer);
    const about = await this.upToDate(db, tenant, locked, now);
    const { openPeriod, dueAt } = about.subscription;
    const made = await this.changes.apply(db, tenant, about, request, now);
    if (!made.closeNow) {
      return { outcome: made, draft: made.billNow ? await this.billChange(db, tenant, made.about, now) : null };
    }

    // Where it ends with a period that is closed already, what is given back of fees stands on no period's invoice.
    const closes = dueAt !== null && made.about.subscription.dueAt !== null;
    const closed = await this.closeDue(db, tenant, made.about, now);
    if (closes) return { outcome: { ...made, about: closed }, draft: await this.draftOf(db, closed, openPeriod) };
    const outcome = { ...made, about: closed, billNow: true };
    return { outcome, draft: await this.billChange(db, tenant, closed, now) };
  }

  /** Closes periods that have ended and that nobody has come to yet: a change is one of the open period. */
  private async upToDate(
    db: EntityManager,
    tenant: Tenant,
    about: SubscriptionWithPlan,
    now: Date,
  ): Promise<SubscriptionWithPlan> {
    const { openPeriodEnd, dueAt, parkedReason } = about.subscription;
    if (dueAt === null || parkedReason !== null || now.getTime() < openPeriodEnd.getTime()) return about;
    return this.closeDue(db, tenant, about, now);
  }

  private async closeDue(
    db: EntityManager,
    tenant: Tenant,
    { subscription }: SubscriptionWithPlan,
    now: Date,
  ): Promise<SubscriptionWithPlan> {
    while (await this.invoices.closeOpenPeriod(tenant, subscription.id, now));
    return this.subscriptions.lock(db, tenant, toPublicId('subscription', subscription.id));
  }

  private async billChange(
    db: EntityManager,
    tenant: Tenant,
    about: SubscriptionWithPlan,
    now: Date,
  ): Promise<InvoiceEntity | null> {
    const part = await this.parts.change(db, tenant, about, now);
    return part === null ? null : (await this.invoices.store(db, tenant, [part], 'apart'))[0]!;
  }

  /** The draft that a period was closed onto; null when nothing of it is billed. */
  private async draftOf(
    db: EntityManager,
    { subscription }: SubscriptionWithPlan,
    periodIndex: number,
  ): Promise<InvoiceEntity | null> {
    const part = await db.findOneBy(InvoicePartEntity, {
      subscriptionId: subscription.id,
      kind: 'period',
      periodIndex,
      live: true,
    });
    return part === null ? null : db.findOneByOrFail(InvoiceEntity, { id: part.invoiceId });
  }
}

/** Whether the open period gets an invoice: not behind the end, nor where it ends with nothing to settle. */
function isBilledNext(about: SubscriptionWithPlan): boolean {
  const { openPeriod, dueAt } = about.subscription;
  return dueAt !== null && !segmentsOf(about, periodOf(about, openPeriod)).some(({ waived }) => waived === true);
}
