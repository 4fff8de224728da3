import { Inject, Injectable } from '@nestjs/common';
import type { PoolClient } from 'pg';
import { actingFor } from '../../access';
import { CustomerDirectory } from '../../customers';
import { Clock, type Micros, scaledFromDecimal, toPublicId } from '../../kernel';
import { LOGGER, type Logger } from '../../platform';
import { asQueryable, Database, type Queryable } from '../../platform/database';
import { type LockedWallet, lockWallets, saveWallets, type WalletState } from '../../wallet';
import { insertAlerts } from '../alerts/alert-store';
import { ScopeFactsService } from '../caps/scope-facts.service';
import {
  type Alert,
  alertsOf,
  alertsOfHolds,
  type Counted,
  type CounterRef,
  type CountedBy,
  type CountedState,
  countGroups,
  counterRefs,
  counterValue,
  type Hold,
  limitAt,
  type PendingRow,
  refsToCount,
  type ScopeFacts,
  type Uncounted,
  unpackGroups,
  type WorkScope,
} from '../domain';
import { EntitlementBooks } from '../entitlement-books';
import { lockCounters, saveCounters } from '../persistence/counter-store';
import { lockHolds, relatedHolds, saveHolds } from '../persistence/hold-store';
import { joinEntitlements, lockCounting } from '../persistence/locks';
import type { EntitlementRules } from '../rules';
import { LoopWatcher } from '../sessions/loop-watcher';
import type { RatedCustomers } from '../spend/charged-so-far';
import { CreditBurner } from '../spend/credit-burner';
import { SpendCounter } from '../spend/spend-counter';
import type { Counting, SpendEntry } from './counting-step';

/** Most pending rows in one transaction. */
const MOST_ROWS = 5_000;

/** What became of one turn: nothing waited, everything that waited is counted, more waits, or it has to begin again. */
export type CountingOutcome = 'nothing' | 'done' | 'more' | 'again';

/** What a turn works on, read before any row is locked. */
interface Loaded {
  readonly rules: EntitlementRules;
  readonly rows: readonly PendingRow[];
  readonly rated: RatedCustomers | null;
  readonly facts: ReadonlyMap<string, ScopeFacts>;
  /** What test clocks show, by customer; others live in the real time. */
  readonly clocks: ReadonlyMap<string, number>;
}

interface PendingRowText {
  readonly id: string;
  readonly batch: string;
  readonly summary: string;
}

/**
 * Counts what waits of one organisation, in one transaction: holds that events name are settled, counters of caps move,
 * what is charged is written down and credit burned for it, loops are looked for, alerts are told, and the rows are gone.
 * A crash leaves all of it as it was, to be counted by whoever comes next.
 *
 * Everything that takes another connection is read while only the lock of counting is held, for which nobody waits who
 * holds such a connection; so a pool that is used up can't make two wait for each other.
 */
@Injectable()
export class CountingTransaction {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(EntitlementBooks) private readonly books: EntitlementBooks,
    @Inject(CustomerDirectory) private readonly customers: CustomerDirectory,
    @Inject(ScopeFactsService) private readonly scopeFacts: ScopeFactsService,
    @Inject(SpendCounter) private readonly spend: SpendCounter,
    @Inject(CreditBurner) private readonly credit: CreditBurner,
    @Inject(LoopWatcher) private readonly loops: LoopWatcher,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @param retryUnknown rates customers again whose spend couldn't be told, though nothing waits of them */
  async run(organisationId: string, retryUnknown: boolean): Promise<CountingOutcome> {
    const client = await this.database.owner.connect();
    let broken = true;
    try {
      await client.query('BEGIN');
      const db = asQueryable(client);
      await lockCounting(db, organisationId);
      const loaded = await this.load(db, organisationId, retryUnknown);
      const outcome = loaded === null ? 'nothing' : await this.count(client, db, organisationId, loaded);
      await client.query(outcome === 'done' || outcome === 'more' ? 'COMMIT' : 'ROLLBACK');
      broken = false;
      return outcome;
    } finally {
      client.release(broken);
    }
  }

  private async load(db: Queryable, organisationId: string, retryUnknown: boolean): Promise<Loaded | null> {
    const rules = await this.books.at(db, organisationId, await revisionOf(db, organisationId));
    const waiting = await readRows(db, organisationId);
    const toRate = (seen: Queryable, rows: readonly PendingRow[]): Promise<string[]> =>
      this.spend.customersToRate(seen, rules, [...customersOf(rows)], retryUnknown);
    const wanted = await toRate(db, waiting);
    if (waiting.length === 0 && wanted.length === 0) return null;

    // What is rated has to be exactly what is counted or waits in these rows: else what others caused would be blamed on
    // them, as it is on the first rows of more than one turn takes. The sum is right all the same.
    const { rows, rated } =
      wanted.length === 0
        ? { rows: waiting, rated: null }
        : await this.database.snapshot(organisationId, async (manager) => {
            const seen = await readRows(manager, organisationId);
            return { rows: seen, rated: await this.rate(rules, await toRate(manager, seen)) };
          });
    const customerIds = [...new Set([...customersOf(rows), ...ratedCustomers(rated)])];
    return { rules, rows, rated, ...(await this.factsOf(organisationId, rules, customerIds)) };
  }

  /** One customer's failure is his, and a failure of all keeps nobody from counting costs and units. */
  private async rate(rules: EntitlementRules, customerIds: readonly string[]): Promise<RatedCustomers> {
    const { organisationId } = rules;
    try {
      const tenant = actingFor(organisationId);
      return await this.database.apart(organisationId, () => this.spend.rate(tenant, rules, customerIds));
    } catch (error) {
      this.logger.error({ err: error, organisationId }, 'what customers are charged could not be told');
      const reason = 'What this customer is charged could not be told because of an internal error.';
      return { charges: [], periods: [], unknown: new Map(customerIds.map((id) => [id, reason])) };
    }
  }

  private async factsOf(
    organisationId: string,
    rules: EntitlementRules,
    customerIds: readonly string[],
  ): Promise<Pick<Loaded, 'facts' | 'clocks'>> {
    const names = new Set(customerIds.map((id) => toPublicId('customer', id)));
    const known = await this.customers.find(organisationId, names);
    const clockIds = new Map<string, string>();
    for (const id of customerIds) {
      const testClockId = known.get(toPublicId('customer', id))?.testClockId ?? null;
      if (testClockId !== null) clockIds.set(id, testClockId);
    }
    const clocks = await this.customers.clocks(organisationId, new Set(clockIds.values()));
    const facts = new Map<string, ScopeFacts>();
    for (const id of customerIds) facts.set(id, await this.scopeFacts.of(actingFor(organisationId), id, rules));
    return { facts, clocks: new Map([...clockIds].map(([id, clockId]) => [id, clocks.get(clockId)!])) };
  }

  private async count(
    client: PoolClient,
    db: Queryable,
    organisationId: string,
    { rules, rows, rated, facts, clocks }: Loaded,
  ): Promise<CountingOutcome> {
    await joinEntitlements(db, organisationId);
    if ((await revisionOf(db, organisationId)) !== rules.revision) return 'again';
    if (!(await deleteRows(db, organisationId, rows))) return 'again';

    const now = this.clock.now();
    const counting: Counting = { db, organisationId, rules, now, rows, rated };
    const entries = await this.spend.count(counting);
    const by: CountedBy = {
      capsById: rules.capsById,
      refsOf: remembering((scope, at) => counterRefs(rules, scope, at, facts.get(scope.customer)!)),
      nowOf: (customerId) => clocks.get(customerId) ?? now.getTime(),
      nowMs: now.getTime(),
    };
    const uncounted: Uncounted = { rows, spend: entries.map(toSpent) };
    const locked = await this.lock(db, organisationId, rules, uncounted, by, rated);
    if (locked === null) return 'again';
    const { state, wallets } = locked;

    const counted = countGroups(uncounted, state, by);
    const alerts = [...alertsFor(counted, state, by, now), ...alertsOfHolds(counted.holds, now)];

    await saveHolds(db, organisationId, state.holds.values());
    await saveCounters(db, organisationId, state.counters.values());
    await saveWallets(db, organisationId, wallets.values());
    await this.credit.burn(counting, entries);
    if (rules.loops) await this.watchLoops(client, counting);
    await insertAlerts(db, organisationId, alerts);
    // Some customers are rated for the first time a few at a time, though nothing of theirs waits.
    return rows.length > 0 && rows.length < MOST_ROWS ? 'done' : 'more';
  }

  /** Takes what is moved, in the order in which everyone does. @returns null where a hold got a part meanwhile */
  private async lock(
    db: Queryable,
    organisationId: string,
    rules: EntitlementRules,
    uncounted: Uncounted,
    by: CountedBy,
    rated: RatedCustomers | null,
  ): Promise<{ state: CountedState; wallets: Map<string, LockedWallet> } | null> {
    const named = new Set<string>();
    for (const { holdId } of uncounted.spend) if (holdId !== null) named.add(holdId);
    for (const { groups } of uncounted.rows) for (const { holdId } of groups) if (holdId !== null) named.add(holdId);

    let holds = new Map<string, Hold>();
    let capOf = new Map<string, string>();
    if (named.size > 0) {
      const ids = await relatedHolds(db, [...named]);
      holds = await lockHolds(db, organisationId, ids);
      const since = await relatedHolds(db, [...named]);
      if (since.some((id) => !ids.includes(id))) return null;
      capOf = await capsOfCounters(
        db,
        [...holds.values()].flatMap((hold) => hold.counters),
      );
    }
    const refs = refsToCount(uncounted, { holds }, (id) => capOf.get(id), by);
    const counters = await lockCounters(db, organisationId, refs, [...capOf.keys()]);

    const walletIds = new Set([...holds.values()].flatMap((hold) => [...hold.wallets.keys()]));
    const customers = new Set([...customersOf(uncounted.rows), ...uncounted.spend.map(({ scope }) => scope.customer)]);
    for (const customerId of ratedCustomers(rated)) customers.add(customerId);
    for (const { id, customerId } of rules.wallets) if (customers.has(customerId)) walletIds.add(id);
    const wallets = await lockWallets(db, organisationId, [...walletIds]);
    return { state: { holds, counters, wallets: new Map<string, WalletState>(wallets) }, wallets };
  }

  /** What loops are found is told beside what is counted: its failure must not keep anything from being counted. */
  private async watchLoops(client: PoolClient, counting: Counting): Promise<void> {
    await client.query('SAVEPOINT loops');
    try {
      await this.loops.watch(counting);
      await client.query('RELEASE SAVEPOINT loops');
    } catch (error) {
      if ((error as { code?: string }).code === '40P01') throw error;
      await client.query('ROLLBACK TO SAVEPOINT loops');
      this.logger.error({ err: error, organisationId: counting.organisationId }, 'loops could not be looked for');
    }
  }
}

async function revisionOf(db: Queryable, organisationId: string): Promise<string> {
  const [row] = await db.query<{ caps_revision: string }>('SELECT caps_revision FROM organisation WHERE id = $1', [
    organisationId,
  ]);
  return row!.caps_revision;
}

async function readRows(db: Queryable, organisationId: string): Promise<PendingRow[]> {
  const rows = await db.query<PendingRowText>(
    `SELECT id, batch, summary FROM entitlement_pending WHERE organisation_id = $1 ORDER BY batch, id LIMIT ${MOST_ROWS}`,
    [organisationId],
  );
  return rows.map(({ id, batch, summary }) => ({ id, batch: Number(batch), groups: unpackGroups(summary) }));
}

/** @returns whether all of them were there: what isn't was counted by someone else */
async function deleteRows(db: Queryable, organisationId: string, rows: readonly PendingRow[]): Promise<boolean> {
  if (rows.length === 0) return true;
  const deleted = await db.query<unknown>(
    'DELETE FROM entitlement_pending WHERE organisation_id = $1 AND id = ANY ($2::bigint[]) RETURNING id',
    [organisationId, rows.map(({ id }) => id)],
  );
  return deleted.length === rows.length;
}

async function capsOfCounters(db: Queryable, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db.query<{ id: string; cap_id: string }>(
    'SELECT id, cap_id FROM cap_counter WHERE id = ANY ($1::uuid[])',
    [[...new Set(ids)]],
  );
  return new Map(rows.map(({ id, cap_id }) => [id, cap_id]));
}

function customersOf(rows: readonly PendingRow[]): Set<string> {
  return new Set(rows.flatMap(({ groups }) => groups.map(({ scope }) => scope.customer)));
}

function ratedCustomers(rated: RatedCustomers | null): Set<string> {
  return new Set(rated === null ? [] : [...rated.periods.map(({ customerId }) => customerId), ...rated.unknown.keys()]);
}

function toSpent({ scope, minute, holdId, currency, amount }: SpendEntry): Uncounted['spend'][number] {
  return { scope, minute, holdId, currency, amount: scaledFromDecimal(amount) };
}

/** The counters of the same work are asked for when they are locked, and when they are moved. */
function remembering(refsOf: CountedBy['refsOf']): CountedBy['refsOf'] {
  const known = new Map<WorkScope, Map<Micros, readonly CounterRef[]>>();
  return (scope, at) => {
    let ofScope = known.get(scope);
    if (ofScope === undefined) known.set(scope, (ofScope = new Map<Micros, readonly CounterRef[]>()));
    let refs = ofScope.get(at);
    if (refs === undefined) ofScope.set(at, (refs = refsOf(scope, at)));
    return refs;
  };
}

function alertsFor({ before }: Counted, { counters }: CountedState, by: CountedBy, now: Date): Alert[] {
  const alerts: Alert[] = [];
  for (const [id, was] of before) {
    const counter = counters.get(id)!;
    const cap = by.capsById.get(counter.capId);
    if (cap === undefined || counter.settled === was) continue;
    const customerId = counterValue(cap, counter.eachValues, 'customer');
    const at = customerId === null ? now : new Date(by.nowOf(customerId));
    const move = { before: was, after: counter.settled, limit: limitAt(cap, at.getTime()) };
    alerts.push(...alertsOf(cap, counter, move, at));
  }
  return alerts;
}
