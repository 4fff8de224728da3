import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { recordAudit, type Tenant } from '../access';
import { type CustomerEntity, CustomersService } from '../customers';
import { addLocalDays, Clock, decimalText, localTimeOf, toPublicId } from '../kernel';
import { LedgerService } from '../wallet';
import { CustomerCredit } from './customer-credit';
import { amountDueOf, invoiceNumber, issueEntries } from './domain';
import type { DraftToWrite } from './draft-gathering';
import { InvoiceEntity } from './persistence/invoice.entity';
import { RevenueService } from './revenue.service';

/** Numbers a draft, says by when it is to be paid, and books it. */
@Injectable()
export class InvoiceIssuer {
  constructor(
    @Inject(Clock) private readonly clock: Clock,
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(LedgerService) private readonly ledger: LedgerService,
    @Inject(RevenueService) private readonly revenue: RevenueService,
    @Inject(CustomerCredit) private readonly credit: CustomerCredit,
  ) {}

  /**
   * Finalizes a draft that is up to date, in the transaction that holds its customer's row and has paused ingest. Credit
   * of the customer pays it as far as it goes. One of which nothing is due is paid at once.
   *
   * @returns the invoice as it is now
   */
  async issue(db: EntityManager, tenant: Tenant, { invoice, customer, lines }: DraftToWrite): Promise<InvoiceEntity> {
    const issuedAt = await this.customers.nowFor(tenant, customer);
    Object.assign(invoice, {
      ...(await this.numberAndTerms(db, tenant, customer, issuedAt)),
      eventsThrough: await this.cut(db),
      finalizedAt: this.clock.now(),
      issuedAt,
    });

    const { total, taxTotal } = invoice;
    const { earned, deferred } = await this.revenue.schedule(db, tenant, invoice, lines, customer, issuedAt);
    await this.ledger.post(db, tenant, {
      source: { kind: 'invoice', id: invoice.id, purpose: 'finalized' },
      customerId: invoice.customerId,
      currency: invoice.currency,
      at: issuedAt,
      description: `Invoice ${invoice.number}`,
      entries: issueEntries({ total, taxTotal, earned, deferred }),
    });
    invoice.creditApplied = await this.credit.apply(db, tenant, invoice, issuedAt);
    invoice.status = 'finalized';
    if (!amountDueOf(invoice).greaterThan(0)) Object.assign(invoice, { status: 'paid', closedAt: issuedAt });
    await db.update(InvoiceEntity, { organisationId: tenant.organisationId, id: invoice.id }, invoice);

    await recordAudit(db, tenant, {
      action: 'invoice.finalized',
      subject: { kind: 'invoice', id: toPublicId('invoice', invoice.id) },
      after: { number: invoice.number, total: decimalText(invoice.total), currency: invoice.currency },
    });
    return invoice;
  }

  /** The number has no gap: it is taken in the transaction that finalizes, and given back with it. */
  private async numberAndTerms(
    db: EntityManager,
    tenant: Tenant,
    customer: CustomerEntity,
    issuedAt: Date,
  ): Promise<Pick<InvoiceEntity, 'number' | 'dueOn'>> {
    const [updated] = await db.query<[{ running: string; format: string; net_days: number }[], number]>(
      `UPDATE organisation SET invoices_numbered = invoices_numbered + 1
        WHERE id = $1
        RETURNING invoices_numbered AS running, invoice_number_format AS format,
          COALESCE((SELECT net_days FROM customer WHERE organisation_id = $1 AND id = $2), net_days) AS net_days`,
      [tenant.organisationId, customer.id],
    );
    const { running, format, net_days: netDays } = updated[0]!;
    const dueAt = addLocalDays(issuedAt, netDays, customer.timeZone);
    return {
      number: invoiceNumber(format, running, localTimeOf(issuedAt, customer.timeZone).date),
      dueOn: localTimeOf(dueAt, customer.timeZone).date,
    };
  }

  /** Under the ingest lock every batch before this number is committed and every later one is not begun. */
  private async cut(db: EntityManager): Promise<string> {
    const [cut] = await db.query<{ batch: string }[]>(`SELECT nextval('event_batch') AS batch`);
    return cut!.batch;
  }
}
