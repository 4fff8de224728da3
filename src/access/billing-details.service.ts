import { Inject, Injectable } from '@nestjs/common';
import { Clock, newUuid, toPublicId } from '../kernel';
import { Database } from '../platform/database';
import { recordAudit } from './audit-log';
import { type BillingDetails, type DatedDetails, sameDetails, type Tenant } from './domain';
import { shownDetails } from './persistence/billing-details.columns';
import { OrganisationBillingDetailsEntity } from './persistence/organisation-billing-details.entity';
import { OrganisationEntity } from './persistence/organisation.entity';

/** Keeps how an organisation stands on its invoices. */
@Injectable()
export class BillingDetailsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** All that were ever in force, oldest first. */
  async history(tenant: Tenant): Promise<DatedDetails[]> {
    const { organisationId } = tenant;
    return this.database.tenant(organisationId, (db) =>
      db.find(OrganisationBillingDetailsEntity, { where: { organisationId }, order: { id: 'ASC' } }),
    );
  }

  /** Puts other details in force from now on. A repeat changes nothing. */
  async change(tenant: Tenant, wanted: BillingDetails): Promise<void> {
    const { organisationId } = tenant;
    await this.database.tenant(organisationId, async (db) => {
      await db.findOneOrFail(OrganisationEntity, {
        where: { id: organisationId },
        lock: { mode: 'pessimistic_write' },
      });
      const before = (await this.history(tenant)).at(-1);
      if (before !== undefined && sameDetails(before, wanted)) return;

      const details = { ...wanted, addressLines: [...wanted.addressLines] };
      await db.insert(OrganisationBillingDetailsEntity, {
        ...details,
        organisationId,
        id: newUuid(),
        createdAt: this.clock.now(),
      });
      await recordAudit(db, tenant, {
        action: 'organisation.changed',
        subject: { kind: 'organisation', id: toPublicId('organisation', organisationId) },
        before: { billing: before === undefined ? null : shownDetails(before) },
        after: { billing: wanted },
      });
    });
  }
}
