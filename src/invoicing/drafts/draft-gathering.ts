import { Inject, Injectable } from '@nestjs/common';
import { type EntityManager, In } from 'typeorm';
import type { Tenant } from '../../access';
import { currencyOf, type CustomerEntity } from '../../customers';
import { Clock, type Currency, newUuid, ZERO } from '../../kernel';
import { savePools } from './billing-history';
import { insertRows } from './insert-rows';
import { InvoiceItemsService, lineOf } from '../one-off/invoice-items.service';
import { InvoiceTotals } from './invoice-totals';
import { gatheringPlace, type MadePart } from './made-part';
import { arrange, changed, exactTotalOf, summaryOf } from './part-lines';
import { InvoiceEntity } from '../persistence/invoice.entity';
import type { InvoiceItemEntity } from '../persistence/invoice-item.entity';
import { InvoiceLineEntity } from '../persistence/invoice-line.entity';
import { InvoicePartEntity } from '../persistence/invoice-part.entity';
import { toLine, writeLines } from './stored-line';

/** A draft with everything on it, and what is stored of its lines. */
export interface DraftToWrite {
  readonly invoice: InvoiceEntity;
  readonly customer: CustomerEntity;
  readonly parts: readonly InvoicePartEntity[];
  /** As they should be: their order, numbers and taxes are found here. */
  readonly lines: readonly InvoiceLineEntity[];
}

/** Several parts that go to one draft. */
interface Gathered {
  readonly draft: InvoiceEntity;
  readonly customer: CustomerEntity;
  readonly made: MadePart[];
}

/** Puts parts onto drafts: onto the one of their customer, currency and day, or onto invoices of their own. */
@Injectable()
export class DraftGathering {
  constructor(
    @Inject(Clock) private readonly clock: Clock,
    @Inject(InvoiceTotals) private readonly totals: InvoiceTotals,
    @Inject(InvoiceItemsService) private readonly items: InvoiceItemsService,
  ) {}

  /**
   * Stores parts with their lines, whoever holds their customers' rows: with as many statements for a hundred of them as
   * for one. A draft of the day that was finalized already is followed by another.
   *
   * @param where `apart`: each on an invoice of its own, wherever it would gather
   * @returns     the drafts that they are on
   */
  async storeMany(
    db: EntityManager,
    tenant: Tenant,
    made: readonly MadePart[],
    where: 'gather' | 'apart' = 'gather',
  ): Promise<readonly InvoiceEntity[]> {
    if (made.length === 0) return [];
    const waiting = where === 'apart' ? [] : await this.gatheringDrafts(db, made);
    const gathered = this.gather(tenant, made, waiting, where);
    const fresh = gathered.filter(({ draft }) => !waiting.includes(draft));
    const more = gathered.filter(({ draft }) => waiting.includes(draft));

    const items = await this.itemsFor(db, gathered);
    const stored = await loadDrafts(db, more.map(({ draft }) => draft)); // prettier-ignore
    const drafts = [...fresh, ...more].map((each) => this.toWrite(each, stored.get(each.draft.id), items));
    await this.total(db, tenant, drafts);

    await insertRows(db, InvoiceEntity, fresh.map(({ draft }) => draft)); // prettier-ignore
    await insertRows(db, InvoicePartEntity, made.map(({ part }) => part)); // prettier-ignore
    await insertRows(db, InvoiceLineEntity, drafts.slice(0, fresh.length).flatMap(({ lines }) => lines)); // prettier-ignore
    for (const draft of drafts.slice(fresh.length)) {
      const before = stored.get(draft.invoice.id)!;
      await writeLines(db, tenant.organisationId, before.lines, draft.lines);
      await this.updateSummary(db, before.invoice, draft.invoice);
    }
    for (const [draft, waiting] of items) await this.items.assign(db, tenant, draft.id, waiting);
    for (const { about, rated, adjusted } of made) {
      // Of a period that had no draft nothing is stored that would have to go.
      const own = rated === null || rated.pools.length === 0 ? [] : [rated];
      for (const { periodIndex, pools } of [...(adjusted?.again ?? []), ...own]) {
        await savePools(db, about, periodIndex, pools);
      }
    }
    return gathered.map(({ draft }) => draft);
  }

  /** What one invoice of these parts, and of the items that wait, would say. Nothing is stored. */
  async compose(
    db: EntityManager,
    tenant: Tenant,
    customer: CustomerEntity,
    made: readonly MadePart[],
  ): Promise<DraftToWrite> {
    const draft = this.newDraft(tenant, customer, currencyOf(made[0]!.about), null);
    const gathered = { draft, customer, made: [...made] };
    const items = await this.itemsFor(db, [gathered]);
    const [composed] = await this.total(db, tenant, [this.toWrite(gathered, undefined, items)]);
    return composed!;
  }

  /** A draft that nothing is on yet. It is due never, and joined by none. */
  newDraft(tenant: Tenant, customer: CustomerEntity, currency: Currency, gathersOn: string | null): InvoiceEntity {
    const now = this.clock.now();
    return Object.assign(new InvoiceEntity(), {
      organisationId: tenant.organisationId,
      id: newUuid(),
      customerId: customer.id,
      number: null,
      status: 'draft' as const,
      currency,
      gathersOn,
      closesAt: null,
      periodStart: now,
      periodEnd: now,
      subtotal: ZERO,
      taxTotal: ZERO,
      taxes: [],
      total: ZERO,
      exactTotal: ZERO,
      cost: ZERO,
      pendingEvents: 0,
      eventsThrough: null,
      createdAt: now,
      finalizedAt: null,
      issuedAt: null,
      dueOn: null,
      creditApplied: ZERO,
      prepaidApplied: ZERO,
      credited: ZERO,
      amountPaid: ZERO,
      closedAt: null,
      closedReason: null,
      reissuedAs: null,
      reissueOf: null,
      approvedTotal: null,
      approvedAt: null,
      approvedBy: null,
      memo: null,
    });
  }

  /** Stores a draft that is made by hand, or in place of another. */
  async storeDraft(db: EntityManager, tenant: Tenant, draft: DraftToWrite): Promise<DraftToWrite> {
    const [totalled] = await this.total(db, tenant, [draft]);
    await insertRows(db, InvoiceEntity, [totalled!.invoice]);
    await insertRows(db, InvoicePartEntity, totalled!.parts);
    await insertRows(db, InvoiceLineEntity, totalled!.lines);
    return totalled!;
  }

  /**
   * Writes what a draft should say where it differs from what is stored; nothing when it doesn't.
   *
   * @param stored its lines as they are
   */
  async rewrite(
    db: EntityManager,
    tenant: Tenant,
    draft: DraftToWrite,
    stored: readonly InvoiceLineEntity[],
  ): Promise<DraftToWrite> {
    return (await this.rewriteMany(db, tenant, [draft], stored))[0]!;
  }

  /** The same for many drafts. @param stored the lines of all of them as they are */
  async rewriteMany(
    db: EntityManager,
    tenant: Tenant,
    drafts: readonly DraftToWrite[],
    stored: readonly InvoiceLineEntity[],
  ): Promise<DraftToWrite[]> {
    const before = drafts.map(({ invoice, parts }) => ({
      invoice: Object.assign(new InvoiceEntity(), invoice),
      parts: parts.map((part) => Object.assign(new InvoicePartEntity(), part)),
    }));
    const totalled = await this.total(db, tenant, drafts);
    await writeLines(
      db,
      tenant.organisationId,
      stored,
      totalled.flatMap(({ lines }) => lines),
    );
    for (const [nth, { invoice, parts }] of totalled.entries()) {
      for (const [place, part] of parts.entries()) {
        const { exactTotal } = part;
        const news = changed(before[nth]!.parts[place]!, { exactTotal });
        if (Object.keys(news).length > 0) await updatePart(db, part, news);
      }
      await this.updateSummary(db, before[nth]!.invoice, invoice);
    }
    return totalled;
  }

  private async gatheringDrafts(db: EntityManager, made: readonly MadePart[]): Promise<InvoiceEntity[]> {
    const places = made.flatMap((each) => gatheringPlace(each) ?? []);
    if (places.length === 0) return [];
    return db.findBy(InvoiceEntity, {
      status: 'draft',
      customerId: In([...new Set(places.map(({ customerId }) => customerId))]),
      gathersOn: In([...new Set(places.map(({ gathersOn }) => gathersOn))]),
    });
  }

  private gather(
    tenant: Tenant,
    made: readonly MadePart[],
    waiting: readonly InvoiceEntity[],
    where: 'gather' | 'apart',
  ): Gathered[] {
    const gathered: Gathered[] = [];
    for (const each of made) {
      const { customer } = each.about;
      const currency = currencyOf(each.about);
      const place = where === 'apart' ? null : gatheringPlace(each);
      const isPlace = ({ customerId, currency: its, gathersOn }: InvoiceEntity): boolean =>
        place !== null && customerId === place.customerId && its === place.currency && gathersOn === place.gathersOn;
      let found = gathered.find(({ draft }) => isPlace(draft));
      if (found === undefined) {
        const draft = waiting.find(isPlace) ?? this.newDraft(tenant, customer, currency, place?.gathersOn ?? null);
        found = { draft, customer, made: [] };
        gathered.push(found);
      }
      found.made.push(each);
    }
    return gathered;
  }

  /** What waits for the customers joins the first draft of a period that they get in its currency. */
  private async itemsFor(
    db: EntityManager,
    gathered: readonly Gathered[],
  ): Promise<ReadonlyMap<InvoiceEntity, readonly InvoiceItemEntity[]>> {
    const waiting = await this.items.waiting(db, gathered.map(({ customer }) => customer.id)); // prettier-ignore
    const joined = new Map<InvoiceEntity, InvoiceItemEntity[]>();
    for (const item of waiting) {
      const isIts = ({ customerId, currency }: InvoiceEntity): boolean =>
        customerId === item.customerId && currency === item.currency;
      const draft = gathered.find((each) => isIts(each.draft) && takesItems(each.made.map(({ part }) => part)))?.draft;
      if (draft !== undefined) joined.set(draft, [...(joined.get(draft) ?? []), item]);
    }
    return joined;
  }

  private toWrite(
    { draft, customer, made }: Gathered,
    stored: StoredDraft | undefined,
    items: ReadonlyMap<InvoiceEntity, readonly InvoiceItemEntity[]>,
  ): DraftToWrite {
    const added = made.flatMap(({ part, written, computed }) => {
      part.invoiceId = draft.id;
      return [...written, ...computed].map((line) => toLine(draft, part, line, 0));
    });
    const joining = (items.get(draft) ?? []).map((item) => toLine(draft, null, lineOf(item), 0));
    return {
      invoice: draft,
      customer,
      parts: [...(stored?.parts ?? []), ...made.map(({ part }) => part)],
      // Copies, so that what is stored can be told from what should be.
      lines: [
        ...(stored?.lines ?? []).map((line) => Object.assign(new InvoiceLineEntity(), line)),
        ...added,
        ...joining,
      ],
    };
  }

  /** Orders and numbers the lines, finds their taxes, and sums up; whatever is different is then on the entities. */
  private async total(db: EntityManager, tenant: Tenant, drafts: readonly DraftToWrite[]): Promise<DraftToWrite[]> {
    const arranged = drafts.map((draft) => ({ ...draft, lines: arrange(draft.parts, draft.lines) }));
    const totals = await this.totals.of(db, tenant, arranged);
    for (const [place, { invoice, parts, lines }] of arranged.entries()) {
      for (const part of parts) part.exactTotal = exactTotalOf(part, lines);
      Object.assign(invoice, summaryOf(invoice, parts, totals[place]!));
    }
    return arranged;
  }

  private async updateSummary(db: EntityManager, before: InvoiceEntity, now: InvoiceEntity): Promise<void> {
    const news = changed(before, Object.assign({}, now));
    if (Object.keys(news).length === 0) return;
    await db.update(InvoiceEntity, { organisationId: now.organisationId, id: now.id }, news);
  }
}

/** Items join what a customer is billed from time to time, and nothing that is billed at once. */
export function takesItems(parts: readonly InvoicePartEntity[]): boolean {
  return parts.some(({ kind }) => kind === 'period' || kind === 'start');
}

/** A draft as it is stored. */
export interface StoredDraft {
  /** A copy, to tell from it what changed. */
  readonly invoice: InvoiceEntity;
  readonly parts: InvoicePartEntity[];
  readonly lines: InvoiceLineEntity[];
}

/** Drafts with their parts and lines, by their ids. */
export async function loadDrafts(
  db: EntityManager,
  invoices: readonly InvoiceEntity[],
): Promise<ReadonlyMap<string, StoredDraft>> {
  if (invoices.length === 0) return new Map();
  const invoiceId = In(invoices.map(({ id }) => id));
  const parts = await db.find(InvoicePartEntity, { where: { invoiceId } });
  const lines = await db.find(InvoiceLineEntity, { where: { invoiceId }, order: { position: 'ASC' } });
  return new Map(
    invoices.map((invoice) => [
      invoice.id,
      {
        invoice: Object.assign(new InvoiceEntity(), invoice),
        parts: parts.filter((part) => part.invoiceId === invoice.id),
        lines: lines.filter((line) => line.invoiceId === invoice.id),
      },
    ]),
  );
}

export async function updatePart(
  db: EntityManager,
  { organisationId, id }: InvoicePartEntity,
  news: Partial<Pick<InvoicePartEntity, 'exactTotal' | 'cost' | 'pendingEvents' | 'live'>>,
): Promise<void> {
  await db.update(InvoicePartEntity, { organisationId, id }, news);
}
