import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { recordAudit, type Tenant } from '../../access';
import { newUuid, toPublicId } from '../../kernel';
import { Database } from '../../platform/database';
import { DraftGathering } from '../drafts/draft-gathering';
import { DraftRefresher } from '../drafts/draft-refresher';
import { lockInvoice } from '../find-invoice';
import { InvoiceItemsService } from '../one-off/invoice-items.service';
import { InvoiceLoader, type InvoiceWithLines } from '../invoice-loader';
import { InvoiceStatesService } from './invoice-states.service';
import { PartMaker } from '../drafts/part-maker';
import { InvoiceEntity } from '../persistence/invoice.entity';
import { InvoiceLineEntity } from '../persistence/invoice-line.entity';
import { InvoicePartEntity } from '../persistence/invoice-part.entity';
import { toLine } from '../drafts/stored-line';

/** Makes a new draft in place of an invoice that was wrong. */
@Injectable()
export class ReissueService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(InvoiceStatesService) private readonly states: InvoiceStatesService,
    @Inject(InvoiceItemsService) private readonly items: InvoiceItemsService,
    @Inject(PartMaker) private readonly parts: PartMaker,
    @Inject(DraftGathering) private readonly gathering: DraftGathering,
    @Inject(DraftRefresher) private readonly refresher: DraftRefresher,
    @Inject(InvoiceLoader) private readonly loader: InvoiceLoader,
  ) {}

  /**
   * Voids an invoice, unless it is void already, and makes a draft of the same parts as they are now: usage is counted
   * again, fees in advance are what they should be, items are taken over. A repeat answers the same draft.
   *
   * @throws ConflictError `invoice_not_open` unless it is finalized or void, and as `void` says
   */
  async reissue(tenant: Tenant, reference: string, reason: string): Promise<InvoiceWithLines> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const locked = await lockInvoice(db, reference);
      if (locked.reissuedAs !== null) {
        return this.loader.withLines(db, tenant, await db.findOneByOrFail(InvoiceEntity, { id: locked.reissuedAs }));
      }
      const id = toPublicId('invoice', locked.id);
      if (locked.status !== 'void') await this.states.void(tenant, id, reason);
      const old = await this.loader.withLines(db, tenant, await db.findOneByOrFail(InvoiceEntity, { id: locked.id }));

      const fresh = await this.inPlaceOf(db, tenant, old);
      await recordAudit(db, tenant, {
        action: 'invoice.reissued',
        subject: { kind: 'invoice', id },
        reason,
        after: { reissuedAs: toPublicId('invoice', fresh.id) },
      });
      return this.loader.withLines(db, tenant, fresh);
    });
  }

  private async inPlaceOf(db: EntityManager, tenant: Tenant, old: InvoiceWithLines): Promise<InvoiceEntity> {
    const { customer, subscriptions } = old;
    const { organisationId, id, currency, periodStart, periodEnd, memo } = old.invoice;
    const invoice = this.gathering.newDraft(tenant, customer, currency, null);
    Object.assign(invoice, { periodStart, periodEnd, memo, reissueOf: id });
    const parts = old.parts.map((part) =>
      Object.assign(new InvoicePartEntity(), part, { id: newUuid(), invoiceId: invoice.id, live: true }),
    );
    // The void invoice says what stands in its place before fees are looked at: its own count nowhere from then on.
    await this.gathering.storeDraft(db, tenant, { invoice, customer, parts, lines: [] });
    await db.update(InvoiceEntity, { organisationId, id }, { reissuedAs: invoice.id });

    const items = await this.items.move(db, tenant, id, invoice.id);
    const lines = items.map((line, position) => toLine(invoice, null, line, position));
    // What a threshold billed is billed again as it was; the period says in the end what is right.
    for (const line of old.lines.filter(({ kind }) => kind === 'threshold')) {
      const { id: partId } = parts[old.parts.findIndex((part) => part.id === line.partId)]!;
      lines.push(Object.assign(new InvoiceLineEntity(), line, { id: newUuid(), invoiceId: invoice.id, partId }));
    }
    for (const [subscriptionId, about] of subscriptions) {
      const part = lastThatBillsFees(parts, subscriptionId);
      if (part === undefined) continue;
      const fees = await this.parts.feesOf(db, tenant, about, part.closesAt);
      lines.push(...fees.map((line, position) => toLine(invoice, part, line, position)));
    }
    const drafted = await this.gathering.rewrite(db, tenant, { invoice, customer, parts, lines }, []);
    await this.refresher.refresh(db, tenant, drafted.invoice, customer);
    return invoice;
  }
}

/** The part up to whose instant the fees of a subscription are found; what thresholds bill are no fees. */
function lastThatBillsFees(parts: readonly InvoicePartEntity[], subscriptionId: string): InvoicePartEntity | undefined {
  return parts
    .filter((part) => part.subscriptionId === subscriptionId && part.kind !== 'threshold')
    .sort((one, other) => one.closesAt.getTime() - other.closesAt.getTime())
    .at(-1);
}
