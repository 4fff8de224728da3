import { Inject, Injectable } from '@nestjs/common';
import { recordAudit, type Tenant } from '../../access';
import { Clock, ConflictError, InvalidRequestError, isTimeZone, toPublicId } from '../../kernel';
import { Database } from '../../platform/database';
import { pauseEntitlements, raiseCapsRevision } from '../persistence/locks';
import { findSettings, saveSettings, type StoredSettings, zoneIsInUse } from './settings-store';

/** Keeps what an organisation wants of caps and holds in general. */
@Injectable()
export class EntitlementSettingsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  find({ organisationId }: Tenant): Promise<StoredSettings> {
    return this.database.tenant(organisationId, (db) => findSettings(db, organisationId));
  }

  /**
   * Changes what is given. A repeat changes nothing.
   *
   * @throws InvalidRequestError `invalid_settings`, `invalid_time_zone`; ConflictError `time_zone_in_use`
   */
  async change(tenant: Tenant, change: Partial<StoredSettings>): Promise<StoredSettings> {
    const { organisationId } = tenant;
    return this.database.tenantInTurn(organisationId, async (db) => {
      await raiseCapsRevision(db, organisationId);
      await pauseEntitlements(db, organisationId);
      const before = await findSettings(db, organisationId);
      const after = { ...before, ...change };
      if (JSON.stringify(before) === JSON.stringify(after)) return before;
      refuseImpossible(after);
      if (after.time_zone !== before.time_zone && (await zoneIsInUse(db, organisationId))) {
        throw new ConflictError(
          'time_zone_in_use',
          'Caps count days by this time zone, and what they have counted would be of other days. Archive them first.',
          [{ field: 'timeZone', detail: 'is used by caps for all customers together' }],
        );
      }

      await saveSettings(db, organisationId, after, this.clock.now());
      await recordAudit(db, tenant, {
        action: 'entitlement_settings.changed',
        subject: { kind: 'organisation', id: toPublicId('organisation', organisationId) },
        before: { ...before },
        after: { ...after },
      });
      return after;
    });
  }
}

function refuseImpossible(settings: StoredSettings): void {
  if (!isTimeZone(settings.time_zone)) {
    const detail = 'must be an IANA time zone such as Europe/Berlin';
    throw new InvalidRequestError('invalid_time_zone', `timeZone: ${detail}`, [{ field: 'timeZone', detail }]);
  }
  if (settings.default_ttl_seconds > settings.longest_ttl_seconds) {
    throw invalid('defaultTtl', 'must not be longer than longestTtl');
  }
  if ((settings.away_amount === null) !== (settings.away_holds === null)) {
    throw invalid('away', 'needs both an amount and a number of holds, or neither');
  }
}

function invalid(field: string, detail: string): InvalidRequestError {
  return new InvalidRequestError('invalid_settings', `${field} ${detail}.`, [{ field, detail }]);
}
