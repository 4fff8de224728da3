import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { actingFor, recordAudit, SYSTEM_ACTOR, type Tenant } from '../../access';
import { type EventKey, eventKeyFromUuid, eventKeyToUuid, findEffective, findOncePending } from '../../events';
import { Clock, newUuid, toPublicId } from '../../kernel';
import { Database, pauseIngest } from '../../platform/database';
import type { PeriodicJob } from '../../platform/jobs';
import type { Books } from '../organisation-books';
import { costAgain } from './cost-again';
import { CurrentBooks } from './current-books';
import { eachApart } from './each-apart';
import { EntitlementChanges } from './entitlement-changes';
import { type CostChange, writeCosts } from './write-costs';

/** Events looked at in one transaction. Ingest waits only while costs are written. */
const A_PAGE = 1_000;
const EVERY_MS = 2_000;
export const PRICE_ARRIVED = 'price arrived';

/** How far the pricing of an organisation's pending events has come. */
export interface PricingProgress {
  readonly state: 'idle' | 'waiting' | 'running';
  readonly lookedAt: number;
  readonly priced: number;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
}

interface ProgressRow {
  revision: string;
  position: string | null;
  change_id: string;
  looked_at: string;
  priced: string;
  started_at: Date;
  finished_at: Date | null;
}

/**
 * Prices pending events once a price for them has arrived. Whatever can make one priceable (a price, a resource, a
 * contract, an exchange rate) raises the organisation's revision, so the job looks again when that has changed, and
 * otherwise at nothing. It goes page by page and remembers where it stands: a restart goes on from there.
 */
@Injectable()
export class PendingCostsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(CurrentBooks) private readonly books: CurrentBooks,
    @Inject(EntitlementChanges) private readonly entitlements: EntitlementChanges,
  ) {}

  job(): PeriodicJob {
    return {
      name: 'price pending events',
      everyMs: EVERY_MS,
      run: async (stopping) => {
        const { rows } = await this.database.owner.query<{ id: string }>(
          `SELECT organisation.id FROM organisation LEFT JOIN pending_pricing AS done ON done.organisation_id = organisation.id
            WHERE done.revision IS DISTINCT FROM organisation.catalog_revision OR done.position IS NOT NULL
            ORDER BY organisation.id`,
        );
        await eachApart(rows, async ({ id }) => {
          let more = true;
          while (more && !stopping.aborted) more = await this.priceNextPage(actingFor(id));
        });
      },
    };
  }

  /**
   * Looks at the next page of pending events and gives those a cost that have a price now.
   *
   * @returns whether there may be more
   */
  async priceNextPage(tenant: Tenant): Promise<boolean> {
    const { organisationId } = tenant;
    let priced = 0;
    const more = await this.database.tenant(organisationId, async (db) => {
      const books = await this.books.of(db, organisationId);
      const progress = await this.progressAt(db, organisationId, books.revision);
      const after = progress.position === null ? null : eventKeyFromUuid(progress.position);
      const keys = await findOncePending(db, organisationId, after, A_PAGE);
      if ((await this.priceable(db, organisationId, keys, books)).length > 0) {
        await pauseIngest(db, organisationId);
        // What was found before ingest was paused may have changed since, the books as well; then the page starts again.
        const now = await this.books.of(db, organisationId);
        if (now.revision !== books.revision) return true;
        const changes = await this.priceable(db, organisationId, keys, now);
        const change = { changeId: progress.change_id, reason: PRICE_ARRIVED, madeBy: SYSTEM_ACTOR };
        const made = { ...change, madeAt: this.clock.now() };
        await writeCosts(db, organisationId, made, changes, this.entitlements);
        priced = changes.length;
      }
      const isFull = keys.length === A_PAGE;
      await this.remember(db, tenant, progress, { looked: keys.length, priced, last: isFull ? keys.at(-1)! : null });
      return isFull;
    });
    if (priced > 0) this.entitlements.committed(organisationId);
    return more;
  }

  /** How far it is, for whoever waits for it. */
  async progress(tenant: Tenant): Promise<PricingProgress> {
    return this.database.tenant(tenant.organisationId, async (db) => {
      const [row] = await db.query<(ProgressRow & { current: string })[]>(
        `SELECT done.*, organisation.catalog_revision AS current
           FROM pending_pricing AS done JOIN organisation ON organisation.id = done.organisation_id
          WHERE done.organisation_id = $1`,
        [tenant.organisationId],
      );
      if (row === undefined) return { state: 'waiting', lookedAt: 0, priced: 0, startedAt: null, finishedAt: null };
      return {
        state: row.revision !== row.current ? 'waiting' : row.finished_at === null ? 'running' : 'idle',
        lookedAt: Number(row.looked_at),
        priced: Number(row.priced),
        startedAt: row.started_at,
        finishedAt: row.finished_at,
      };
    });
  }

  private async priceable(
    db: EntityManager,
    organisationId: string,
    keys: readonly EventKey[],
    books: Books,
  ): Promise<CostChange[]> {
    const changes: CostChange[] = [];
    for (const event of (await findEffective(db, organisationId, keys)).values()) {
      if (event.costStatus !== 'pending') continue;
      const cost = costAgain(event, books);
      if (cost !== null && cost.status !== 'pending') changes.push({ event, cost });
    }
    return changes;
  }

  /** Where it stands by these books; with other books it starts again. Held against another process until the commit. */
  private async progressAt(db: EntityManager, organisationId: string, revision: string): Promise<ProgressRow> {
    await db.query(
      `INSERT INTO pending_pricing AS known (organisation_id, revision, change_id, looked_at, priced, started_at)
       VALUES ($1, $2, $3, 0, 0, $4)
       ON CONFLICT (organisation_id) DO UPDATE
         SET revision = excluded.revision, position = NULL, change_id = excluded.change_id, looked_at = 0, priced = 0,
             started_at = excluded.started_at, finished_at = NULL
       WHERE known.revision <> excluded.revision`,
      [organisationId, revision, newUuid(), this.clock.now()],
    );
    const [row] = await db.query<ProgressRow[]>('SELECT * FROM pending_pricing WHERE organisation_id = $1 FOR UPDATE', [
      organisationId,
    ]);
    return row!;
  }

  private async remember(
    db: EntityManager,
    tenant: Tenant,
    progress: ProgressRow,
    { looked, priced, last }: { looked: number; priced: number; last: EventKey | null },
  ): Promise<void> {
    const all = Number(progress.priced) + priced;
    await db.query(
      `UPDATE pending_pricing SET position = $2, looked_at = looked_at + $3, priced = $4, finished_at = $5
        WHERE organisation_id = $1`,
      [
        tenant.organisationId,
        last === null ? null : eventKeyToUuid(last),
        looked,
        all,
        last === null ? this.clock.now() : null,
      ],
    );
    if (last !== null || all === 0) return;
    await recordAudit(db, tenant, {
      action: 'costs.priced',
      subject: { kind: 'costs', id: toPublicId('change', progress.change_id) },
      reason: PRICE_ARRIVED,
      after: { events: all },
    });
  }
}
