import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Tenant } from '../access';
import { type Currency, type Decimal, ZERO } from '../kernel';
import { LedgerService } from '../wallet';
import type { InvoiceEntity } from './persistence/invoice.entity';

/** What customers may use up: it pays their next invoices of the currency. Whoever calls holds the customer's row. */
@Injectable()
export class CustomerCredit {
  constructor(@Inject(LedgerService) private readonly ledger: LedgerService) {}

  /**
   * Lets the customer's credit pay a numbered invoice, as far as it goes, and books that.
   *
   * @returns what it pays: the caller stores it as the invoice's `creditApplied`
   */
  async apply(_db: EntityManager, _tenant: Tenant, _invoice: InvoiceEntity, _at: Date): Promise<Decimal> {
    return ZERO; // not built yet
  }

  /** Gives back what `apply` took for an invoice that is void now. A repeat does nothing. */
  async giveBack(_db: EntityManager, _tenant: Tenant, _invoice: InvoiceEntity, _at: Date): Promise<void> {
    return; // not built yet
  }

  /** What the customer has in a currency: zero or above. */
  async balance(_db: EntityManager, _tenant: Tenant, _customerId: string, _currency: Currency): Promise<Decimal> {
    return ZERO; // not built yet
  }
}
