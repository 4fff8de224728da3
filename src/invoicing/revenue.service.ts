import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { Tenant } from '../access';
import type { CustomerEntity } from '../customers';
import { type Decimal, sum, ZERO } from '../kernel';
import { LedgerService } from '../wallet';
import type { InvoiceEntity } from './persistence/invoice.entity';
import type { InvoiceLineEntity } from './persistence/invoice-line.entity';

/** When what was invoiced is earned. Whoever calls holds the customer's row. */
@Injectable()
export class RevenueService {
  constructor(@Inject(LedgerService) private readonly ledger: LedgerService) {}

  /**
   * Splits what an invoice's lines come to without tax into what is earned by the end of the month of issue and what
   * later months earn, and stores those months.
   *
   * @param at the instant of issue, by the customer's clock
   */
  async schedule(
    _db: EntityManager,
    _tenant: Tenant,
    _invoice: InvoiceEntity,
    lines: readonly InvoiceLineEntity[],
    _customer: CustomerEntity,
    _at: Date,
  ): Promise<{ earned: Decimal; deferred: Decimal }> {
    return { earned: sum(lines.map(({ amount }) => amount)), deferred: ZERO }; // not built yet
  }

  /** Takes back what months have earned of an invoice that is void now, and what others would. A repeat does nothing. */
  async takeBack(_db: EntityManager, _tenant: Tenant, _invoice: InvoiceEntity, _at: Date): Promise<void> {
    return; // not built yet
  }

  /** Books what months that have begun by the customers' clocks have earned. Safe on any number of processes. */
  async recogniseDue(_tenant: Tenant, _testClockId: string | null): Promise<void> {
    return; // not built yet
  }
}
