import { Inject, Injectable } from '@nestjs/common';
import type { Tenant } from '../access';
import { ConflictError, type Decimal, toPublicId } from '../kernel';
import { LOGGER, type Logger } from '../platform';
import { Database } from '../platform/database';
import { InvoicesService } from './invoices.service';
import { Parking, passes } from './parking';

/** A draft whose grace is over. */
export interface DueDraft {
  readonly id: string;
  readonly customerId: string;
  readonly closesAt: Date;
}

/** What became of a batch. Drafts that have to wait (for a cost, an approval, an earlier one) are in neither list. */
export interface FinalizedBatch {
  readonly finalized: readonly { readonly currency: string; readonly total: Decimal }[];
  /** Subscriptions. */
  readonly parked: readonly string[];
}

/** Finalizes drafts. One that has to wait stays a draft; one that can't be has its subscriptions parked; the others go on. */
@Injectable()
export class BatchFinalizer {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(InvoicesService) private readonly invoices: InvoicesService,
    @Inject(Parking) private readonly parking: Parking,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async finalize(tenant: Tenant, due: readonly DueDraft[]): Promise<FinalizedBatch> {
    return this.oneByOne(tenant, due);
  }

  private async oneByOne(tenant: Tenant, due: readonly DueDraft[]): Promise<FinalizedBatch> {
    const finalized: { currency: string; total: Decimal }[] = [];
    const parked: string[] = [];
    for (const { id } of due) {
      const reference = toPublicId('invoice', id);
      try {
        const { invoice } = await this.database.apart(tenant.organisationId, () =>
          this.invoices.finalize(tenant, reference),
        );
        finalized.push({ currency: invoice.currency, total: invoice.total });
      } catch (error) {
        if (error instanceof ConflictError || passes(error)) {
          this.logger.warn({ err: error, invoice: reference }, 'a draft could not be finalized and is tried again');
          continue;
        }
        const subscriptions = await this.subscriptionsOf(tenant, id);
        await this.parking.park(tenant, subscriptions, error);
        parked.push(...subscriptions);
      }
    }
    return { finalized, parked };
  }

  private async subscriptionsOf({ organisationId }: Tenant, invoiceId: string): Promise<string[]> {
    const rows = await this.database.tenant(organisationId, (db) =>
      db.query<{ id: string }[]>(
        `SELECT DISTINCT subscription_id AS id FROM invoice_part WHERE organisation_id = $1 AND invoice_id = $2 ORDER BY 1`,
        [organisationId, invoiceId],
      ),
    );
    return rows.map(({ id }) => id);
  }
}
