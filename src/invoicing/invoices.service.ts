import { Inject, Injectable } from '@nestjs/common';
import { type EntityManager, In, LessThan } from 'typeorm';
import { OrganisationEntity, recordAudit, type Tenant } from '../access';
import { MetersService } from '../catalog';
import {
  type CustomerEntity,
  periodOf,
  SubscriptionEntity,
  SubscriptionsService,
  type SubscriptionWithPlan,
} from '../customers';
import {
  Clock,
  ConflictError,
  decimalText,
  fromPublicId,
  invariant,
  newUuid,
  NotFoundError,
  type Period,
  toPublicId,
} from '../kernel';
import { UsageService } from '../metering';
import { Database, pauseIngest } from '../platform/database';
import { type DraftInvoice, draftInvoice, type DraftLine } from './domain';
import { InvoiceEntity } from './persistence/invoice.entity';
import { InvoiceLineEntity } from './persistence/invoice-line.entity';

/** An invoice with its lines and what it is about. */
export interface InvoiceWithLines {
  readonly invoice: InvoiceEntity;
  readonly lines: readonly InvoiceLineEntity[];
  readonly about: SubscriptionWithPlan;
  /** Currency of the cost. */
  readonly costCurrency: string;
}

/** Makes, refreshes and finalizes invoices. */
@Injectable()
export class InvoicesService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(MetersService) private readonly meters: MetersService,
    @Inject(SubscriptionsService) private readonly subscriptions: SubscriptionsService,
    @Inject(UsageService) private readonly usage: UsageService,
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
      const period = periodOf(about, subscription.openPeriod);
      const draft = await this.draft(tenant, about, period);

      await this.insertDraft(db, about, draft);
      await db.update(
        SubscriptionEntity,
        { organisationId: tenant.organisationId, id: subscription.id },
        {
          openPeriod: subscription.openPeriod + 1,
          openPeriodEnd: periodOf(about, subscription.openPeriod + 1).end,
          parkedReason: null,
        },
      );
      return true;
    });
  }

  /** What the invoice of the open period would say now. Stores nothing. */
  async preview(tenant: Tenant, about: SubscriptionWithPlan): Promise<InvoiceWithLines> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const draft = await this.draft(tenant, about, periodOf(about, about.subscription.openPeriod));
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
   *                       depends on a cost that isn't known
   */
  async finalize(tenant: Tenant, reference: string): Promise<InvoiceWithLines> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      await pauseIngest(db, tenant.organisationId);
      const invoice = await this.lock(db, reference);
      if (invoice.status === 'finalized') return this.withLines(db, tenant, invoice);
      const draft = await this.refresh(db, tenant, invoice);
      await this.refuseFillingMeter(tenant, draft);
      refusePendingCost(draft);
      refuseWrongTotal(draft);

      const [numbered] = await db.query<[{ invoices_numbered: string }[], number]>(
        'UPDATE organisation SET invoices_numbered = invoices_numbered + 1 WHERE id = $1 RETURNING invoices_numbered',
        [tenant.organisationId],
      );
      // Under the ingest lock every batch before this number is committed and every later one is not begun.
      const [cut] = await db.query<{ batch: string }[]>(`SELECT nextval('event_batch') AS batch`);
      const finalized: Partial<InvoiceEntity> = {
        status: 'finalized',
        number: `INV-${numbered[0]!.invoices_numbered.padStart(6, '0')}`,
        eventsThrough: cut!.batch,
        finalizedAt: this.clock.now(),
      };
      await db.update(InvoiceEntity, { organisationId: tenant.organisationId, id: invoice.id }, finalized);
      await recordAudit(db, tenant, {
        action: 'invoice.finalized',
        subject: { kind: 'invoice', id: toPublicId('invoice', invoice.id) },
        after: { number: finalized.number, total: decimalText(draft.total), currency: invoice.currency },
      });
      return this.withLines(db, tenant, Object.assign(invoice, finalized));
    });
  }

  /** An invoice as it stands. A draft is brought up to date first, so that it never says less than its events. @throws NotFoundError */
  async find(tenant: Tenant, reference: string): Promise<InvoiceWithLines> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const id = fromPublicId('invoice', reference);
      const found = await db.findOneBy(InvoiceEntity, id === null ? { number: reference } : { id });
      if (found === null) throw new NotFoundError('invoice', reference);
      if (found.status === 'finalized') return this.withLines(db, tenant, found);

      const locked = await this.lock(db, reference);
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

  private async draft(tenant: Tenant, about: SubscriptionWithPlan, period: Period): Promise<DraftInvoice> {
    const usage = await this.usage.inPeriod(tenant, about.customer.id, period);
    return draftInvoice(about.plan, period, usage);
  }

  private async insertDraft(db: EntityManager, about: SubscriptionWithPlan, draft: DraftInvoice): Promise<void> {
    const invoice = toInvoice(about, draft, this.clock.now());
    await db.insert(InvoiceEntity, invoice);
    await db.insert(
      InvoiceLineEntity,
      draft.lines.map((line, position) => toLine(invoice, line, position)),
    );
  }

  /** Computes what a draft should say and writes the difference; nothing when there is none. Lines keep their ids. */
  private async refresh(db: EntityManager, tenant: Tenant, invoice: InvoiceEntity): Promise<DraftInvoice> {
    const about = await this.aboutOf(tenant, invoice, db);
    const draft = await this.draft(tenant, about, { start: invoice.periodStart, end: invoice.periodEnd });
    const stored = await db.findBy(InvoiceLineEntity, { invoiceId: invoice.id });

    for (const [position, line] of draft.lines.entries()) {
      const existing = stored.find((candidate) => candidate.priceId === line.price.id);
      invariant(existing !== undefined, 'a draft has a line for each price of its plan');
      const wanted = Object.assign(toLine(invoice, line, position), { id: existing.id });
      if (
        !existing.exactAmount.equals(wanted.exactAmount) ||
        !existing.quantity.equals(wanted.quantity) ||
        existing.events !== wanted.events
      ) {
        await db.update(InvoiceLineEntity, { organisationId: tenant.organisationId, id: existing.id }, wanted);
      }
    }
    const { total, exactTotal, cost, pendingEvents } = draft;
    if (
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
    return draft;
  }

  private async refuseFillingMeter(tenant: Tenant, draft: DraftInvoice): Promise<void> {
    const ids = draft.lines.flatMap(({ price }) => (price.meterId === null ? [] : [price.meterId]));
    const filling = [...(await this.meters.byIds(tenant, ids)).values()].find(({ status }) => status === 'filling');
    if (filling === undefined) return;
    throw new ConflictError(
      'meter_filling',
      `The meter '${filling.key}' has not counted all stored events yet, so the invoice stays a draft. GET /v1/meters/${filling.key} says how far it is.`,
    );
  }

  private async lock(db: EntityManager, reference: string): Promise<InvoiceEntity> {
    const id = fromPublicId('invoice', reference);
    const found = await db.findOne(InvoiceEntity, {
      where: id === null ? { number: reference } : { id },
      lock: { mode: 'pessimistic_write' },
    });
    if (found === null) throw new NotFoundError('invoice', reference);
    return found;
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
  });
}

function toLine(invoice: InvoiceEntity, line: DraftLine, position: number): InvoiceLineEntity {
  return Object.assign(new InvoiceLineEntity(), {
    organisationId: invoice.organisationId,
    id: newUuid(),
    invoiceId: invoice.id,
    position,
    priceId: line.price.id,
    meterId: line.price.meterId,
    description: line.description,
    quantity: line.quantity,
    events: line.events,
    exactAmount: line.exactAmount,
    amount: line.amount,
    periodStart: line.servicePeriod.start,
    periodEnd: line.servicePeriod.end,
    breakdown: line.breakdown.map((row) => ({
      kind: row.kind,
      description: row.description,
      from: row.from === null ? null : decimalText(row.from),
      upTo: row.upTo === null ? null : decimalText(row.upTo),
      quantity: decimalText(row.quantity),
      unitPrice: row.unitPrice === null ? null : decimalText(row.unitPrice),
      amount: decimalText(row.amount),
    })),
    steps: [...line.steps],
  });
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
