import { Inject, Injectable } from '@nestjs/common';
import { actingFor } from '../../access';
import { Clock, invariant } from '../../kernel';
import { LOGGER, type Logger } from '../../platform';
import { asQueryable, Database, type Queryable } from '../../platform/database';
import type { PeriodicJob } from '../../platform/jobs';
import { insertAlerts } from '../alerts/alert-store';
import { CountingService } from '../counting/counting.service';
import {
  alertsOf,
  book,
  type Cap,
  type Counter,
  type CounterRef,
  counterRefs,
  counterValue,
  limitAt,
  type ScopeFacts,
} from '../domain';
import { addCountersToHolds, type CapHold, findHoldsToTakeOver, namesOf } from '../persistence/cap-holds';
import type { NamedHolds } from '../persistence/cap-recount';
import { lockCounters, saveCounters } from '../persistence/counter-store';
import { pauseEntitlements, raiseCapsRevision } from '../persistence/locks';
import { loadRules } from '../persistence/rules-store';
import type { EntitlementRules } from '../rules';
import { addHold, CapRecounter, counterOf } from './cap-recounter';
import { type CapWindows, CapWindowsService } from './cap-windows';
import { ScopeFactsService } from './scope-facts.service';

const EVERY_MS = 5_000;

/** What filling found. */
export interface Filled {
  /** Whether any usage or hold was in the cap's scope. */
  readonly foundAny: boolean;
}

/**
 * Brings into a new cap what its running period had before the cap was made. Ingest goes on meanwhile: from the cap's first
 * batch on counting adds to its counters, and this adds what came before. It is one transaction, so what is interrupted
 * begins again with nothing done, by the job.
 */
@Injectable()
export class CapFiller {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(CapWindowsService) private readonly windows: CapWindowsService,
    @Inject(CapRecounter) private readonly recounter: CapRecounter,
    @Inject(ScopeFactsService) private readonly facts: ScopeFactsService,
    @Inject(CountingService) private readonly counting: CountingService,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Fills caps that a process which died has left unfilled. */
  job(): PeriodicJob {
    return {
      name: 'fill caps',
      everyMs: EVERY_MS,
      run: async (stopping) => {
        const { rows } = await this.database.owner.query<{ organisation_id: string; id: string }>(
          'SELECT organisation_id, id FROM cap WHERE active_at IS NULL AND archived_at IS NULL ORDER BY created_at',
        );
        for (const { organisation_id: organisationId, id } of rows) {
          if (stopping.aborted) return;
          try {
            await this.fill(organisationId, id);
          } catch (error) {
            this.logger.error({ err: error, cap: id }, 'a cap could not be filled; the next turn tries again');
          }
        }
      },
    };
  }

  /**
   * Fills a cap and makes it count in decisions. Does nothing where another was faster, or it is archived.
   *
   * @returns null where there was nothing to do
   */
  async fill(organisationId: string, capId: string): Promise<Filled | null> {
    const tenant = actingFor(organisationId);
    const rules = await this.database.tenant(organisationId, (db) => loadRules(db, organisationId, 'filling'));
    const cap = rules.capsById.get(capId);
    if (cap === undefined || cap.active) return null;
    // What customers are charged is rated only where somebody asks; a cap of spend is somebody.
    if (cap.measure === 'spend') await this.counting.now(organisationId);
    const windows = await this.windows.of(tenant, cap, rules.settings.timeZone);
    const meter = await this.recounter.meterOf(organisationId, cap);
    const facts = await this.factsOfHolds(organisationId, rules, cap, windows);

    return this.database.ownerTransaction(async (client) => {
      const db = asQueryable(client);
      // Of usage before the cap's first batch nothing changes any more; it is added up while all others go on.
      const batches = { kind: 'before', batch: cap.fromBatch } as const;
      const sum = (holds: NamedHolds | null): Promise<Map<string, Counter>> =>
        this.recounter.usage(db, organisationId, cap, windows, batches, holds, meter);
      const usage = cap.measure === 'spend' ? null : await sum(null);

      await raiseCapsRevision(db, organisationId);
      await pauseEntitlements(db, organisationId);
      if (!(await lockUnfilled(db, organisationId, capId))) return null;
      const taken = await this.takeOver(db, organisationId, cap, rules, windows, facts);
      if (usage === null) {
        // What is charged is all written down with the counting of this very moment, so it is set, not added.
        const truth = await this.recounter.truth(db, organisationId, cap, windows, meter);
        await this.set(db, organisationId, cap, windows, truth);
      } else {
        const theirs = taken.holds.length === 0 ? new Map<string, Counter>() : await sum(namesOf(taken.holds, 'only'));
        await this.add(db, organisationId, cap, windows, { usage, theirs, held: taken.counters });
      }
      await activate(db, organisationId, capId, this.clock.now());
      return { foundAny: (usage?.size ?? 1) > 0 || taken.holds.length > 0 };
    });
  }

  /** What has to be known of customers who have holds; afterwards, with what others wait for held, nothing else is asked. */
  private async factsOfHolds(
    organisationId: string,
    rules: EntitlementRules,
    { scope }: Cap,
    windows: CapWindows,
  ): Promise<ReadonlyMap<string, ScopeFacts>> {
    const holds = await this.database.tenant(organisationId, (db) =>
      findHoldsToTakeOver(db, organisationId, scope.customer ?? null, beginOf(windows)),
    );
    const facts = new Map<string, ScopeFacts>();
    for (const customerId of new Set(holds.map((hold) => hold.customerId))) {
      facts.set(customerId, await this.facts.of(actingFor(organisationId), customerId, rules));
    }
    return facts;
  }

  /** @returns the holds that are the cap's from now on, and what they hold and came to, by counter */
  private async takeOver(
    db: Queryable,
    organisationId: string,
    cap: Cap,
    { settings }: EntitlementRules,
    windows: CapWindows,
    facts: ReadonlyMap<string, ScopeFacts>,
  ): Promise<{ holds: CapHold[]; counters: Map<string, Counter> }> {
    const all = await findHoldsToTakeOver(db, organisationId, cap.scope.customer ?? null, beginOf(windows));
    const byId = new Map(all.map((hold) => [hold.id, hold]));
    const rootOf = (hold: CapHold): CapHold | undefined => {
      const parent = hold.parentId === null ? hold : byId.get(hold.parentId);
      return parent === undefined || parent === hold ? parent : rootOf(parent);
    };
    const refsOfHold = (hold: CapHold): readonly CounterRef[] => {
      const known = facts.get(hold.customerId);
      // Whoever has his first hold since was held by this cap already.
      if (known === undefined) return [];
      return counterRefs({ caps: [cap], settings }, hold.scope, hold.countsAt.getTime() * 1_000, known);
    };

    const holds: CapHold[] = [];
    const counters = new Map<string, Counter>();
    const added: [string, string][] = [];
    for (const hold of all) {
      const root = rootOf(hold);
      const refs = root === undefined ? [] : refsOfHold(root);
      const missing = refs.filter((ref) => !hold.counters.includes(ref.id) && isRunning(hold, ref, windows));
      for (const { id, eachValues, period } of missing) {
        const counter = counterOf(counters, cap, eachValues, period);
        addHold(counter, cap, hold, windows.nowOf(counterValue(cap, eachValues, 'customer')));
        added.push([hold.id, id]);
      }
      if (missing.length > 0) holds.push(hold);
    }
    await addCountersToHolds(db, organisationId, added);
    return { holds, counters };
  }

  private async add(
    db: Queryable,
    organisationId: string,
    cap: Cap,
    windows: CapWindows,
    { usage, theirs, held }: Readonly<Record<'usage' | 'theirs' | 'held', ReadonlyMap<string, Counter>>>,
  ): Promise<void> {
    const locked = await lockCounters(db, organisationId, refsOf(cap, [usage, held]), []);
    for (const [id, counter] of usage) move(locked.get(id)!, cap, counter, 1n, windows);
    for (const [id, counter] of theirs) move(locked.get(id)!, cap, counter, -1n, windows);
    for (const [id, counter] of held) move(locked.get(id)!, cap, counter, 1n, windows);
    await this.save(db, organisationId, cap, windows, locked);
  }

  private async set(
    db: Queryable,
    organisationId: string,
    cap: Cap,
    windows: CapWindows,
    truth: ReadonlyMap<string, Counter>,
  ): Promise<void> {
    const locked = await lockCounters(db, organisationId, refsOf(cap, [truth]), []);
    for (const [id, { settled, held, buckets }] of truth) {
      Object.assign(locked.get(id)!, { settled, held, buckets, changed: true });
    }
    await this.save(db, organisationId, cap, windows, locked);
  }

  private async save(
    db: Queryable,
    organisationId: string,
    cap: Cap,
    { nowOf }: CapWindows,
    counters: ReadonlyMap<string, Counter>,
  ): Promise<void> {
    const alerts = [...counters.values()].flatMap((counter) => {
      const at = new Date(nowOf(counterValue(cap, counter.eachValues, 'customer')));
      const change = { before: 0n, after: counter.settled, limit: limitAt(cap, at.getTime()) };
      return alertsOf({ ...cap, active: true }, counter, change, at);
    });
    await saveCounters(db, organisationId, counters.values());
    await insertAlerts(db, organisationId, alerts);
  }
}

function refsOf(cap: Cap, found: readonly ReadonlyMap<string, Counter>[]): CounterRef[] {
  const counters = new Map(found.flatMap((each) => [...each]));
  return [...counters.values()].map(({ id, eachValues, period }) => ({ id, cap, eachValues, period }));
}

/** Adds what another counter of the same cap has to one, or takes it off. */
function move(counter: Counter, cap: Cap, by: Counter, sign: bigint, { nowOf }: CapWindows): void {
  const nowSeconds = nowOf(counterValue(cap, counter.eachValues, 'customer')) / 1_000;
  for (const [seconds, amount] of by.buckets ?? [[0, by.settled] as const]) {
    book(counter, cap, sign * amount, { seconds, nowSeconds });
  }
  if (by.held === 0n) return;
  counter.held += by.held;
  counter.changed = true;
}

/** An open hold is held whatever period it is in; one that has ended counts in periods that go on. */
function isRunning(hold: CapHold, { period }: CounterRef, { windows }: CapWindows): boolean {
  return hold.status === 'open' || windows.some((window) => window.period.start === period.start);
}

function beginOf({ windows }: CapWindows): Date {
  return new Date(Math.min(...windows.map(({ from }) => from), Number.MAX_SAFE_INTEGER) / 1_000);
}

async function lockUnfilled(db: Queryable, organisationId: string, capId: string): Promise<boolean> {
  const rows = await db.query<unknown>(
    `SELECT FROM cap WHERE organisation_id = $1 AND id = $2 AND active_at IS NULL AND archived_at IS NULL FOR NO KEY UPDATE`,
    [organisationId, capId],
  );
  return rows.length > 0;
}

async function activate(db: Queryable, organisationId: string, capId: string, now: Date): Promise<void> {
  const rows = await db.query<unknown>(
    'UPDATE cap SET active_at = $3 WHERE organisation_id = $1 AND id = $2 AND active_at IS NULL RETURNING id',
    [organisationId, capId, now],
  );
  invariant(rows.length === 1, 'a cap is filled once');
}
