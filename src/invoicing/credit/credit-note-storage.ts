import { type EntityManager, In } from 'typeorm';
import type { CustomerEntity } from '../../customers';
import { ConflictError, Decimal, fromPublicId, NotFoundError, sum, ZERO } from '../../kernel';
import { boughtBy, type CreditableInvoice, type CreditableLine } from '../domain';
import { CreditNoteEntity } from '../persistence/credit-note.entity';
import { CreditNoteLineEntity } from '../persistence/credit-note-line.entity';
import { InvoiceEntity } from '../persistence/invoice.entity';
import { InvoiceLineEntity } from '../persistence/invoice-line.entity';

/** A credit note with what it is about. */
export interface CreditNoteWithLines {
  readonly note: CreditNoteEntity;
  /** In their order. */
  readonly lines: readonly CreditNoteLineEntity[];
  readonly invoice: InvoiceEntity;
  /** The lines of the invoice that it takes back, by their uuid. */
  readonly invoiceLines: ReadonlyMap<string, InvoiceLineEntity>;
  readonly customer: CustomerEntity;
}

/** What of an invoice credit notes may still take back. */
export interface Creditable {
  readonly invoice: CreditableInvoice;
  /** Whether it sold prepaid credit. */
  readonly sellsCredit: boolean;
  /** In their order on the invoice. */
  readonly lines: readonly (CreditableLine & { readonly position: number })[];
}

/** @param reference our id, or the number @throws NotFoundError */
export async function findCreditNote(db: EntityManager, reference: string): Promise<CreditNoteEntity> {
  const id = fromPublicId('creditNote', reference);
  const found = await db.findOneBy(CreditNoteEntity, id === null ? { number: reference } : { id });
  if (found === null) throw new NotFoundError('credit note', reference);
  return found;
}

/** The lines of an invoice with what notes have taken back of them so far. */
export async function loadCreditable(db: EntityManager, invoice: InvoiceEntity): Promise<Creditable> {
  const notes = await db.findBy(CreditNoteEntity, { invoiceId: invoice.id });
  const noted = await db.findBy(CreditNoteLineEntity, { noteId: In(notes.map(({ id }) => id)) });
  const lines = await db.find(InvoiceLineEntity, { where: { invoiceId: invoice.id }, order: { position: 'ASC' } });
  const byLine = new Map<string, Decimal>();
  for (const { lineId, amount } of noted) byLine.set(lineId, (byLine.get(lineId) ?? ZERO).plus(amount));
  return {
    invoice: {
      ...pick(invoice),
      noted: sum(notes.map(({ total }) => total)),
      refunded: sum(notes.filter(({ givenAs }) => givenAs === 'refund').map(({ total }) => total)),
    },
    sellsCredit: lines.some((line) => boughtBy(line) !== null),
    lines: lines.map(({ id, description, position, amount, net, taxes }) => ({
      ...{ id, description, position, amount, net },
      taxes: taxes as CreditableLine['taxes'],
      noted: byLine.get(id) ?? ZERO,
    })),
  };
}

/** Loads what notes are about, with as many queries for many of them as for one. @returns in the order given */
export async function withLines(
  db: EntityManager,
  notes: readonly CreditNoteEntity[],
  customersOf: (ids: readonly string[]) => Promise<ReadonlyMap<string, CustomerEntity>>,
): Promise<CreditNoteWithLines[]> {
  const lines = await db.find(CreditNoteLineEntity, {
    where: { noteId: In(notes.map(({ id }) => id)) },
    order: { position: 'ASC' },
  });
  const invoices = await db.findBy(InvoiceEntity, { id: In(notes.map(({ invoiceId }) => invoiceId)) });
  const invoiceLines = await db.findBy(InvoiceLineEntity, { id: In(lines.map(({ lineId }) => lineId)) });
  const customers = await customersOf(invoices.map(({ customerId }) => customerId));
  return notes.map((note) => {
    const invoice = invoices.find(({ id }) => id === note.invoiceId)!;
    const own = lines.filter(({ noteId }) => noteId === note.id);
    const ids = new Set(own.map(({ lineId }) => lineId));
    const taken = invoiceLines.filter(({ id }) => ids.has(id)).map((line) => [line.id, line] as const);
    return { note, lines: own, invoice, invoiceLines: new Map(taken), customer: customers.get(invoice.customerId)! };
  });
}

/** An invoice of which a part was taken back by a credit note isn't taken back as a whole. @throws ConflictError `invoice_has_credit_notes` */
export async function refuseNoted(db: EntityManager, invoice: InvoiceEntity): Promise<void> {
  const note = await db.findOne(CreditNoteEntity, { where: { invoiceId: invoice.id }, order: { id: 'ASC' } });
  if (note === null) return;
  throw new ConflictError(
    'invoice_has_credit_notes',
    `The credit note ${note.number} took back of the invoice ${invoice.number}, so it can't be voided. Take what is left back with another credit note.`,
  );
}

function pick({ status, total, creditApplied, prepaidApplied, credited, amountPaid }: InvoiceEntity) {
  return { status, total, creditApplied, prepaidApplied, credited, amountPaid };
}
