import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import { recordAudit, type Tenant } from '../../access';
import type { CustomerEntity } from '../../customers';
import { InvalidRequestError, toPublicId } from '../../kernel';
import { Database } from '../../platform/database';
import { numberFormatProblem } from '../domain';

export const APPROVALS = ['none', 'required'] as const;
export type Approval = (typeof APPROVALS)[number];

/** How an organisation's invoices are numbered, when they are due, and who has to agree with them. */
export interface InvoiceSettings {
  readonly numberFormat: string;
  /** Days after it is finalized in which an invoice is to be paid. */
  readonly netDays: number;
  /** Whether somebody approves of a draft before it is finalized. */
  readonly approval: Approval;
}

/** What a customer's invoices are due by. */
export interface PaymentTerms {
  /** What was agreed with this customer; null: as of the organisation. */
  readonly netDays: number | null;
  /** What holds for them. */
  readonly effectiveNetDays: number;
}

/** Keeps how invoices are numbered and when they are due. Changes hold for invoices that are finalized afterwards. */
@Injectable()
export class InvoiceSettingsService {
  constructor(@Inject(Database) private readonly database: Database) {}

  async find(tenant: Tenant): Promise<InvoiceSettings> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const [row] = await db.query<{ format: string; net_days: number; approval: Approval }[]>(
        'SELECT invoice_number_format AS format, net_days, invoice_approval AS approval FROM organisation WHERE id = $1',
        [tenant.organisationId],
      );
      return { numberFormat: row!.format, netDays: row!.net_days, approval: row!.approval };
    });
  }

  /** A repeat changes nothing. @throws InvalidRequestError `invalid_number_format` */
  async change(tenant: Tenant, wanted: Partial<InvoiceSettings>): Promise<InvoiceSettings> {
    const detail = wanted.numberFormat === undefined ? null : numberFormatProblem(wanted.numberFormat);
    if (detail !== null) {
      throw new InvalidRequestError('invalid_number_format', `numberFormat: ${detail}`, [
        { field: 'numberFormat', detail },
      ]);
    }
    return this.database.tenant(tenant.organisationId, async (db) => {
      await db.query('SELECT FROM organisation WHERE id = $1 FOR UPDATE', [tenant.organisationId]);
      const before = await this.find(tenant);
      const after = { ...before, ...wanted };
      if (isDeepStrictEqual(after, before)) return before;

      await db.query(
        'UPDATE organisation SET invoice_number_format = $2, net_days = $3, invoice_approval = $4 WHERE id = $1',
        [tenant.organisationId, after.numberFormat, after.netDays, after.approval],
      );
      await recordAudit(db, tenant, {
        action: 'organisation.changed',
        subject: { kind: 'organisation', id: toPublicId('organisation', tenant.organisationId) },
        before: { ...before },
        after,
      });
      return after;
    });
  }

  async termsOf(tenant: Tenant, customer: CustomerEntity): Promise<PaymentTerms> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const [row] = await db.query<{ own: number | null; general: number }[]>(
        `SELECT customer.net_days AS own, organisation.net_days AS general
           FROM customer JOIN organisation ON organisation.id = customer.organisation_id
          WHERE customer.organisation_id = $1 AND customer.id = $2`,
        [tenant.organisationId, customer.id],
      );
      const { own, general } = row!;
      return { netDays: own, effectiveNetDays: own ?? general };
    });
  }

  /** Agrees on days with a customer, or takes that back (null). A repeat changes nothing. */
  async changeTerms(tenant: Tenant, customer: CustomerEntity, netDays: number | null): Promise<PaymentTerms> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      await db.query('SELECT FROM customer WHERE organisation_id = $1 AND id = $2 FOR UPDATE', [
        tenant.organisationId,
        customer.id,
      ]);
      const before = await this.termsOf(tenant, customer);
      if (before.netDays === netDays) return before;

      await db.query('UPDATE customer SET net_days = $3 WHERE organisation_id = $1 AND id = $2', [
        tenant.organisationId,
        customer.id,
        netDays,
      ]);
      await recordAudit(db, tenant, {
        action: 'customer.terms_changed',
        subject: { kind: 'customer', id: toPublicId('customer', customer.id) },
        before: { netDays: before.netDays },
        after: { netDays },
      });
      return this.termsOf(tenant, customer);
    });
  }
}
