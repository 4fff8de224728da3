import { Inject, Injectable } from '@nestjs/common';
import type { Tenant } from '../access';
import { Database } from '../platform/database';
import { InvoicesService } from './invoices.service';
import { Parking, passes } from './parking';

/** A subscription of which something is due, and what time it is for its customer. */
export interface DueSubscription {
  readonly id: string;
  readonly customerId: string;
  readonly now: Date;
}

/** What became of a batch. */
export interface ClosedBatch {
  /** Subscriptions that something was made of. */
  readonly closed: readonly string[];
  /** The rest wasn't due any more, or is tried again by a later run, since trying again is all that is needed. */
  readonly parked: readonly string[];
}

/** Closes the periods of many subscriptions. One that fails is undone by itself and parked; the others go on. */
@Injectable()
export class BatchCloser {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(InvoicesService) private readonly invoices: InvoicesService,
    @Inject(Parking) private readonly parking: Parking,
  ) {}

  async close(tenant: Tenant, due: readonly DueSubscription[]): Promise<ClosedBatch> {
    return this.oneByOne(tenant, due);
  }

  private async oneByOne(tenant: Tenant, due: readonly DueSubscription[]): Promise<ClosedBatch> {
    const closed: string[] = [];
    const parked: string[] = [];
    for (const { id, now } of due) {
      try {
        const made = await this.database.apart(tenant.organisationId, () =>
          this.invoices.closeOpenPeriod(tenant, id, now),
        );
        if (made) closed.push(id);
      } catch (error) {
        if (passes(error)) continue;
        await this.parking.park(tenant, [id], error);
        parked.push(id);
      }
    }
    return { closed, parked };
  }
}
