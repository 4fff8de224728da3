import { Inject, Injectable } from '@nestjs/common';
import { BillingDetailsService, detailsAt, OrganisationEntity, type Tenant } from '../access';
import { MetersService } from '../catalog';
import { type CustomerEntity, CustomerBillingService } from '../customers';
import {
  amountDueOf,
  DailyUsageService,
  type ExplainedEvent,
  ExplanationsService,
  InvoiceEntity,
  type InvoiceLineEntity,
  InvoicesService,
  type InvoiceWithLines,
  lineOf,
  type StoredDailyUsage,
  toExplainedEvent,
} from '../invoicing';
import { localTimeOf, toPublicId } from '../kernel';
import { Database } from '../platform/database';
import type { InvoiceDocument } from './domain';
import { daysOf, partsOf, planBefore, toDocumentLine, toDocumentTax, toParty } from './to-document';

/** Events of a line that are read in one go. */
const PAGE = 1_000;

/** Gathers what documents of an invoice say. What they look like is no matter of this service. */
@Injectable()
export class DocumentsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(InvoicesService) private readonly invoices: InvoicesService,
    @Inject(ExplanationsService) private readonly explanations: ExplanationsService,
    @Inject(MetersService) private readonly meters: MetersService,
    @Inject(DailyUsageService) private readonly daily: DailyUsageService,
    @Inject(BillingDetailsService) private readonly ownBilling: BillingDetailsService,
    @Inject(CustomerBillingService) private readonly customerBilling: CustomerBillingService,
  ) {}

  /**
   * An invoice with all that a document says of it; a draft is brought up to date first.
   *
   * @param charts whether the usage of each day is wanted, which of a draft takes a question for each meter and period
   * @throws       NotFoundError
   */
  async document(tenant: Tenant, reference: string, { charts }: { charts: boolean }): Promise<InvoiceDocument> {
    const found = await this.invoices.find(tenant, reference);
    const { invoice, lines, customer, about } = found;
    const meters = await this.meters.byIds(tenant, lines.flatMap(({ meterId }) => meterId ?? [])); // prettier-ignore
    const daily = charts ? await this.dailyUsage(tenant, found) : new Map<string, StoredDailyUsage>();
    const parties = await this.parties(tenant, customer, invoice.finalizedAt);
    // Older releases noted the time of the server alone.
    const issued = invoice.issuedAt ?? invoice.finalizedAt;
    const { parts, placeOf } = partsOf(found);
    const plan = about === null ? null : planBefore(about, invoice.periodEnd);
    return {
      id: toPublicId('invoice', invoice.id),
      number: invoice.number,
      isVoid: invoice.status === 'void',
      replaces: await this.numberOf(tenant, invoice.reissueOf),
      ...parties,
      plan: plan === null ? null : { name: plan.name, key: plan.key },
      parts,
      currency: invoice.currency,
      issuedOn: issued === null ? null : localTimeOf(issued, customer.timeZone).date,
      dueOn: invoice.dueOn,
      madeAt: invoice.finalizedAt ?? invoice.createdAt,
      days: daysOf({ start: invoice.periodStart, end: invoice.periodEnd }, customer.timeZone),
      lines: lines.map((line) =>
        toDocumentLine(
          found,
          line,
          line.subscriptionId === null ? null : placeOf.get(line.subscriptionId)!,
          line.meterId === null ? null : (meters.get(line.meterId) ?? null),
          daily.get(line.id) ?? null,
        ),
      ),
      subtotal: invoice.subtotal,
      taxes: invoice.taxes.map(toDocumentTax),
      taxTotal: invoice.taxTotal,
      total: invoice.total,
      creditApplied: invoice.creditApplied,
      prepaidApplied: invoice.prepaidApplied,
      credited: invoice.credited,
      amountPaid: invoice.amountPaid,
      amountDue: amountDueOf(invoice),
      memo: invoice.memo,
    };
  }

  /** Seller and customer with the billing details of an instant; the newest ones without it. */
  async parties(
    tenant: Tenant,
    customer: CustomerEntity,
    at: Date | null,
  ): Promise<Pick<InvoiceDocument, 'seller' | 'customer'>> {
    const organisation = await this.database.tenant(tenant.organisationId, (db) =>
      db.findOneByOrFail(OrganisationEntity, { id: tenant.organisationId }),
    );
    const own = detailsAt(await this.ownBilling.history(tenant), at);
    const theirs = detailsAt(await this.customerBilling.history(tenant, customer), at);
    return {
      seller: { id: toPublicId('organisation', organisation.id), ...toParty(organisation.name, own) },
      customer: { id: toPublicId('customer', customer.id), key: customer.key, ...toParty(customer.name, theirs) },
    };
  }

  /** The line that a name means: our id or its position, counted from 1. @throws NotFoundError */
  async line(
    tenant: Tenant,
    invoiceReference: string,
    lineReference: string,
  ): Promise<[InvoiceWithLines, InvoiceLineEntity]> {
    const found = await this.invoices.find(tenant, invoiceReference);
    return [found, lineOf(found, lineReference)];
  }

  /** All events behind a line in the order of their time, page by page, each as a line of JSON. */
  async *events(tenant: Tenant, found: InvoiceWithLines, line: InvoiceLineEntity): AsyncGenerator<string> {
    let after: Parameters<ExplanationsService['eventsBehind']>[3] = null;
    const runner = await this.explanations.runnerOf(tenant, found, line, null);
    const told = (event: ExplainedEvent) => ({ ...event, runningTotal: runner?.next(event) ?? null });
    for (;;) {
      const page: ExplainedEvent[] = await this.explanations.eventsBehind(tenant, found, line, after, PAGE);
      if (page.length > 0) yield page.map((event) => `${JSON.stringify(toExplainedEvent(told(event)))}\n`).join('');
      const last = page.at(-1)?.event;
      if (last === undefined || page.length < PAGE) return;
      after = { time: last.happenedAt, key: last.key };
    }
  }

  /**
   * Usage by day, by the line's id. A line of a finalized invoice has what was stored with it, so that a chart stays
   * what was billed; of a draft it is told now, and of invoices from before it was stored, as far as it is still so.
   */
  private async dailyUsage(
    tenant: Tenant,
    { lines, customer }: InvoiceWithLines,
  ): Promise<ReadonlyMap<string, StoredDailyUsage>> {
    const stored = lines.flatMap(({ id, daily }) => (daily === null ? [] : [[id, daily] as const]));
    const told = await this.daily.of(tenant, [{ customer, lines: lines.filter(({ daily }) => daily === null) }]);
    return new Map([...told, ...stored]);
  }

  private async numberOf(tenant: Tenant, invoiceId: string | null): Promise<string | null> {
    if (invoiceId === null) return null;
    const found = await this.database.tenant(tenant.organisationId, (db) =>
      db.findOneBy(InvoiceEntity, { id: invoiceId }),
    );
    return found?.number ?? null;
  }
}
