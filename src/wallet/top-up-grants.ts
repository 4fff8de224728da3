import { Inject, Injectable } from '@nestjs/common';
import type { Tenant } from '../access';
import { Decimal } from '../kernel';
import type { Queryable } from '../platform/database';
import { setTopUpStatus, type TopUpRecord, topUpsOfInvoices } from './persistence/top-up-store';
import { WalletGrantsService } from './wallet-grants.service';

const DAY_MS = 86_400_000;

/** Turns what was bought into credit, once it is paid. */
@Injectable()
export class TopUpGrants {
  constructor(@Inject(WalletGrantsService) private readonly grants: WalletGrantsService) {}

  /** Grants what these invoices sold, in the transaction in which they became paid. A repeat grants nothing. */
  async paid(db: Queryable, tenant: Tenant, invoiceIds: readonly string[]): Promise<void> {
    for (const topUp of await topUpsOfInvoices(db, tenant.organisationId, invoiceIds)) {
      await this.grant(db, tenant, topUp, true);
      await setTopUpStatus(db, tenant.organisationId, topUp.id, 'granted');
    }
  }

  /** What a void invoice would have sold isn't bought. */
  async voided(db: Queryable, tenant: Tenant, invoiceId: string): Promise<void> {
    for (const { id } of await topUpsOfInvoices(db, tenant.organisationId, [invoiceId])) {
      await setTopUpStatus(db, tenant.organisationId, id, 'void');
    }
  }

  /** Grants a top-up. @param isInvoiced whether an invoice has booked what is owed for it */
  async grant(db: Queryable, tenant: Tenant, topUp: TopUpRecord, isInvoiced: boolean): Promise<void> {
    const { priority, expiresAfterDays, features, rolloverLimit } = topUp.terms;
    await this.grants.topUp(db, tenant, topUp.walletId, {
      topUpId: topUp.id,
      amount: topUp.amount,
      paid: topUp.price,
      terms: {
        priority,
        features,
        rolloverLimit: rolloverLimit === null ? null : new Decimal(rolloverLimit),
      },
      lastsMs: expiresAfterDays === null ? null : expiresAfterDays * DAY_MS,
      isInvoiced,
      reason: `Top-up by ${topUp.trigger}`,
    });
  }
}
