import { Inject, Injectable } from '@nestjs/common';
import { type Decimal, decimalText, toPublicId } from '../kernel';
import { Database } from '../platform/database';
import { recordAudit } from './audit-log';
import type { Tenant } from './domain';
import { OrganisationEntity } from './persistence/organisation.entity';

/** Keeps the margin below which an organisation wants to be asked for a reason before a plan is published. */
@Injectable()
export class MarginFloorService {
  constructor(@Inject(Database) private readonly database: Database) {}

  /** In per cent of revenue; null where no margin is too small. */
  async find(tenant: Tenant): Promise<Decimal | null> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const organisation = await db.findOneByOrFail(OrganisationEntity, { id: tenant.organisationId });
      return organisation.marginFloorPercent;
    });
  }

  /** Sets it, or takes it away. A repeat changes nothing. */
  async change(tenant: Tenant, floorPercent: Decimal | null): Promise<void> {
    const { organisationId } = tenant;
    await this.database.tenant(organisationId, async (db) => {
      const organisation = await db.findOneOrFail(OrganisationEntity, {
        where: { id: organisationId },
        lock: { mode: 'pessimistic_write' },
      });
      const before = shown(organisation.marginFloorPercent);
      if (before === shown(floorPercent)) return;

      await db.update(OrganisationEntity, { id: organisationId }, { marginFloorPercent: floorPercent });
      await recordAudit(db, tenant, {
        action: 'organisation.changed',
        subject: { kind: 'organisation', id: toPublicId('organisation', organisationId) },
        before: { marginFloorPercent: before },
        after: { marginFloorPercent: shown(floorPercent) },
      });
    });
  }
}

function shown(percent: Decimal | null): string | null {
  return percent === null ? null : decimalText(percent);
}
