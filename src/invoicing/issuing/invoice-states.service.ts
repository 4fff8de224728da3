import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { type AuditAction, recordAudit, type Tenant } from '../../access';
import { CustomersService } from '../../customers';
import {
  Clock,
  ConflictError,
  type Decimal,
  decimalText,
  InvalidRequestError,
  minorUnitDecimals,
  newUuid,
  toPublicId,
} from '../../kernel';
import { Database } from '../../platform/database';
import { type Entry, LedgerService, type Posting, TopUpGrants } from '../../wallet';
import { refuseNoted } from '../credit/credit-note-storage';
import { CustomerCredit } from '../credit/customer-credit';
import { PrepaidCredit } from '../credit/prepaid-credit';
import { applyPayment, type InvoiceStatus, voidedEntries, writtenOffEntries } from '../domain';
import { findInvoice, lockInvoice } from '../find-invoice';
import { InvoicesService, type InvoiceWithLines } from '../invoices.service';
import { InvoiceEntity } from '../persistence/invoice.entity';
import { InvoicePartEntity } from '../persistence/invoice-part.entity';
import { PaymentEntity } from '../persistence/payment.entity';
import { RevenueService } from '../revenue/revenue.service';

/** Money that was received, as it was told. */
export interface NewPayment {
  readonly amount: Decimal;
  /** What the payer or the bank calls it. */
  readonly reference: string;
  /** Null: now, by the customer's clock. */
  readonly paidAt: Date | null;
}

/** A payment, and its invoice as it is then. */
export interface RecordedPayment {
  readonly payment: PaymentEntity;
  readonly invoice: InvoiceEntity;
}

/** What becomes of a finalized invoice: it is paid, voided or given up. Each step is booked in its own transaction. */
@Injectable()
export class InvoiceStatesService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(CustomersService) private readonly customers: CustomersService,
    @Inject(LedgerService) private readonly ledger: LedgerService,
    @Inject(InvoicesService) private readonly invoices: InvoicesService,
    @Inject(CustomerCredit) private readonly credit: CustomerCredit,
    @Inject(PrepaidCredit) private readonly prepaid: PrepaidCredit,
    @Inject(TopUpGrants) private readonly topUps: TopUpGrants,
    @Inject(RevenueService) private readonly revenue: RevenueService,
  ) {}

  /**
   * Records a payment. Parts add up; what is more than is due becomes credit of the customer. A repeat (the same
   * reference, amount and time) answers the stored one.
   *
   * @throws InvalidRequestError `invalid_payment` for an amount that can't be paid, or a time that hasn't come
   * @throws ConflictError       `invoice_not_open` for a draft or a void invoice, `payment_exists` for another payment of
   *                             the same reference
   */
  async recordPayment(tenant: Tenant, reference: string, wanted: NewPayment): Promise<RecordedPayment> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const invoice = await lockInvoice(db, reference);
      const now = await this.nowFor(tenant, invoice);
      refuseUnpayable(wanted, invoice, now);
      const repeated = await db.findOneBy(PaymentEntity, { invoiceId: invoice.id, reference: wanted.reference });
      if (repeated !== null) return { payment: sameOrConflict(repeated, wanted), invoice };
      refuseUnless(invoice, ['finalized', 'paid', 'uncollectible'], 'paid');

      const applied = applyPayment(invoice, wanted.amount);
      const payment = Object.assign(new PaymentEntity(), {
        organisationId: tenant.organisationId,
        id: newUuid(),
        invoiceId: invoice.id,
        reference: wanted.reference,
        amount: wanted.amount,
        credited: applied.credited,
        paidAt: wanted.paidAt ?? now,
        createdAt: this.clock.now(),
      });

      await db.insert(PaymentEntity, payment);
      const isPaidNow = applied.status === 'paid' && invoice.status !== 'paid';
      await this.update(db, invoice, {
        status: applied.status,
        amountPaid: applied.amountPaid,
        ...(isPaidNow ? { closedAt: payment.paidAt, closedReason: null } : {}),
      });
      await this.ledger.post(db, tenant, {
        ...posting(invoice, 'received', payment.paidAt, `Payment of invoice ${invoice.number}`, applied.entries),
        source: { kind: 'payment', id: payment.id, purpose: 'received' },
      });
      if (isPaidNow) await this.topUps.paid(db, tenant, [invoice.id]);
      await recordAudit(db, tenant, {
        action: 'invoice.payment_recorded',
        subject: { kind: 'invoice', id: toPublicId('invoice', invoice.id) },
        after: {
          reference: payment.reference,
          amount: decimalText(payment.amount),
          credited: decimalText(payment.credited),
          status: invoice.status,
        },
      });
      return { payment, invoice };
    });
  }

  /** Payments of an invoice in the order they were recorded. @throws NotFoundError */
  async payments(tenant: Tenant, reference: string): Promise<{ invoice: InvoiceEntity; payments: PaymentEntity[] }> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const invoice = await findInvoice(db, reference);
      const payments = await db.find(PaymentEntity, { where: { invoiceId: invoice.id }, order: { id: 'ASC' } });
      return { invoice, payments };
    });
  }

  /**
   * Takes an invoice back: what finalizing booked is reversed, and what was paid of it, or was used of the customer's
   * credit, is credit of the customer; prepaid credit goes back to its wallet. Its parts end with it: unless it is made again, what it billed stays taken back.
   * A repeat answers the same invoice.
   *
   * @throws ConflictError `invoice_not_open` unless it is finalized and not paid, `invoice_has_credit_notes`,
   *                       `threshold_settled` for usage billed early whose period is billed by now
   */
  async void(tenant: Tenant, reference: string, reason: string): Promise<InvoiceWithLines> {
    return this.close(tenant, reference, 'void', reason, async (db, invoice, at) => {
      await refuseNoted(db, invoice);
      await refuseSettled(db, invoice);
      await db.update(InvoicePartEntity, { invoiceId: invoice.id, live: true }, { live: false });
      const description = `Invoice ${invoice.number} is void`;
      const reversal = posting(invoice, 'void', at, description, []);
      await this.ledger.reverse(db, tenant, { ...reversal.source, purpose: 'finalized' }, reversal);
      await this.ledger.post(db, tenant, posting(invoice, 'void_paid', at, description, voidedEntries(invoice)));
      await this.credit.giveBack(db, tenant, invoice, at);
      await this.prepaid.giveBack(db, tenant, invoice, at);
      await this.topUps.voided(db, tenant, invoice.id);
      await this.revenue.takeBack(db, tenant, invoice, at);
    });
  }

  /**
   * Gives up what is still due of an invoice. A repeat answers the same invoice; a payment that comes after all is
   * recorded like any other.
   *
   * @throws ConflictError `invoice_not_open` unless it is finalized and not paid
   */
  async markUncollectible(tenant: Tenant, reference: string, reason: string): Promise<InvoiceWithLines> {
    return this.close(tenant, reference, 'uncollectible', reason, (db, invoice, at) =>
      this.ledger.post(
        db,
        tenant,
        posting(invoice, 'uncollectible', at, `Invoice ${invoice.number} is given up`, writtenOffEntries(invoice)),
      ),
    );
  }

  private async close(
    tenant: Tenant,
    reference: string,
    status: 'void' | 'uncollectible',
    reason: string,
    book: (db: EntityManager, invoice: InvoiceEntity, at: Date) => Promise<void>,
  ): Promise<InvoiceWithLines> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const invoice = await lockInvoice(db, reference);
      if (invoice.status === status) return this.invoices.find(tenant, reference);
      refuseUnless(invoice, ['finalized'], status);
      const at = await this.nowFor(tenant, invoice);

      await book(db, invoice, at);
      await this.update(db, invoice, { status, closedAt: at, closedReason: reason });
      await recordAudit(db, tenant, {
        action: ACTIONS[status],
        subject: { kind: 'invoice', id: toPublicId('invoice', invoice.id) },
        reason,
        before: { status: 'finalized' },
        after: { status, number: invoice.number, amountPaid: decimalText(invoice.amountPaid) },
      });
      return this.invoices.find(tenant, reference);
    });
  }

  private async update(
    db: EntityManager,
    invoice: InvoiceEntity,
    state: Partial<Pick<InvoiceEntity, 'status' | 'amountPaid' | 'closedAt' | 'closedReason'>>,
  ): Promise<void> {
    await db.update(InvoiceEntity, { organisationId: invoice.organisationId, id: invoice.id }, state);
    Object.assign(invoice, state);
  }

  private async nowFor(tenant: Tenant, { customerId }: InvoiceEntity): Promise<Date> {
    const customer = (await this.customers.byIds(tenant, [customerId])).get(customerId)!;
    return this.customers.nowFor(tenant, customer);
  }
}

const ACTIONS = {
  void: 'invoice.voided',
  uncollectible: 'invoice.given_up',
} as const satisfies Record<string, AuditAction>;

function posting(
  invoice: InvoiceEntity,
  purpose: string,
  at: Date,
  description: string,
  entries: readonly Entry[],
): Posting {
  const source = { kind: 'invoice', id: invoice.id, purpose };
  return { source, customerId: invoice.customerId, currency: invoice.currency, at, description, entries };
}

function refuseUnless(invoice: InvoiceEntity, allowed: readonly InvoiceStatus[], wanted: InvoiceStatus): void {
  if (allowed.includes(invoice.status)) return;
  const name = invoice.number ?? toPublicId('invoice', invoice.id);
  const what = invoice.status === 'draft' ? 'still a draft' : invoice.status;
  const wayOut =
    invoice.status === 'draft'
      ? 'Finalize it first.'
      : 'What is closed stays as it is; what was asked too much is given back by a credit note.';
  throw new ConflictError(
    'invoice_not_open',
    `The invoice ${name} is ${what}, so it can't become ${wanted}. ${wayOut}`,
  );
}

/** What a later invoice has taken off already can't be taken back once more. */
async function refuseSettled(db: EntityManager, { organisationId, id, number }: InvoiceEntity): Promise<void> {
  const [found] = await db.query<{ settled: boolean }[]>(
    `SELECT EXISTS (
       SELECT FROM invoice_part AS part
         JOIN invoice_part AS whole
           ON (whole.organisation_id, whole.subscription_id, whole.period_index)
            = (part.organisation_id, part.subscription_id, part.period_index)
         JOIN invoice ON (invoice.organisation_id, invoice.id) = (whole.organisation_id, whole.invoice_id)
        WHERE part.organisation_id = $1 AND part.invoice_id = $2 AND part.kind = 'threshold'
          AND whole.kind = 'period' AND whole.live AND invoice.status <> 'draft') AS settled`,
    [organisationId, id],
  );
  if (found!.settled) {
    throw new ConflictError(
      'threshold_settled',
      `The invoice of the period has taken off what ${number} billed of it. A credit note can take it back.`,
    );
  }
}

function refuseUnpayable({ amount, paidAt }: NewPayment, { currency }: InvoiceEntity, now: Date): void {
  if (!amount.greaterThan(0) || amount.decimalPlaces() > minorUnitDecimals(currency)) {
    refusePayment(
      'amount',
      `must be above zero with at most ${minorUnitDecimals(currency)} decimals, as ${currency} has`,
    );
  }
  if (paidAt !== null && paidAt.getTime() > now.getTime()) {
    refusePayment('paidAt', `must not be after ${now.toISOString()}, which is now for the customer`);
  }
}

function refusePayment(field: string, detail: string): never {
  throw new InvalidRequestError('invalid_payment', `${field}: ${detail}`, [{ field, detail }]);
}

function sameOrConflict(existing: PaymentEntity, wanted: NewPayment): PaymentEntity {
  const sameTime = wanted.paidAt === null || existing.paidAt.getTime() === wanted.paidAt.getTime();
  if (existing.amount.equals(wanted.amount) && sameTime) return existing;
  throw new ConflictError(
    'payment_exists',
    `The invoice has another payment '${existing.reference}', of ${decimalText(existing.amount)} at ${existing.paidAt.toISOString()}.`,
    [{ field: 'reference', detail: 'is that of another payment' }],
  );
}
