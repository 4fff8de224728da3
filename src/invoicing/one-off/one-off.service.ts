import { Inject, Injectable } from '@nestjs/common';
import { recordAudit, type Tenant } from '../../access';
import { type CustomerEntity, CustomersService, lockCustomers } from '../../customers';
import { type Currency, formatAmount, toPublicId } from '../../kernel';
import { Database } from '../../platform/database';
import { DraftGathering } from '../drafts/draft-gathering';
import { dayOf, InvoiceItemsService, lineOf, type NewItem } from './invoice-items.service';
import { InvoiceLoader, type InvoiceWithLines } from '../invoice-loader';
import { toLine } from '../drafts/stored-line';

/** Makes invoices of items alone, by hand. */
@Injectable()
export class OneOffService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(InvoiceItemsService) private readonly items: InvoiceItemsService,
    @Inject(DraftGathering) private readonly gathering: DraftGathering,
    @Inject(InvoiceLoader) private readonly loader: InvoiceLoader,
  ) {}

  /**
   * Makes a draft of these items, which no other charge joins, and which is finalized when that is asked for. A repeat
   * makes another, unless it has the same `Idempotency-Key`.
   *
   * @param memo what it is for, in words
   */
  async create(
    tenant: Tenant,
    customer: CustomerEntity,
    currency: Currency,
    wanted: readonly NewItem[],
    memo: string | null,
  ): Promise<InvoiceWithLines> {
    const { organisationId } = tenant;
    return this.database.tenant(organisationId, async (db) => {
      await lockCustomers(db, organisationId, [customer.id]);
      const items = await this.items.insert(db, tenant, customer, wanted);
      const { start, end } = dayOf(await this.customers.nowFor(tenant, customer), customer.timeZone);

      const draft = this.gathering.newDraft(tenant, customer, currency, null);
      const invoice = Object.assign(draft, { periodStart: start, periodEnd: end, memo });
      const lines = items.map((item, position) => toLine(invoice, null, lineOf(item), position));

      await this.gathering.storeDraft(db, tenant, { invoice, customer, parts: [], lines });
      await this.items.assign(db, tenant, invoice.id, items);
      await recordAudit(db, tenant, {
        action: 'invoice.made',
        subject: { kind: 'invoice', id: toPublicId('invoice', invoice.id) },
        after: {
          customer: toPublicId('customer', customer.id),
          total: formatAmount(invoice.total, currency),
          currency,
        },
      });
      return this.loader.withLines(db, tenant, invoice);
    });
  }
}
