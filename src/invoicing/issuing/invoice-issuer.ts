import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { recordAudits, type Tenant } from '../../access';
import { CustomersService } from '../../customers';
import { addLocalDays, Clock, Decimal, decimalText, localTimeOf, toPublicId, ZERO } from '../../kernel';
import { LedgerService, type Posting, TopUpGrants } from '../../wallet';
import { balanceOf, creditPlace, creditPosting, CustomerCredit } from '../credit/customer-credit';
import { PrepaidCredit } from '../credit/prepaid-credit';
import { DailyUsageService } from '../explaining/daily-usage';
import { amountDueOf, creditToApply, invoiceNumber, issueEntries } from '../domain';
import type { DraftToWrite } from '../drafts/draft-gathering';
import { InvoiceEntity } from '../persistence/invoice.entity';
import { InvoiceLineEntity } from '../persistence/invoice-line.entity';
import { updateRows } from '../persistence/update-rows';
import { type PlannedRevenue, planRevenue } from '../revenue/revenue-postings';
import { RevenueService } from '../revenue/revenue.service';

/** What of the organisation and of customers a number and a due date come from. */
interface Terms {
  readonly format: string;
  readonly netDays: ReadonlyMap<string, number>;
  /** The last number that was taken. */
  readonly numbered: number;
}

/** What finalizing writes to an invoice's row. */
const ISSUED = [
  'number',
  'status',
  'eventsThrough',
  'finalizedAt',
  'issuedAt',
  'dueOn',
  'creditApplied',
  'prepaidApplied',
  'closedAt',
] as const;

/** Numbers drafts, says by when they are to be paid, and books them. */
@Injectable()
export class InvoiceIssuer {
  constructor(
    @Inject(Clock) private readonly clock: Clock,
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(LedgerService) private readonly ledger: LedgerService,
    @Inject(RevenueService) private readonly revenue: RevenueService,
    @Inject(CustomerCredit) private readonly credit: CustomerCredit,
    @Inject(PrepaidCredit) private readonly prepaid: PrepaidCredit,
    @Inject(TopUpGrants) private readonly topUps: TopUpGrants,
    @Inject(DailyUsageService) private readonly daily: DailyUsageService,
  ) {}

  /** `issueMany` for one. */
  async issue(db: EntityManager, tenant: Tenant, draft: DraftToWrite): Promise<InvoiceEntity> {
    return (await this.issueMany(db, tenant, [draft]))[0]!;
  }

  /**
   * Finalizes drafts that are up to date, in the transaction that holds their customers' rows and has paused ingest, with
   * as many statements for a hundred as for one. They are numbered in the order given. Credit of a customer pays their
   * invoices as far as it goes, and then prepaid credit does. One of which nothing is due is paid at once.
   *
   * @returns the invoices as they are now, in that order
   */
  async issueMany(
    db: EntityManager,
    tenant: Tenant,
    drafts: readonly DraftToWrite[],
  ): Promise<readonly InvoiceEntity[]> {
    if (drafts.length === 0) return [];
    const customerIds = [...new Set(drafts.map(({ customer }) => customer.id))];
    await this.storeDaily(db, tenant, drafts);
    const nows = await this.customers.nowsOnTestClocks(tenant, customerIds);
    const terms = await takeNumbers(db, tenant, customerIds, drafts.length);
    const eventsThrough = await cut(db);
    const finalizedAt = this.clock.now();
    const left = new Map(await this.credit.balances(db, tenant, customerIds));
    const prepaid = await this.prepaid.open(db, tenant, drafts);

    const postings: Posting[] = [];
    const months = drafts.flatMap((draft, place) => {
      const { invoice, customer, lines } = draft;
      const issuedAt = nows.get(customer.id) ?? finalizedAt;
      Object.assign(invoice, { eventsThrough, finalizedAt, issuedAt });
      Object.assign(invoice, numberAndDueDate(terms, place, drafts.length, issuedAt, customer));
      const revenue = planRevenue(invoice, lines, customer, issuedAt);
      postings.push(finalizedPosting(invoice, revenue, issuedAt));
      const creditApplied = this.useCredit(left, invoice);
      postings.push(creditPosting(invoice, creditApplied, issuedAt));
      Object.assign(invoice, { creditApplied, status: 'finalized' });
      invoice.prepaidApplied = prepaid.pay(draft, issuedAt);
      if (!amountDueOf(invoice).greaterThan(0)) Object.assign(invoice, { status: 'paid', closedAt: issuedAt });
      return revenue.months;
    });
    const invoices = drafts.map(({ invoice }) => invoice);

    await updateRows(db, InvoiceEntity, invoices, ISSUED);
    await this.revenue.store(db, months);
    await this.ledger.postMany(db, tenant, [...postings, ...(await prepaid.save())]);
    await this.topUps.paid(db, tenant, invoices.filter(({ status }) => status === 'paid').map(({ id }) => id)); // prettier-ignore
    await recordAudits(
      db,
      tenant,
      invoices.map(({ id, number, total, currency }) => ({
        action: 'invoice.finalized' as const,
        subject: { kind: 'invoice', id: toPublicId('invoice', id) },
        after: { number, total: decimalText(total), currency },
      })),
    );
    return invoices;
  }

  /** Usage by day as it is under the cut: the charts of the document stay what was billed. */
  private async storeDaily(db: EntityManager, tenant: Tenant, drafts: readonly DraftToWrite[]): Promise<void> {
    const daily = await this.daily.of(tenant, drafts);
    const lines = drafts.flatMap((draft) => draft.lines).filter(({ id }) => daily.has(id));
    for (const line of lines) line.daily = daily.get(line.id)!;
    await updateRows(db, InvoiceLineEntity, lines, ['daily']);
  }

  /** What of a customer's credit pays an invoice; one of less than nothing adds to it, for the next. */
  private useCredit(left: Map<string, Decimal>, { customerId, currency, total }: InvoiceEntity): Decimal {
    const place = creditPlace(customerId, currency);
    const balance = left.get(place) ?? ZERO;
    const used = creditToApply(balanceOf(left, customerId, currency), total);
    left.set(place, balance.minus(total.lessThan(0) ? total : used));
    return used;
  }
}

function finalizedPosting(invoice: InvoiceEntity, { earned, deferred, prepaid }: PlannedRevenue, at: Date): Posting {
  const { id, customerId, currency, number, total, taxTotal } = invoice;
  return {
    source: { kind: 'invoice', id, purpose: 'finalized' },
    customerId,
    currency,
    at,
    description: `Invoice ${number}`,
    entries: issueEntries({ total, taxTotal, earned, deferred, prepaid }),
  };
}

function numberAndDueDate(
  { numbered, format, netDays }: Terms,
  place: number,
  count: number,
  issuedAt: Date,
  { id, timeZone }: DraftToWrite['customer'],
): Pick<InvoiceEntity, 'number' | 'dueOn'> {
  const running = String(numbered - count + place + 1);
  const dueAt = addLocalDays(issuedAt, netDays.get(id)!, timeZone);
  return {
    number: invoiceNumber(format, running, localTimeOf(issuedAt, timeZone).date),
    dueOn: localTimeOf(dueAt, timeZone).date,
  };
}

/** Numbers have no gap: they are taken in the transaction that finalizes, and given back with it. */
async function takeNumbers(
  db: EntityManager,
  { organisationId }: Tenant,
  customerIds: readonly string[],
  count: number,
): Promise<Terms> {
  const [updated] = await db.query<[{ numbered: string; format: string; net_days: number }[], number]>(
    `UPDATE organisation SET invoices_numbered = invoices_numbered + $2
      WHERE id = $1 RETURNING invoices_numbered AS numbered, invoice_number_format AS format, net_days`,
    [organisationId, count],
  );
  const { numbered, format, net_days: ofAll } = updated[0]!;
  const own = await db.query<{ id: string; net_days: number | null }[]>(
    'SELECT id, net_days FROM customer WHERE organisation_id = $1 AND id = ANY ($2::uuid[])',
    [organisationId, customerIds],
  );
  const netDays = new Map(own.map(({ id, net_days: days }) => [id, days ?? ofAll]));
  return { format, netDays, numbered: Number(numbered) };
}

/** Under the ingest lock every batch before this number is committed and every later one is not begun. */
async function cut(db: EntityManager): Promise<string> {
  const [taken] = await db.query<{ batch: string }[]>(`SELECT nextval('event_batch') AS batch`);
  return taken!.batch;
}
