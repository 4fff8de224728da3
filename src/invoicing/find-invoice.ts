import type { EntityManager } from 'typeorm';
import { lockCustomers } from '../customers';
import { fromPublicId, NotFoundError } from '../kernel';
import { InvoiceEntity } from './persistence/invoice.entity';

/** @param reference our id, or the number of a finalized invoice @throws NotFoundError */
export async function findInvoice(db: EntityManager, reference: string): Promise<InvoiceEntity> {
  const id = fromPublicId('invoice', reference);
  const found = await db.findOneBy(InvoiceEntity, id === null ? { number: reference } : { id });
  if (found === null) throw new NotFoundError('invoice', reference);
  return found;
}

/**
 * The same, and nobody else changes it, or anything else that its customer is billed, until the transaction ends. The
 * customer is locked first, as whoever writes invoices does, so that nobody waits for somebody who waits for them.
 *
 * @throws NotFoundError
 */
export async function lockInvoice(db: EntityManager, reference: string): Promise<InvoiceEntity> {
  const { organisationId, id, customerId } = await findInvoice(db, reference);
  await lockCustomers(db, organisationId, [customerId]);
  return db.findOneOrFail(InvoiceEntity, { where: { id }, lock: { mode: 'pessimistic_write' } });
}
