import { Inject, Injectable } from '@nestjs/common';
import { MissingScopeError, type Tenant } from '../access';
import { Database } from '../platform/database';
import { toTouchedInvoice } from './changes/change-responses';
import { TouchedInvoices, type TouchedMoment } from './changes/touched-invoices';
import type { PreparedEvent } from './persistence/group-commit';

/** Finds out which closed periods the events of a backfill fall in: those of finalized invoices of their customers. */
@Injectable()
export class ClosedPeriods {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(TouchedInvoices) private readonly invoices: TouchedInvoices,
  ) {}

  /** @returns the invoices of these periods, in their order, as JSON to be answered */
  async touchedBy(tenant: Tenant, accepted: readonly PreparedEvent[]): Promise<string> {
    const moments: TouchedMoment[] = accepted.map(({ customerId, time }) => ({ customerId, time }));
    const touched = await this.database.tenant(tenant.organisationId, (db) =>
      this.invoices.by(db, tenant.organisationId, moments),
    );
    return JSON.stringify(touched.filter(({ status }) => status === 'finalized').map(toTouchedInvoice));
  }
}

/** Events of any age are for keys that may send them. @throws MissingScopeError */
export function refuseBackfillWithoutScope(tenant: Tenant, options: { readonly backfill?: boolean }): void {
  if (options.backfill === true && !tenant.scopes.has('backfill')) throw new MissingScopeError('backfill');
}
