import { Inject, Injectable } from '@nestjs/common';
import { type BillingDetails, type DatedDetails, recordAudit, sameDetails, shownDetails, type Tenant } from '../access';
import { Clock, newUuid, toPublicId } from '../kernel';
import { Database } from '../platform/database';
import { CustomerBillingDetailsEntity } from './persistence/customer-billing-details.entity';
import { CustomerEntity } from './persistence/customer.entity';

/** Keeps how customers stand on their invoices. */
@Injectable()
export class CustomerBillingService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** All that were ever in force for a customer, oldest first. */
  async history(tenant: Tenant, { id }: CustomerEntity): Promise<DatedDetails[]> {
    return this.database.tenant(tenant.organisationId, (db) =>
      db.find(CustomerBillingDetailsEntity, { where: { customerId: id }, order: { id: 'ASC' } }),
    );
  }

  /** Puts other details in force from now on. A repeat changes nothing. */
  async change(tenant: Tenant, customer: CustomerEntity, wanted: BillingDetails): Promise<void> {
    const { organisationId } = tenant;
    await this.database.tenant(organisationId, async (db) => {
      await db.findOneOrFail(CustomerEntity, { where: { id: customer.id }, lock: { mode: 'pessimistic_write' } });
      const before = (await this.history(tenant, customer)).at(-1);
      if (before !== undefined && sameDetails(before, wanted)) return;

      const keys = { organisationId, id: newUuid(), customerId: customer.id, createdAt: this.clock.now() };
      await db.insert(CustomerBillingDetailsEntity, { ...wanted, addressLines: [...wanted.addressLines], ...keys });
      await recordAudit(db, tenant, {
        action: 'customer.changed',
        subject: { kind: 'customer', id: toPublicId('customer', customer.id) },
        before: { billing: before === undefined ? null : shownDetails(before) },
        after: { billing: wanted },
      });
    });
  }
}
