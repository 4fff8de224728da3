import { Injectable } from '@nestjs/common';
import type { Micros } from '../../kernel';
import type { Queryable } from '../../platform/database';

/** An instant of a customer's at which something changed. */
export interface TouchedMoment {
  readonly customerId: string;
  readonly time: Micros;
}

/** An invoice that has such an instant in its service period. */
export interface TouchedInvoice {
  readonly id: string;
  readonly number: string | null;
  /** A draft follows by itself; what is finalized never changes and is put right by an adjustment. */
  readonly status: 'draft' | 'finalized';
  readonly customerId: string;
  readonly periodStart: Date;
  readonly periodEnd: Date;
}

/** What the room that makes invoices tells of them. */
export interface InvoiceLookup {
  /** Invoices with one of these instants in their service period, each once, in the order of their periods. */
  touchedBy(db: Queryable, organisationId: string, moments: readonly TouchedMoment[]): Promise<TouchedInvoice[]>;
  /** Invoices with these ids, in the order of their periods. */
  withIds(db: Queryable, organisationId: string, ids: readonly string[]): Promise<TouchedInvoice[]>;
}

/**
 * Which invoices a change of events touches. Invoices are made in a room to the right of this one, which is not known
 * here: it offers its lookup when it starts, as it would listen to a domain event.
 */
@Injectable()
export class TouchedInvoices {
  private lookup: InvoiceLookup | null = null;

  /** Called once by the room that makes invoices. */
  offer(lookup: InvoiceLookup): void {
    this.lookup = lookup;
  }

  async by(db: Queryable, organisationId: string, moments: readonly TouchedMoment[]): Promise<TouchedInvoice[]> {
    if (this.lookup === null || moments.length === 0) return [];
    return this.lookup.touchedBy(db, organisationId, moments);
  }

  async withIds(db: Queryable, organisationId: string, ids: readonly string[]): Promise<TouchedInvoice[]> {
    if (this.lookup === null || ids.length === 0) return [];
    return this.lookup.withIds(db, organisationId, ids);
  }
}
