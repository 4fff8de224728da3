import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { type InvoiceLookup, TouchedInvoices, type TouchedInvoice, type TouchedMoment } from '../ingestion';
import type { Queryable } from '../platform/database';

interface InvoiceRow {
  id: string;
  number: string | null;
  status: 'draft' | 'finalized';
  customer_id: string;
  period_start: Date;
  period_end: Date;
}

/** Whatever became of an invoice once it was finalized, what it says never changes. */
const COLUMNS = `id, number, CASE status WHEN 'draft' THEN status ELSE 'finalized' END AS status, customer_id,
  period_start, period_end`;

/** Tells the room that corrects events which invoices are about them. */
@Injectable()
export class StoredInvoiceLookup implements InvoiceLookup, OnModuleInit {
  constructor(@Inject(TouchedInvoices) private readonly touched: TouchedInvoices) {}

  onModuleInit(): void {
    this.touched.offer(this);
  }

  async touchedBy(db: Queryable, organisationId: string, moments: readonly TouchedMoment[]): Promise<TouchedInvoice[]> {
    const rows = await db.query<InvoiceRow>(
      `SELECT ${COLUMNS} FROM invoice
        WHERE organisation_id = $1 AND customer_id = ANY ($2::uuid[])
          AND EXISTS (
            SELECT FROM invoice_part AS part, unnest($2::uuid[], $3::bigint[]) AS moment (customer_id, micros)
             WHERE part.organisation_id = invoice.organisation_id AND part.invoice_id = invoice.id
               AND part.kind IN ('period', 'threshold') AND moment.customer_id = invoice.customer_id
               AND timestamptz '1970-01-01 00:00:00+00' + micros * interval '1 microsecond' >= part.period_start
               AND timestamptz '1970-01-01 00:00:00+00' + micros * interval '1 microsecond' < part.period_end)
        ORDER BY period_start, id`,
      [organisationId, moments.map(({ customerId }) => customerId), moments.map(({ time }) => time)],
    );
    return rows.map(toTouchedInvoice);
  }

  async withIds(db: Queryable, organisationId: string, ids: readonly string[]): Promise<TouchedInvoice[]> {
    const rows = await db.query<InvoiceRow>(
      `SELECT ${COLUMNS} FROM invoice WHERE organisation_id = $1 AND id = ANY ($2::uuid[]) ORDER BY period_start, id`,
      [organisationId, ids],
    );
    return rows.map(toTouchedInvoice);
  }
}

function toTouchedInvoice(row: InvoiceRow): TouchedInvoice {
  return {
    id: row.id,
    number: row.number,
    status: row.status,
    customerId: row.customer_id,
    periodStart: row.period_start,
    periodEnd: row.period_end,
  };
}
