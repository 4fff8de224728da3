import { Inject, Injectable } from '@nestjs/common';
import { recordAudit, type Tenant } from '../../access';
import { Clock, fromPublicId, NotFoundError, toPublicId } from '../../kernel';
import { acknowledgeSession, findFinding, type FindingQuery, listFindings, type StoredFinding } from '../../loops';
import { Database } from '../../platform/database';
import { CountingService } from '../counting/counting.service';
import { joinEntitlements } from '../persistence/locks';

/** Shows what was found of agents that run away, and takes note that somebody has seen it. */
@Injectable()
export class LoopFindingsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(CountingService) private readonly counting: CountingService,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** Newest first. What was accepted before this is asked has been looked at. */
  async list(tenant: Tenant, query: FindingQuery): Promise<StoredFinding[]> {
    const { organisationId } = tenant;
    await this.counting.now(organisationId);
    return this.database.tenant(organisationId, (db) => listFindings(db, organisationId, query));
  }

  /** @throws NotFoundError */
  async find(tenant: Tenant, reference: string): Promise<StoredFinding> {
    const { organisationId } = tenant;
    const id = fromPublicId('loopFinding', reference);
    const found =
      id === null ? null : await this.database.tenant(organisationId, (db) => findFinding(db, organisationId, id));
    if (found === null) throw new NotFoundError('loop finding', reference);
    return found;
  }

  /**
   * Resolves a finding: from now on only what its session does anew counts, and the same is told again if it goes on. A
   * session that it stopped stays stopped until it is resumed. A repeat changes nothing.
   *
   * @throws NotFoundError
   */
  async resolve(tenant: Tenant, reference: string, reason: string | null): Promise<StoredFinding> {
    const { organisationId } = tenant;
    return this.database.tenant(organisationId, async (db) => {
      const found = await this.find(tenant, reference);
      if (found.resolvedAt !== null) return found;
      await joinEntitlements(db, organisationId);
      await acknowledgeSession(db, organisationId, found, this.clock.now(), [found.kind]);
      await recordAudit(db, tenant, {
        action: 'loop_finding.resolved',
        subject: { kind: 'loop_finding', id: toPublicId('loopFinding', found.id) },
        reason: reason ?? undefined,
      });
      return this.find(tenant, reference);
    });
  }
}
