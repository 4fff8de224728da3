import { Inject, Injectable } from '@nestjs/common';
import { BillingDetailsService, type DatedDetails, detailsAt, OrganisationEntity, type Tenant } from '../access';
import { type MeterEntity, MetersService } from '../catalog';
import { type CustomerEntity, CustomerBillingService, planAt } from '../customers';
import {
  Clock,
  Decimal,
  fromPublicId,
  localTimeOf,
  NotFoundError,
  type Period,
  toPublicId,
  windowStarts,
  ZERO,
} from '../kernel';
import {
  type ExplainedEvent,
  ExplanationsService,
  type InvoiceLineEntity,
  InvoicesService,
  type InvoiceWithLines,
  toExplainedEvent,
} from '../invoicing';
import { UsageQueryService } from '../metering';
import { Database } from '../platform/database';
import type { DailyUsage, Days, DocumentLine, InvoiceDocument, Party } from './domain';

/** Events of a line that are read in one go. */
const PAGE = 1_000;
/** A chart of more days than this has bars too thin to see; a line of a longer time has none. */
const MOST_DAYS = 100;

/** Gathers what documents of an invoice say. What they look like is no matter of this service. */
@Injectable()
export class DocumentsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(InvoicesService) private readonly invoices: InvoicesService,
    @Inject(ExplanationsService) private readonly explanations: ExplanationsService,
    @Inject(MetersService) private readonly meters: MetersService,
    @Inject(UsageQueryService) private readonly usage: UsageQueryService,
    @Inject(BillingDetailsService) private readonly ownBilling: BillingDetailsService,
    @Inject(CustomerBillingService) private readonly customerBilling: CustomerBillingService,
  ) {}

  /**
   * An invoice with all that a document says of it; a draft is brought up to date first.
   *
   * @param charts whether the usage of each day is wanted, which takes a question for each meter and service period
   * @throws       NotFoundError
   */
  async document(tenant: Tenant, reference: string, { charts }: { charts: boolean }): Promise<InvoiceDocument> {
    const found = await this.invoices.find(tenant, reference);
    const { invoice, lines, about } = found;
    const { customer } = about;
    const organisation = await this.database.tenant(tenant.organisationId, (db) =>
      db.findOneByOrFail(OrganisationEntity, { id: tenant.organisationId }),
    );
    const meters = await this.meters.byIds(tenant, lines.flatMap(({ meterId }) => meterId ?? [])); // prettier-ignore
    const ownDetails = detailsAt(await this.ownBilling.history(tenant), invoice.finalizedAt);
    const details = detailsAt(await this.customerBilling.history(tenant, customer), invoice.finalizedAt);

    const documentLines: DocumentLine[] = [];
    for (const line of lines) {
      const meter = line.meterId === null ? null : (meters.get(line.meterId) ?? null);
      const usage = charts && meter !== null ? await this.dailyUsage(tenant, customer, line, meter) : null;
      documentLines.push(toDocumentLine(found, line, meter, usage));
    }
    // The one in force when the period ended; each line names its own.
    const plan = planAt(about, new Date(invoice.periodEnd.getTime() - 1));
    return {
      id: toPublicId('invoice', invoice.id),
      number: invoice.number,
      seller: { id: toPublicId('organisation', organisation.id), ...toParty(organisation.name, ownDetails) },
      customer: { id: toPublicId('customer', customer.id), key: customer.key, ...toParty(customer.name, details) },
      plan: { name: plan.name, key: plan.key },
      currency: invoice.currency,
      issuedOn: invoice.finalizedAt === null ? null : localTimeOf(invoice.finalizedAt, customer.timeZone).date,
      madeAt: invoice.finalizedAt ?? invoice.createdAt,
      days: daysOf({ start: invoice.periodStart, end: invoice.periodEnd }, customer.timeZone),
      lines: documentLines,
      total: invoice.total,
    };
  }

  /** The line that a name means: our id or its position, counted from 1. @throws NotFoundError */
  async line(
    tenant: Tenant,
    invoiceReference: string,
    lineReference: string,
  ): Promise<[InvoiceWithLines, InvoiceLineEntity]> {
    const found = await this.invoices.find(tenant, invoiceReference);
    const id = fromPublicId('invoiceLine', lineReference);
    const line = found.lines.find((each) =>
      id === null ? String(each.position + 1) === lineReference : each.id === id,
    );
    if (line === undefined) throw new NotFoundError('invoice line', lineReference);
    return [found, line];
  }

  /** All events behind a line in the order of their time, page by page, each as a line of JSON. */
  async *events(tenant: Tenant, found: InvoiceWithLines, line: InvoiceLineEntity): AsyncGenerator<string> {
    let after: Parameters<ExplanationsService['eventsBehind']>[3] = null;
    for (;;) {
      const page: ExplainedEvent[] = await this.explanations.eventsBehind(tenant, found, line, after, PAGE);
      if (page.length > 0) yield page.map((event) => `${JSON.stringify(toExplainedEvent(event))}\n`).join('');
      const last = page.at(-1)?.event;
      if (last === undefined || page.length < PAGE) return;
      after = { time: last.happenedAt, key: last.key };
    }
  }

  /**
   * What a line's meter counted on each day. None where it isn't what the line was made from: events that came after the
   * invoice was finalized are in the usage, and no bar may stand for what wasn't billed.
   */
  private async dailyUsage(
    tenant: Tenant,
    { id, timeZone }: CustomerEntity,
    { periodStart, periodEnd, events }: InvoiceLineEntity,
    meter: MeterEntity,
  ): Promise<DailyUsage | null> {
    const period: Period = { start: periodStart, end: periodEnd };
    const starts = windowStarts(period, 'day', timeZone, MOST_DAYS);
    if (starts === null || events === 0) return null;

    const rows = await this.usage.query(
      tenant,
      {
        ...{ meter, customerIds: [id], period, window: 'day', timeZone, byCustomer: false },
        ...{ groupBy: [], filters: new Map(), withEmpty: false, now: this.clock.now() },
      },
      null,
      starts.length,
    );
    if (rows.reduce((count, row) => count + row.events, 0) !== events) return null;

    const quantities: Decimal[] = starts.map(() => ZERO);
    for (const row of rows) quantities[row.window] = row.quantity ?? ZERO;
    return { first: localTimeOf(periodStart, timeZone).date, quantities };
  }
}

function toDocumentLine(
  { about }: InvoiceWithLines,
  line: InvoiceLineEntity,
  meter: MeterEntity | null,
  usage: DailyUsage | null,
): DocumentLine {
  const plan = planAt(about, line.periodStart);
  const servicePeriod = { start: line.periodStart, end: line.periodEnd };
  return {
    id: toPublicId('invoiceLine', line.id),
    position: line.position + 1,
    kind: line.kind,
    key: line.key,
    description: line.description,
    plan: { key: plan.key, version: plan.version },
    meter: meter?.name ?? null,
    quantity: line.quantity,
    events: line.events,
    exactAmount: line.exactAmount,
    amount: line.amount,
    servicePeriod,
    days: daysOf(servicePeriod, about.customer.timeZone),
    rows: line.breakdown.map(({ kind, description, quantity, unitPrice, amount }) => ({
      kind,
      description,
      quantity: new Decimal(quantity),
      unitPrice: unitPrice === null ? null : new Decimal(unitPrice),
      amount: new Decimal(amount),
    })),
    usage,
  };
}

function toParty(name: string, details: DatedDetails | null): Party {
  return {
    name: details?.legalName ?? name,
    addressLines: details?.addressLines ?? [],
    city: details?.city ?? null,
    postalCode: details?.postalCode ?? null,
    country: details?.country ?? null,
    taxId: details?.taxId ?? null,
    email: details?.email ?? null,
  };
}

/** The days of a period on the customer's calendar, the last one included. */
function daysOf({ start, end }: Period, timeZone: string): Days {
  const lastInstant = new Date(end.getTime() - 1);
  return { first: localTimeOf(start, timeZone).date, last: localTimeOf(lastInstant, timeZone).date };
}
