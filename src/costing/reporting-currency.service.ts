import { Inject, Injectable } from '@nestjs/common';
import { OrganisationEntity, recordAudit, type Tenant } from '../access';
import { raiseCatalogRevision } from '../catalog';
import { hasEvents } from '../events';
import { ConflictError, toPublicId } from '../kernel';
import { Database, pauseIngest } from '../platform/database';

/** Changes the currency that an organisation's costs are kept in. */
@Injectable()
export class ReportingCurrencyService {
  constructor(@Inject(Database) private readonly database: Database) {}

  /** The currency that costs are kept in. */
  async find({ organisationId }: Tenant): Promise<string> {
    return this.database.tenant(organisationId, async (db) => {
      const organisation = await db.findOneByOrFail(OrganisationEntity, { id: organisationId });
      return organisation.currency;
    });
  }

  /**
   * A cost is stored in the organisation's currency and summed with others, so the currency stands as soon as there is
   * an event. Ingest waits meanwhile: no event comes in between the look and the change. A repeat changes nothing.
   *
   * @throws ConflictError when an event is stored and the currency is another
   */
  async change(tenant: Tenant, currency: string): Promise<void> {
    const { organisationId } = tenant;
    await this.database.tenant(organisationId, async (db) => {
      await pauseIngest(db, organisationId);
      const [organisation] = await db.query<{ currency: string }[]>('SELECT currency FROM organisation WHERE id = $1', [
        organisationId,
      ]);
      const before = organisation?.currency;
      if (before === currency) return;
      if (await hasEvents(db, organisationId)) throw currencyIsFixed(before ?? '', currency);

      await db.query('UPDATE organisation SET currency = $2 WHERE id = $1', [organisationId, currency]);
      await recordAudit(db, tenant, {
        action: 'organisation.changed',
        subject: { kind: 'organisation', id: toPublicId('organisation', organisationId) },
        before: { currency: before },
        after: { currency },
      });
      await raiseCatalogRevision(db, organisationId);
    });
  }
}

function currencyIsFixed(before: string, wanted: string): ConflictError {
  const detail = `is ${before} for good: events are stored, and their costs are kept in it`;
  return new ConflictError(
    'currency_is_fixed',
    `The currency ${detail}. Make another organisation for costs in ${wanted}.`,
    [{ field: 'currency', detail }],
  );
}
