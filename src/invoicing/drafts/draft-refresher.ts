import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Tenant } from '../../access';
import { type CustomerEntity, periodOf, segmentsOf, type SubscriptionWithPlan } from '../../customers';
import { dependsOnEarlier, savePools } from './billing-history';
import { earlierDrafts, periodIndexOf } from '../adjusting/billed-periods';
import {
  DraftGathering,
  type DraftToWrite,
  loadDrafts,
  type StoredDraft,
  takesItems,
  updatePart,
} from './draft-gathering';
import { InvoiceItemsService, lineOf } from '../one-off/invoice-items.service';
import { InvoiceLoader } from '../invoice-loader';
import type { ComputedPeriod } from './made-part';
import { PartMaker } from './part-maker';
import { changed, inOrder } from './part-lines';
import type { InvoiceEntity } from '../persistence/invoice.entity';
import type { InvoiceItemEntity } from '../persistence/invoice-item.entity';
import { InvoiceLineEntity } from '../persistence/invoice-line.entity';
import type { InvoicePartEntity } from '../persistence/invoice-part.entity';
import { isWritten, toLine } from './stored-line';

/** A part of a period as it was just computed. */
export interface RefreshedPart extends ComputedPeriod {
  readonly part: InvoicePartEntity;
  readonly about: SubscriptionWithPlan;
}

/** A draft that is up to date. */
export interface RefreshedDraft extends DraftToWrite {
  readonly refreshed: readonly RefreshedPart[];
}

/** A draft of which periods were computed again. */
export interface ComputedDraft {
  readonly invoice: InvoiceEntity;
  readonly customer: CustomerEntity;
  readonly stored: StoredDraft;
  readonly refreshed: readonly RefreshedPart[];
}

/** Brings drafts up to date. Whoever calls holds the customer's row. */
@Injectable()
export class DraftRefresher {
  constructor(
    @Inject(PartMaker) private readonly parts: PartMaker,
    @Inject(DraftGathering) private readonly gathering: DraftGathering,
    @Inject(InvoiceLoader) private readonly loader: InvoiceLoader,
    @Inject(InvoiceItemsService) private readonly items: InvoiceItemsService,
  ) {}

  /**
   * Computes what a draft's periods should say and writes the difference; nothing when there is none. Lines keep their
   * ids as long as the draft has them; they may come and go, as a plan is moved back to the day it was meant for. Fees
   * in advance and items stay as they were written.
   */
  async refresh(
    db: EntityManager,
    tenant: Tenant,
    invoice: InvoiceEntity,
    customer: CustomerEntity,
  ): Promise<RefreshedDraft> {
    const { parts } = (await loadDrafts(db, [invoice])).get(invoice.id)!;
    const abouts = await this.loader.subscriptionsOf(db, tenant, parts);
    for (const part of periodsAmong(parts)) {
      const about = abouts.get(part.subscriptionId)!;
      await this.refreshEarlier(db, tenant, about, periodIndexOf(about, part), invoice);
    }
    return this.refreshParts(db, tenant, invoice, customer, abouts);
  }

  /** Brings drafts of earlier periods up to date, oldest first, where a period's charges depend on what they say. */
  async refreshEarlier(
    db: EntityManager,
    tenant: Tenant,
    about: SubscriptionWithPlan,
    periodIndex: number,
    itself: InvoiceEntity | null = null,
  ): Promise<void> {
    if (!dependsOnEarlier(segmentsOf(about, periodOf(about, periodIndex)))) return;
    const abouts = new Map([[about.subscription.id, about]]);
    for (const draft of await earlierDrafts(db, about, periodIndex)) {
      if (draft.id === itself?.id) continue;
      await this.refreshParts(db, tenant, draft, about.customer, abouts);
    }
  }

  /** Of a draft the periods of these subscriptions alone: the rest stays as it is stored. */
  private async refreshParts(
    db: EntityManager,
    tenant: Tenant,
    invoice: InvoiceEntity,
    customer: CustomerEntity,
    abouts: ReadonlyMap<string, SubscriptionWithPlan>,
  ): Promise<RefreshedDraft> {
    const stored = (await loadDrafts(db, [invoice])).get(invoice.id)!;
    const refreshed: RefreshedPart[] = [];
    for (const part of periodsAmong(stored.parts)) {
      const about = abouts.get(part.subscriptionId);
      if (about === undefined) continue;
      const computed = await this.parts.compute(db, tenant, about, periodIndexOf(about, part));
      const again = { ...computed, part, about };
      await this.savePeriod(db, again);
      refreshed.push(again);
    }
    return (await this.write(db, tenant, [{ invoice, customer, stored, refreshed }]))[0]!;
  }

  /** Writes what drafts should say, as some of their periods were just computed, where it differs from what is stored. */
  async write(db: EntityManager, tenant: Tenant, drafts: readonly ComputedDraft[]): Promise<RefreshedDraft[]> {
    const items = await this.joinItems(db, tenant, drafts);
    const wanted = drafts.map(({ invoice, customer, stored: { parts, lines }, refreshed }) => {
      const again = new Set(refreshed.map(({ part }) => part.id));
      const kept = lines.filter((line) => isWritten(line) || line.partId === null || !again.has(line.partId));
      return {
        invoice,
        customer,
        parts,
        lines: [
          // Copies, so that what is stored can be told from what should be.
          ...kept.map((line) => Object.assign(new InvoiceLineEntity(), line)),
          ...refreshed.flatMap(({ part, computed }) => computed.map((line) => toLine(invoice, part, line, 0))),
          ...(items.get(invoice.id) ?? []).map((item) => toLine(invoice, null, lineOf(item), 0)),
        ],
      };
    });
    const written = await this.gathering.rewriteMany(
      db,
      tenant,
      wanted,
      drafts.flatMap(({ stored }) => stored.lines),
    );
    return written.map((draft, place) => ({ ...draft, refreshed: drafts[place]!.refreshed }));
  }

  /** What is added for a customer while a draft waits comes onto it; not onto one that is made again. */
  private async joinItems(
    db: EntityManager,
    tenant: Tenant,
    drafts: readonly ComputedDraft[],
  ): Promise<ReadonlyMap<string, readonly InvoiceItemEntity[]>> {
    const open = drafts.filter(({ invoice, stored }) => takesItems(stored.parts) && invoice.reissueOf === null);
    const waiting = await this.items.waiting(db, open.map(({ customer }) => customer.id)); // prettier-ignore
    const joined = new Map<string, InvoiceItemEntity[]>();
    for (const item of waiting) {
      const draft = open.find(
        ({ invoice }) => invoice.customerId === item.customerId && invoice.currency === item.currency,
      );
      if (draft === undefined) continue;
      joined.set(draft.invoice.id, [...(joined.get(draft.invoice.id) ?? []), item]);
    }
    for (const [invoiceId, items] of joined) await this.items.assign(db, tenant, invoiceId, items);
    return joined;
  }

  /** What a period cost. */
  async saveCost(db: EntityManager, { part, rated }: RefreshedPart): Promise<void> {
    const { cost, pendingEvents } = rated.draft;
    const news = changed(part, { cost, pendingEvents });
    Object.assign(part, news);
    if (Object.keys(news).length > 0) await updatePart(db, part, news);
  }

  /** And what it leaves of its pools, and what those leave that were rated again for it. */
  private async savePeriod(db: EntityManager, refreshed: RefreshedPart): Promise<void> {
    const { about, rated, adjusted } = refreshed;
    await this.saveCost(db, refreshed);
    for (const { periodIndex, pools } of [...adjusted.again, rated]) await savePools(db, about, periodIndex, pools);
  }
}

/** Those whose lines are computed, in the order of their time. */
function periodsAmong(parts: readonly InvoicePartEntity[]): InvoicePartEntity[] {
  return parts.filter(({ kind }) => kind === 'period').sort(inOrder);
}
