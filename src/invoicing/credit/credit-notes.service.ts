import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { recordAudit, type Tenant } from '../../access';
import { CustomersService } from '../../customers';
import { Clock, ConflictError, decimalText, formatAmount, newUuid, sum, toPublicId } from '../../kernel';
import { Database } from '../../platform/database';
import { LedgerService } from '../../wallet';
import { type CreditNoteWithLines, findCreditNote, loadCreditable, withLines } from './credit-note-storage';
import { refuseBought, refuseNotOpen, refuseTooMuch, wantedAmounts, type WantedLine } from './credit-note-refusals';
import {
  amountDueOf,
  type CreditGivenAs,
  creditNoteEntries,
  creditNoteNumber,
  noteAmounts,
  type NotedAmounts,
} from '../domain';
import { findInvoice, lockInvoice } from '../find-invoice';
import { CreditNoteEntity } from '../persistence/credit-note.entity';
import { CreditNoteLineEntity } from '../persistence/credit-note-line.entity';
import { InvoiceEntity } from '../persistence/invoice.entity';
import { RevenueService } from '../revenue/revenue.service';

/** A credit note as it is asked for. */
export interface NewCreditNote {
  readonly as: CreditGivenAs;
  readonly reason: string;
  /** A repeat of it is the same note; null: each request is a note of its own. */
  readonly reference: string | null;
  /** Null: all that is left of the invoice. */
  readonly lines: readonly WantedLine[] | null;
}

/** Takes back parts of finalized invoices, or all of them, by documents of their own. */
@Injectable()
export class CreditNotesService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(LedgerService) private readonly ledger: LedgerService,
    @Inject(RevenueService) private readonly revenue: RevenueService,
  ) {}

  /**
   * Makes a credit note of an invoice, numbers it and books it, with the tax that goes back. A repeat of its reference
   * answers the stored one.
   *
   * @throws InvalidRequestError `invalid_credit_note` for an amount that can't be taken back of its line
   * @throws ConflictError       `credit_too_large` for more than is left, due or paid; `invoice_not_open` for a draft or a
   *                             void invoice; `credit_note_exists` for another note of the same reference,
   *                             `invoice_sells_credit`
   */
  async make(tenant: Tenant, invoiceReference: string, wanted: NewCreditNote): Promise<CreditNoteWithLines> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const invoice = await lockInvoice(db, invoiceReference);
      const repeated = await this.repeated(db, invoice, wanted);
      if (repeated !== null) return this.withLines(db, tenant, repeated);
      refuseNotOpen(invoice);
      const now = await this.nowFor(tenant, invoice);
      const creditable = await loadCreditable(db, invoice);
      refuseBought(invoice, creditable);

      const amounts = noteAmounts(creditable.lines, wantedAmounts(creditable, wanted.lines, invoice.currency), invoice.currency); // prettier-ignore
      refuseTooMuch(creditable.invoice, wanted.as, amounts.total, invoice.currency);

      const nets = new Map(amounts.lines.map(({ id, net }) => [id, net]));
      const { earned, deferred } = await this.revenue.takeOff(db, tenant, invoice, nets, now);
      const note = await this.store(db, tenant, invoice, wanted, amounts, now);
      const entries = creditNoteEntries({
        ...{ as: wanted.as, status: invoice.status, earned, deferred },
        ...{ total: note.total, taxTotal: note.taxTotal },
      });
      if (wanted.as === 'invoice') await this.lowerWhatIsDue(db, invoice, note);
      await this.ledger.post(db, tenant, {
        source: { kind: 'credit_note', id: note.id, purpose: 'issued' },
        customerId: invoice.customerId,
        currency: invoice.currency,
        at: now,
        description: `Credit note ${note.number} of invoice ${invoice.number}`,
        entries,
      });
      await this.audit(db, tenant, invoice, note);
      return this.withLines(db, tenant, note);
    });
  }

  /** Credit notes of an invoice in the order they were made. @throws NotFoundError */
  async ofInvoice(tenant: Tenant, invoiceReference: string): Promise<CreditNoteWithLines[]> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const invoice = await findInvoice(db, invoiceReference);
      const notes = await db.find(CreditNoteEntity, { where: { invoiceId: invoice.id }, order: { number: 'ASC' } });
      return withLines(db, notes, (ids) => this.customers.byIds(tenant, ids));
    });
  }

  /** @param reference our id, or the number @throws NotFoundError */
  async find(tenant: Tenant, reference: string): Promise<CreditNoteWithLines> {
    return this.database.tenant(tenant.organisationId, async (db) =>
      this.withLines(db, tenant, await findCreditNote(db, reference)),
    );
  }

  private async repeated(
    db: EntityManager,
    invoice: InvoiceEntity,
    { reference, as, lines }: NewCreditNote,
  ): Promise<CreditNoteEntity | null> {
    if (reference === null) return null;
    const stored = await db.findOneBy(CreditNoteEntity, { invoiceId: invoice.id, reference });
    if (stored === null) return null;
    const asked = lines === null ? null : sum(lines.map(({ amount }) => amount));
    const amounts = await db.findBy(CreditNoteLineEntity, { noteId: stored.id });
    const isSame = asked === null || asked.equals(sum(amounts.map(({ amount }) => amount)));
    if (stored.givenAs === as && isSame) return stored;
    throw new ConflictError(
      'credit_note_exists',
      `The invoice has another credit note '${reference}', ${stored.number} over ${decimalText(stored.total)}.`,
      [{ field: 'reference', detail: 'is that of another credit note' }],
    );
  }

  private async store(
    db: EntityManager,
    tenant: Tenant,
    invoice: InvoiceEntity,
    { as, reason, reference }: NewCreditNote,
    { lines, subtotal, taxTotal, total }: NotedAmounts,
    now: Date,
  ): Promise<CreditNoteEntity> {
    const { organisationId } = tenant;
    const note = Object.assign(new CreditNoteEntity(), {
      ...{ organisationId, id: newUuid(), invoiceId: invoice.id, number: await nextNumber(db, organisationId) },
      ...{ givenAs: as, reason, reference, subtotal, taxTotal, total },
      ...{ issuedAt: now, createdAt: this.clock.now() },
    });
    const stored = lines.map(({ id, amount, net, tax, taxes }, position) =>
      Object.assign(new CreditNoteLineEntity(), {
        ...{ organisationId, noteId: note.id, lineId: id, position, amount, net, tax, taxes },
      }),
    );
    await db.insert(CreditNoteEntity, note);
    await db.insert(CreditNoteLineEntity, stored);
    return note;
  }

  /** Where nothing is due any more, the invoice is paid. */
  private async lowerWhatIsDue(db: EntityManager, invoice: InvoiceEntity, note: CreditNoteEntity): Promise<void> {
    const credited = invoice.credited.plus(note.total);
    const { status, total, creditApplied, prepaidApplied, amountPaid } = invoice;
    const isPaid = amountDueOf({ status, total, creditApplied, prepaidApplied, credited, amountPaid }).isZero();
    const state = {
      credited,
      ...(isPaid ? { status: 'paid' as const, closedAt: note.issuedAt, closedReason: null } : {}),
    };
    await db.update(InvoiceEntity, { organisationId: invoice.organisationId, id: invoice.id }, state);
    Object.assign(invoice, state);
  }

  private async audit(
    db: EntityManager,
    tenant: Tenant,
    invoice: InvoiceEntity,
    note: CreditNoteEntity,
  ): Promise<void> {
    await recordAudit(db, tenant, {
      action: 'credit_note.made',
      subject: { kind: 'credit_note', id: toPublicId('creditNote', note.id) },
      reason: note.reason,
      after: {
        number: note.number,
        invoice: invoice.number,
        as: note.givenAs,
        total: formatAmount(note.total, invoice.currency),
        currency: invoice.currency,
      },
    });
  }

  private async withLines(db: EntityManager, tenant: Tenant, note: CreditNoteEntity): Promise<CreditNoteWithLines> {
    return (await withLines(db, [note], (ids) => this.customers.byIds(tenant, ids)))[0]!;
  }

  private async nowFor(tenant: Tenant, { customerId }: InvoiceEntity): Promise<Date> {
    const customer = (await this.customers.byIds(tenant, [customerId])).get(customerId)!;
    return this.customers.nowFor(tenant, customer);
  }
}

/** Taken in the transaction that makes the note, and given back with it: so numbers have no gaps. */
async function nextNumber(db: EntityManager, organisationId: string): Promise<string> {
  const [rows] = await db.query<[{ running: string }[], number]>(
    `UPDATE organisation SET credit_notes_numbered = credit_notes_numbered + 1
      WHERE id = $1 RETURNING credit_notes_numbered AS running`,
    [organisationId],
  );
  return creditNoteNumber(rows[0]!.running);
}
