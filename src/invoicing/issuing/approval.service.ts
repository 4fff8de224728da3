import { Inject, Injectable } from '@nestjs/common';
import { actorOf, recordAudit, type Tenant } from '../../access';
import { CustomersService } from '../../customers';
import { ConflictError, formatAmount, toPublicId } from '../../kernel';
import { Database } from '../../platform/database';
import { DraftRefresher } from '../drafts/draft-refresher';
import { lockInvoice } from '../find-invoice';
import { InvoiceLoader, type InvoiceWithLines } from '../invoice-loader';
import { InvoiceEntity } from '../persistence/invoice.entity';

/** Notes that somebody has looked at a draft and agrees with what it asks for. */
@Injectable()
export class ApprovalService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(DraftRefresher) private readonly refresher: DraftRefresher,
    @Inject(InvoiceLoader) private readonly loader: InvoiceLoader,
  ) {}

  /**
   * Approves what a draft comes to now: it is brought up to date first. Its total is remembered, and finalizing asks
   * again should it come to another one. A repeat changes nothing.
   *
   * @throws ConflictError `invoice_is_final` for one that isn't a draft any more
   */
  async approve(tenant: Tenant, reference: string): Promise<InvoiceWithLines> {
    const { organisationId } = tenant;
    return this.database.tenant(organisationId, async (db) => {
      const invoice = await lockInvoice(db, reference);
      if (invoice.status !== 'draft') {
        throw new ConflictError(
          'invoice_is_final',
          `The invoice is ${invoice.status}: there is nothing left to approve.`,
        );
      }
      const customer = (await this.customers.byIds(tenant, [invoice.customerId])).get(invoice.customerId)!;
      await this.refresher.refresh(db, tenant, invoice, customer);
      const { id, total, currency } = invoice;
      if (invoice.approvedTotal?.equals(total) === true) return this.loader.withLines(db, tenant, invoice);

      const before = invoice.approvedTotal;
      const approval = {
        approvedTotal: total,
        approvedAt: await this.customers.nowFor(tenant, customer),
        approvedBy: (await actorOf(db, tenant)).name,
      };
      await db.update(InvoiceEntity, { organisationId, id }, approval);
      await recordAudit(db, tenant, {
        action: 'invoice.approved',
        subject: { kind: 'invoice', id: toPublicId('invoice', id) },
        before: { approvedTotal: before === null ? null : formatAmount(before, currency) },
        after: { approvedTotal: formatAmount(total, currency), currency },
      });
      return this.loader.withLines(db, tenant, Object.assign(invoice, approval));
    });
  }
}
