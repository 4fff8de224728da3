import { Inject, Injectable } from '@nestjs/common';
import { Database } from '../../platform/database';
import { RulesChanged } from '../../wallet';
import { CountingService } from '../counting/counting.service';
import { countWaiting } from '../caps/count-waiting';
import { pauseEntitlements, raiseCapsRevision } from '../persistence/locks';

/** Offers the room of wallets what this one does for it. */
@Injectable()
export class CreditBurnerPort {
  constructor(
    @Inject(RulesChanged) rulesChanged: RulesChanged,
    @Inject(Database) database: Database,
    @Inject(CountingService) counting: CountingService,
  ) {
    rulesChanged.offer({
      rulesChanged: async (db, organisationId) => {
        await raiseCapsRevision(db, organisationId);
        await pauseEntitlements(db, organisationId);
      },
      countWaiting: (organisationId) => countWaiting(database, counting, organisationId),
    });
  }
}
