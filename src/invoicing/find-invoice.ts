import type { EntityManager } from 'typeorm';
import { fromPublicId, NotFoundError } from '../kernel';
import { InvoiceEntity } from './persistence/invoice.entity';

/** @param reference our id, or the number of a finalized invoice @throws NotFoundError */
export async function findInvoice(db: EntityManager, reference: string): Promise<InvoiceEntity> {
  return find(db, reference);
}

/** The same, and nobody else changes it until the transaction ends. @throws NotFoundError */
export async function lockInvoice(db: EntityManager, reference: string): Promise<InvoiceEntity> {
  return find(db, reference, { lock: { mode: 'pessimistic_write' } });
}

async function find(
  db: EntityManager,
  reference: string,
  options: { lock?: { mode: 'pessimistic_write' } } = {},
): Promise<InvoiceEntity> {
  const id = fromPublicId('invoice', reference);
  const found = await db.findOne(InvoiceEntity, { where: id === null ? { number: reference } : { id }, ...options });
  if (found === null) throw new NotFoundError('invoice', reference);
  return found;
}
