import { Inject, Injectable } from '@nestjs/common';
import { type EntityManager, In, IsNull, LessThan } from 'typeorm';
import { recordAudit, type Tenant } from '../../access';
import { type CustomerEntity, CustomersService, lockCustomers } from '../../customers';
import {
  ConflictError,
  decimalText,
  formatAmount,
  fromPublicId,
  instantOfLocal,
  invariant,
  localTimeOf,
  newUuid,
  NotFoundError,
  type Period,
  toPublicId,
} from '../../kernel';
import { Database } from '../../platform/database';
import { type DraftLine, type Item, itemAmount, itemLine } from '../domain';
import { insertRows } from '../drafts/insert-rows';
import type { InvoiceEntity } from '../persistence/invoice.entity';
import { InvoiceItemEntity } from '../persistence/invoice-item.entity';

/** An item that is asked for. */
export interface NewItem extends Omit<Item, 'servicePeriod'> {
  /** Null: the day it is made, in the customer's zone. */
  readonly servicePeriod: Period | null;
  /** The sender's own name for it; null for none. */
  readonly reference: string | null;
}

/** Most items that may wait for one customer: an invoice has at most 10,000 lines. */
const MOST_WAITING = 1_000;
const WHOLE_DAY_MINUTES = 1_440;

/** Makes, lists and cancels items, and puts those that wait onto invoices. */
@Injectable()
export class InvoiceItemsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(CustomersService) private readonly customers: CustomersService,
  ) {}

  /**
   * Lets an item wait for the customer's next invoice in its currency. A repeat with the same reference answers the
   * stored one.
   *
   * @throws ConflictError `invoice_item_exists` when the reference is taken by another item
   */
  async create(tenant: Tenant, customer: CustomerEntity, wanted: NewItem): Promise<InvoiceItemEntity> {
    const { organisationId } = tenant;
    return this.database.tenant(organisationId, async (db) => {
      await lockCustomers(db, organisationId, [customer.id]);
      const { reference } = wanted;
      const stored = reference === null ? null : await db.findOneBy(InvoiceItemEntity, { customerId: customer.id, reference }); // prettier-ignore
      if (stored !== null) return sameOrConflict(stored, wanted);
      const waiting = await db.countBy(InvoiceItemEntity, waitingOf([customer.id]));
      if (waiting >= MOST_WAITING) {
        throw new ConflictError('too_many_invoice_items', `${MOST_WAITING} items wait for '${customer.key}' already.`);
      }

      const [item] = await this.insert(db, tenant, customer, [wanted]);
      await recordAudit(db, tenant, { action: 'invoice_item.made', subject: subjectOf(item!), after: shown(item!) });
      return item!;
    });
  }

  /** Stores items, whoever holds their customer's row. */
  async insert(
    db: EntityManager,
    tenant: Tenant,
    customer: CustomerEntity,
    wanted: readonly NewItem[],
  ): Promise<InvoiceItemEntity[]> {
    const now = await this.customers.nowFor(tenant, customer);
    const items = wanted.map((item) => toEntity(tenant, customer, item, now));
    await insertRows(db, InvoiceItemEntity, items);
    return items;
  }

  /** A customer's items, the newest first. */
  async list(
    tenant: Tenant,
    customer: CustomerEntity,
    onlyWaiting: boolean,
    before: string | null,
    limit: number,
  ): Promise<InvoiceItemEntity[]> {
    const where = onlyWaiting ? waitingOf([customer.id]) : { customerId: customer.id };
    return this.database.tenant(tenant.organisationId, (db) =>
      db.find(InvoiceItemEntity, {
        where: { ...where, ...(before === null ? {} : { id: LessThan(before) }) },
        order: { id: 'DESC' },
        take: limit,
      }),
    );
  }

  /** Takes back an item that waits. A repeat changes nothing. @throws ConflictError `item_invoiced` */
  async cancel(tenant: Tenant, customer: CustomerEntity, reference: string): Promise<void> {
    const { organisationId } = tenant;
    const id = fromPublicId('invoiceItem', reference);
    await this.database.tenant(organisationId, async (db) => {
      await lockCustomers(db, organisationId, [customer.id]);
      const item = id === null ? null : await db.findOneBy(InvoiceItemEntity, { customerId: customer.id, id });
      if (item === null) throw new NotFoundError('invoice item', reference);
      if (item.cancelledAt !== null) return;
      if (item.invoiceId !== null) {
        throw new ConflictError(
          'item_invoiced',
          `The item is on the invoice ${toPublicId('invoice', item.invoiceId)}. Give a credit for it instead: an item below zero, or a credit note.`,
        );
      }
      const cancelledAt = await this.customers.nowFor(tenant, customer);
      await db.update(InvoiceItemEntity, { organisationId, id: item.id }, { cancelledAt });
      await recordAudit(db, tenant, {
        action: 'invoice_item.cancelled',
        subject: subjectOf(item),
        before: shown(item),
      });
    });
  }

  /** Items that wait for these customers, the oldest first, whoever holds the customers' rows. One query for all. */
  async waiting(db: EntityManager, customerIds: readonly string[]): Promise<InvoiceItemEntity[]> {
    if (customerIds.length === 0) return [];
    return db.find(InvoiceItemEntity, { where: waitingOf([...new Set(customerIds)]), order: { id: 'ASC' } });
  }

  /** Notes on which invoice items are. The invoice is stored already; its lines may follow. */
  async assign(
    db: EntityManager,
    tenant: Tenant,
    invoiceId: string,
    items: readonly InvoiceItemEntity[],
  ): Promise<void> {
    if (items.length === 0) return;
    const ids = items.map(({ id }) => id);
    await db.update(InvoiceItemEntity, { organisationId: tenant.organisationId, id: In(ids) }, { invoiceId });
    for (const item of items) item.invoiceId = invoiceId;
  }

  /** Puts what waits for a stored draft's customer in its currency onto it. @returns the lines that come to it */
  async join(
    db: EntityManager,
    tenant: Tenant,
    { id, customerId, currency }: Pick<InvoiceEntity, 'id' | 'customerId' | 'currency'>,
  ): Promise<readonly DraftLine[]> {
    const items = (await this.waiting(db, [customerId])).filter((item) => item.currency === currency);
    await this.assign(db, tenant, id, items);
    return items.map(lineOf);
  }

  /** Moves the items of an invoice that is void to the draft that is made in its place. @returns their lines */
  async move(
    db: EntityManager,
    tenant: Tenant,
    fromInvoiceId: string,
    toInvoiceId: string,
  ): Promise<readonly DraftLine[]> {
    const items = await db.find(InvoiceItemEntity, { where: { invoiceId: fromInvoiceId }, order: { id: 'ASC' } });
    await this.assign(db, tenant, toInvoiceId, items);
    return items.map(lineOf);
  }
}

/** An item as a line of the invoice it is on, or is to be on. */
export function lineOf(item: InvoiceItemEntity): DraftLine {
  const { id, currency, description, quantity, unitAmount, taxCode, taxBehaviour, buys, periodStart, periodEnd } = item;
  const servicePeriod = { start: periodStart, end: periodEnd };
  return itemLine(id, { currency, description, quantity, unitAmount, taxCode, taxBehaviour, buys, servicePeriod });
}

/** The local day of an instant, from midnight to midnight. */
export function dayOf(at: Date, timeZone: string): Period {
  const { date } = localTimeOf(at, timeZone);
  return { start: instantOfLocal(date, 0, timeZone), end: instantOfLocal(date, WHOLE_DAY_MINUTES, timeZone) };
}

function waitingOf(customerIds: readonly string[]) {
  return { customerId: In([...customerIds]), invoiceId: IsNull(), cancelledAt: IsNull() };
}

function toEntity(tenant: Tenant, customer: CustomerEntity, wanted: NewItem, now: Date): InvoiceItemEntity {
  const { currency, description, quantity, unitAmount, taxCode, taxBehaviour, buys, reference } = wanted;
  const { start, end } = wanted.servicePeriod ?? dayOf(now, customer.timeZone);
  return Object.assign(new InvoiceItemEntity(), {
    organisationId: tenant.organisationId,
    id: newUuid(),
    customerId: customer.id,
    ...{ currency, description, quantity, unitAmount, taxCode, taxBehaviour, buys, reference },
    amount: itemAmount(wanted),
    periodStart: start,
    periodEnd: end,
    invoiceId: null,
    createdAt: now,
    cancelledAt: null,
  });
}

function sameOrConflict(stored: InvoiceItemEntity, wanted: NewItem): InvoiceItemEntity {
  const { servicePeriod } = wanted;
  const same =
    stored.currency === wanted.currency &&
    stored.description === wanted.description &&
    stored.quantity.equals(wanted.quantity) &&
    stored.unitAmount.equals(wanted.unitAmount) &&
    stored.taxCode === wanted.taxCode &&
    stored.taxBehaviour === wanted.taxBehaviour &&
    // Without one it was the day of then, which a repeat of tomorrow doesn't mean to change.
    (servicePeriod === null ||
      (stored.periodStart.getTime() === servicePeriod.start.getTime() &&
        stored.periodEnd.getTime() === servicePeriod.end.getTime()));
  if (same) return stored;
  invariant(wanted.reference !== null, 'a stored item is found by a reference');
  throw new ConflictError(
    'invoice_item_exists',
    `There is an item '${wanted.reference}' of this customer that says something else. Give the new one another reference.`,
    [{ field: 'reference', detail: 'is taken by another item' }],
  );
}

function subjectOf({ id }: InvoiceItemEntity) {
  return { kind: 'invoice_item', id: toPublicId('invoiceItem', id) };
}

function shown({ customerId, description, quantity, unitAmount, amount, currency }: InvoiceItemEntity) {
  return {
    customer: toPublicId('customer', customerId),
    description,
    quantity: decimalText(quantity),
    unitAmount: decimalText(unitAmount),
    amount: formatAmount(amount, currency),
    currency,
  };
}
