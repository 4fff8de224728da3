import { Inject, Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { actingFor, actorOf, recordAudit, type Tenant } from '../../access';
import { findEffective, findInRange, type StoredEvent } from '../../events';
import {
  Clock,
  ConflictError,
  decimalText,
  fromPublicId,
  newUuid,
  NotFoundError,
  scaledToDecimal,
  toPublicId,
  ZERO,
} from '../../kernel';
import { firstHourWithEvents, HOUR_MICROS } from '../../metering';
import { Database, pauseIngest } from '../../platform/database';
import type { PeriodicJob } from '../../platform/jobs';
import type { Books } from '../organisation-books';
import { costAgain, isOtherCost } from './cost-again';
import { CurrentBooks } from './current-books';
import { eachApart } from './each-apart';
import { EntitlementChanges } from './entitlement-changes';
import {
  findRecosting,
  FIRST_KEY,
  insertRecosting,
  listRecostings,
  type Recosting,
  type RecostingScope,
  saveRecosting,
} from './recosting-store';
import { TouchedInvoices } from './touched-invoices';
import { type CostChange, nextBatch, writeCosts } from './write-costs';

/** Events, and at most hours, looked at in one transaction. */
const A_PAGE = 1_000;
const HOURS_A_PAGE = 200;
/** How long a request works on it before it answers; the job goes on. */
const INLINE_MS = 1_000;
const EVERY_MS = 1_000;

/** A step's events, and where the next one begins. */
interface Page {
  readonly events: readonly StoredEvent[];
  readonly position: Recosting['position'];
  readonly isLast: boolean;
}

/**
 * Costs stored events again by the price book as it is now: first a preview that stores nothing but what it found, then,
 * on request, a cost record beside each event whose cost is another one. Both go page by page in short transactions, by
 * the request as long as it may take and by a job from there, and go on where they stood after a restart.
 *
 * What was previewed is what happens: the same books (their revision is compared at every page) and the same events (as
 * they were when the preview began). What was corrected since is left as it is, and counted.
 */
@Injectable()
export class RecostingsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(CurrentBooks) private readonly books: CurrentBooks,
    @Inject(TouchedInvoices) private readonly invoices: TouchedInvoices,
    @Inject(EntitlementChanges) private readonly entitlements: EntitlementChanges,
  ) {}

  /** Goes on with what no request waits for. */
  job(): PeriodicJob {
    return {
      name: 're-cost events',
      everyMs: EVERY_MS,
      run: async (stopping) => {
        const { rows } = await this.database.owner.query<{ organisation_id: string; id: string }>(
          `SELECT organisation_id, id FROM recosting WHERE status IN ('previewing', 'applying') ORDER BY id`,
        );
        await eachApart(rows, async (row) => {
          let more = true;
          while (more && !stopping.aborted) more = await this.step(actingFor(row.organisation_id), row.id);
        });
      },
    };
  }

  /** Begins a preview. A repeat begins another; it changes no cost. */
  async preview(tenant: Tenant, scope: RecostingScope): Promise<Recosting> {
    const { organisationId } = tenant;
    const id = newUuid();
    await this.database.tenant(organisationId, async (db) => {
      // While nothing is being accepted the number is an exact cut: these events, and no other, are previewed and changed.
      await pauseIngest(db, organisationId);
      const { revision } = await this.books.of(db, organisationId);
      const throughBatch = await nextBatch(db);
      const { apiKeyId, name } = await actorOf(db, tenant);
      const createdAt = this.clock.now();
      await insertRecosting(db, organisationId, {
        ...scope,
        id,
        revision,
        throughBatch,
        apiKeyId,
        madeBy: name,
        createdAt,
      });
    });
    await this.workOn(tenant, id);
    return this.get(tenant, id);
  }

  /**
   * Begins to write what was previewed. A repeat answers how far it is.
   *
   * @throws NotFoundError, ConflictError `recosting_not_ready`, `recosting_outdated` when the books changed since
   */
  async apply(tenant: Tenant, reference: string): Promise<Recosting> {
    const { organisationId } = tenant;
    const { id } = await this.find(tenant, reference);
    await this.database.tenant(organisationId, async (db) => {
      const recosting = (await findRecosting(db, organisationId, id, true))!;
      if (recosting.status === 'applying' || recosting.status === 'applied') return;
      if (recosting.status !== 'previewed') throw notReady(recosting);
      if ((await this.books.of(db, organisationId)).revision !== recosting.revision) throw outdated();

      const position = { time: recosting.from.getTime() * 1_000, key: FIRST_KEY };
      const applyBy = (await actorOf(db, tenant)).name;
      await saveRecosting(db, organisationId, { ...recosting, status: 'applying', position, applyBy });
      await recordAudit(db, tenant, {
        action: 'recosting.applied',
        subject: { kind: 'recosting', id: toPublicId('recosting', id) },
        reason: recosting.reason,
        before: { cost: decimalText(recosting.costBefore), pendingEvents: recosting.pendingBefore },
        after: {
          cost: decimalText(recosting.costAfter),
          pendingEvents: recosting.pendingAfter,
          changed: recosting.changed,
        },
      });
    });
    await this.workOn(tenant, id);
    return this.get(tenant, id);
  }

  /** @throws NotFoundError */
  async find(tenant: Tenant, reference: string): Promise<Recosting> {
    const id = fromPublicId('recosting', reference);
    const found =
      id === null
        ? null
        : await this.database.tenant(tenant.organisationId, (db) => findRecosting(db, tenant.organisationId, id));
    if (found === null) throw new NotFoundError('recosting', reference);
    return found;
  }

  /** Newest first. */
  async list(tenant: Tenant, before: string | null, limit: number): Promise<Recosting[]> {
    return this.database.tenant(tenant.organisationId, (db) =>
      listRecostings(db, tenant.organisationId, before, limit),
    );
  }

  /** One page in one transaction. @returns whether there is more to do */
  async step(tenant: Tenant, id: string): Promise<boolean> {
    const { organisationId } = tenant;
    let applied = 0;
    const more = await this.database.tenant(organisationId, async (db) => {
      const recosting = await findRecosting(db, organisationId, id, true);
      if (recosting?.status !== 'previewing' && recosting?.status !== 'applying') return false;
      const books = await this.books.of(db, organisationId);
      const page = await this.pageOf(db, organisationId, recosting);
      const next =
        books.revision !== recosting.revision
          ? stopped(recosting)
          : recosting.status === 'previewing'
            ? await this.previewPage(db, organisationId, recosting, page, books)
            : await this.applyPage(db, organisationId, recosting, page, books);

      await saveRecosting(db, organisationId, next);
      applied = next.applied - recosting.applied;
      return next.status === 'previewing' || next.status === 'applying';
    });
    if (applied > 0) this.entitlements.committed(organisationId);
    return more;
  }

  private async workOn(tenant: Tenant, id: string): Promise<void> {
    const until = performance.now() + INLINE_MS;
    let more = true;
    while (more && performance.now() < until) more = await this.step(tenant, id);
  }

  private async get(tenant: Tenant, id: string): Promise<Recosting> {
    return this.find(tenant, toPublicId('recosting', id));
  }

  /** The next events, hour by hour: an hour is found without looking at the others, and empty ones are passed over. */
  private async pageOf(db: EntityManager, organisationId: string, recosting: Recosting): Promise<Page> {
    const { customerId, provider, model, throughBatch } = recosting;
    const end = recosting.to.getTime() * 1_000;
    const events: StoredEvent[] = [];
    let { position } = recosting;
    for (let hours = 0; hours < HOURS_A_PAGE && position.time < end; hours += 1) {
      const from = position.time;
      const hour = Math.floor(from / HOUR_MICROS) * HOUR_MICROS;
      const next = await firstHourWithEvents(db, organisationId, hour);
      if (next === null || next >= end) return { events, position: { time: end, key: FIRST_KEY }, isLast: true };
      if (next > hour) position = { time: next, key: FIRST_KEY };
      // One customer's events are in the order of their time already.
      const to = customerId === null ? Math.min(end, next + HOUR_MICROS) : end;
      const range = { from: position.time, to, customerId, provider, model, throughBatch };
      const found = await findInRange(db, organisationId, range, position, A_PAGE - events.length);
      events.push(...found);
      if (events.length === A_PAGE) {
        const last = events.at(-1)!;
        return { events, position: { time: last.happenedAt, key: last.key }, isLast: false };
      }
      position = { time: to, key: FIRST_KEY };
    }
    return { events, position, isLast: position.time >= end };
  }

  private async previewPage(
    db: EntityManager,
    organisationId: string,
    recosting: Recosting,
    { events, position, isLast }: Page,
    books: Books,
  ): Promise<Recosting> {
    const costs = events.map((event) => ({ event, cost: costAgain(event, books) }));
    const changed = costs.filter(({ event, cost }) => cost !== null && isOtherCost(event, cost));
    const moments = changed.map(({ event }) => ({ customerId: event.customerId, time: event.happenedAt }));
    const touched = await this.invoices.by(db, organisationId, moments);

    let { costBefore, costAfter, pendingBefore, pendingAfter } = recosting;
    for (const { event, cost } of costs) {
      costBefore = costBefore.plus(event.amount ?? ZERO);
      const amount = cost === null ? event.amount : cost.amount === null ? null : scaledToDecimal(cost.amount);
      costAfter = costAfter.plus(amount ?? ZERO);
      if (event.costStatus === 'pending') pendingBefore += 1;
      if ((cost?.status ?? event.costStatus) === 'pending') pendingAfter += 1;
    }
    return {
      ...recosting,
      position,
      status: isLast ? 'previewed' : 'previewing',
      events: recosting.events + events.length,
      changed: recosting.changed + changed.length,
      costBefore,
      costAfter,
      pendingBefore,
      pendingAfter,
      invoiceIds: [...new Set([...recosting.invoiceIds, ...touched.map((invoice) => invoice.id)])],
    };
  }

  private async applyPage(
    db: EntityManager,
    organisationId: string,
    recosting: Recosting,
    { events, position, isLast }: Page,
    books: Books,
  ): Promise<Recosting> {
    const wanted: CostChange[] = events.flatMap((event) => {
      const cost = costAgain(event, books);
      return cost !== null && isOtherCost(event, cost) ? [{ event, cost }] : [];
    });
    const now = this.clock.now();
    const next: Recosting = {
      ...recosting,
      position,
      status: isLast ? 'applied' : 'applying',
      appliedAt: isLast ? now : null,
    };
    if (wanted.length === 0) return next;

    await pauseIngest(db, organisationId);
    // Books can't change from here on; up to here they may have.
    if ((await this.books.of(db, organisationId)).revision !== recosting.revision) return stopped(recosting);
    const current = await findEffective(
      db,
      organisationId,
      wanted.map(({ event }) => event.key),
    );
    const changes = wanted.filter(({ event }) => isAsPreviewed(event, current.get(event.key)));
    const { reason, applyBy } = recosting;
    const change = { changeId: recosting.id, reason, madeBy: applyBy!, madeAt: now };
    await writeCosts(db, organisationId, change, changes, this.entitlements);
    return {
      ...next,
      applied: recosting.applied + changes.length,
      skipped: recosting.skipped + wanted.length - changes.length,
    };
  }
}

/** Whether it still counts with the cost it had in the preview. */
function isAsPreviewed(previewed: StoredEvent, current: StoredEvent | undefined): boolean {
  if (current?.costStatus !== previewed.costStatus) return false;
  if (current.amount === null || previewed.amount === null) return current.amount === previewed.amount;
  return current.amount.equals(previewed.amount);
}

function stopped(recosting: Recosting): Recosting {
  const stoppedReason =
    recosting.status === 'applying'
      ? `The price book or a meter changed while it was applied. ${recosting.applied} of ${recosting.changed} events have their new cost; preview again for the others.`
      : 'The price book or a meter changed during the preview. Preview again.';
  return { ...recosting, status: 'stopped', stoppedReason };
}

function notReady(recosting: Recosting): ConflictError {
  return new ConflictError(
    'recosting_not_ready',
    recosting.status === 'stopped'
      ? recosting.stoppedReason!
      : 'Its preview is still being made. Ask again in a moment.',
  );
}

function outdated(): ConflictError {
  return new ConflictError(
    'recosting_outdated',
    'The price book or a meter changed since the preview, so what it showed is not what would happen. Preview again.',
  );
}
