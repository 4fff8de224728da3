import { Inject, Injectable } from '@nestjs/common';
import { MissingScopeError, type Tenant } from '../access';
import { Database } from '../platform/database';
import { toTouchedInvoice } from './changes/change-responses';
import { type TouchedInvoice, TouchedInvoices, type TouchedMoment } from './changes/touched-invoices';
import type { IngestOptions } from './ingestion.service';
import type { PreparedEvent } from './persistence/pending-commit';

/** A list of events can't touch more; a stream of any length may, and must not keep all of them in memory. */
const MOST_NAMED = 10_000;

/** Finds out which closed periods the events of a backfill fall in: those of finalized invoices of their customers. */
@Injectable()
export class ClosedPeriods {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(TouchedInvoices) private readonly invoices: TouchedInvoices,
  ) {}

  /** What one request touches; null for one that is no backfill. */
  of(tenant: Tenant, options: IngestOptions): TouchedPeriods | null {
    return options.backfill === true ? new TouchedPeriods((accepted) => this.touchedBy(tenant, accepted)) : null;
  }

  private async touchedBy(tenant: Tenant, accepted: readonly PreparedEvent[]): Promise<TouchedInvoice[]> {
    const moments: TouchedMoment[] = accepted.map(({ customerId, time }) => ({ customerId, time }));
    const touched = await this.database.tenant(tenant.organisationId, (db) =>
      this.invoices.by(db, tenant.organisationId, moments),
    );
    return touched.filter(({ status }) => status === 'finalized');
  }
}

/** The closed periods that the accepted events of one request fall in, found commit by commit. */
export class TouchedPeriods {
  private readonly found = new Map<string, TouchedInvoice>();
  private more = false;

  constructor(private readonly touchedBy: (accepted: readonly PreparedEvent[]) => Promise<TouchedInvoice[]>) {}

  /** @returns what `ingest` answers, once it is known what the accepted events touch */
  async noting<Answer>(options: IngestOptions, ingest: (noting: IngestOptions) => Promise<Answer>): Promise<Answer> {
    let accepted: readonly PreparedEvent[] = [];
    const answer = await ingest({ ...options, onAccepted: (those) => (accepted = those) });
    if (accepted.length > 0) this.add(await this.touchedBy(accepted));
    return answer;
  }

  /** Fields of an answer, in the order of the periods. */
  get asFields(): { closedPeriods: unknown[]; moreClosedPeriods?: true } {
    const inOrder = [...this.found.values()].sort(
      (a, b) => a.periodStart.getTime() - b.periodStart.getTime() || (a.id < b.id ? -1 : 1),
    );
    return { closedPeriods: inOrder.map(toTouchedInvoice), ...(this.more ? { moreClosedPeriods: true } : {}) };
  }

  private add(invoices: readonly TouchedInvoice[]): void {
    for (const invoice of invoices) {
      if (this.found.has(invoice.id)) continue;
      if (this.found.size < MOST_NAMED) this.found.set(invoice.id, invoice);
      else this.more = true;
    }
  }
}

/** Events of any age are for keys that may send them. @throws MissingScopeError */
export function refuseBackfillWithoutScope(tenant: Tenant, options: { readonly backfill?: boolean }): void {
  if (options.backfill === true && !tenant.scopes.has('backfill')) throw new MissingScopeError('backfill');
}
