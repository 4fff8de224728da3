import type { Pool, PoolClient } from 'pg';
import { DomainError } from '../../kernel';
import { asQueryable } from '../../platform/database';
import {
  type Alert,
  alertsOf,
  alertsOfHolds,
  type Counter,
  countsNow,
  decide,
  type HoldCommand,
  type HoldOutcome,
  isNothing,
  limitAt,
  type LockedState,
  type SessionControl,
  sessionKey,
} from '../domain';
import type { EntitlementBooks } from '../entitlement-books';
import type { EntitlementRules } from '../rules';
import { relatedHolds } from './hold-store';
import { HoldTransactions, type Told, type Wanted } from './hold-transaction';

/** More holds wait than the database takes in; nothing of the request was held or booked. */
export class HoldsOverloadedError extends DomainError {
  readonly code = 'overloaded';
  readonly kind = 'unavailable';
}

/** Where waiting events are counted before something is decided. */
export interface Counts {
  now(organisationId: string): Promise<void>;
}

interface Submission {
  readonly command: HoldCommand;
  /** The revision by which its counters were found; null: whichever. */
  readonly revision: string | null;
  /** Null: the rules are other ones by now. */
  readonly resolve: (outcome: HoldOutcome | null) => void;
  readonly reject: (error: unknown) => void;
}

/** Two writers overlap this process with PostgreSQL; a second one isn't worth its commit for a few. */
const WRITERS = 2;
const COMMANDS_FOR_ANOTHER = 128;
const COMMANDS_A_COMMIT = 2_000;
const COMMANDS_WAITING = 50_000;
/** Something that is in the way may change while it is cleared; after so many tries something is wrong. */
const TRIES = 8;
/** Alerts that were told lately, so that a loop that is refused thousands of times asks for its alert once. */
const MOST_TOLD = 10_000;

/**
 * Decides holds and their ends, many requests to one transaction. Requests that arrive while the writers are busy wait and are
 * taken together, so that the group grows with the load and a lone request waits for nobody.
 *
 * In the transaction: everything that decides is locked in one order, the pure `decide` answers each command by what those
 * before it left, what changed is written, all or nothing. An answer is given after the commit.
 */
export class HoldCommit {
  private queue: Submission[] = [];
  private busy = 0;
  private idle: (() => void)[] = [];
  private readonly transactions = new HoldTransactions();
  private readonly told = new Set<string>();

  constructor(
    private readonly pool: Pool,
    private readonly books: EntitlementBooks,
    private readonly counts: Counts,
    /** Holds of an organisation that should have expired by now. */
    private readonly expired: (
      client: PoolClient,
      organisationIds: readonly string[],
      now: Date,
    ) => Promise<HoldCommand[]>,
  ) {}

  /** @throws HoldsOverloadedError, and whatever PostgreSQL throws */
  async submit(command: HoldCommand): Promise<HoldOutcome> {
    return (await this.submitAt(command, null))!;
  }

  /**
   * The same for a command that was prepared by the rules of a revision.
   *
   * @returns null where there are others by now: it is to be prepared again
   */
  submitAt(command: HoldCommand, revision: string | null): Promise<HoldOutcome | null> {
    if (this.queue.length >= COMMANDS_WAITING) {
      return Promise.reject(
        new HoldsOverloadedError('More holds are waiting than can be decided right now. Nothing was held; ask again.'),
      );
    }
    return new Promise((resolve, reject) => {
      this.queue.push({ command, revision, resolve, reject });
      if (this.busy === 0 || (this.busy < WRITERS && this.queue.length >= COMMANDS_FOR_ANOTHER)) void this.write();
    });
  }

  /** Resolves when everything submitted so far has been answered. */
  async drain(): Promise<void> {
    if (this.busy === 0) return;
    await new Promise<void>((resolve) => this.idle.push(resolve));
  }

  private async write(): Promise<void> {
    this.busy += 1;
    let client: PoolClient | null = null;
    while (this.queue.length > 0) {
      let group: Submission[] = [];
      try {
        client ??= await this.pool.connect();
        // Taken only now, with what came meanwhile; another writer may have taken all of it.
        group = this.queue.splice(0, COMMANDS_A_COMMIT);
        await this.decideGroup(client, group);
      } catch (error) {
        // Without a connection nothing was taken: whoever waits is told.
        if (client === null) group = this.queue.splice(0);
        // Closing it rolls back whatever is open.
        client?.release(true);
        client = null;
        await this.decideApart(group, error);
      }
    }
    client?.release();
    this.busy -= 1;
    if (this.busy === 0) for (const resolve of this.idle.splice(0)) resolve();
  }

  /** A failure that one command causes must not take the others with it: each is tried once more by itself. */
  private async decideApart(group: readonly Submission[], error: unknown): Promise<void> {
    if (group.length === 1 && !isDeadlock(error)) {
      group[0]!.reject(error);
      return;
    }
    for (const submission of group) {
      let client: PoolClient | null = null;
      try {
        client = await this.pool.connect();
        await this.decideGroup(client, [submission]);
        client.release();
      } catch (ownError) {
        client?.release(true);
        submission.reject(ownError);
      }
    }
  }

  private async decideGroup(client: PoolClient, whole: readonly Submission[]): Promise<void> {
    let group = whole;
    let related: readonly string[] = [];
    const sweeps: HoldCommand[] = [];
    const counted = new Set<string>();
    let isSwept = false;
    for (let tries = 1; group.length > 0; tries += 1) {
      if (tries > TRIES) throw new HoldsOverloadedError('The same holds are asked for in too many places; ask again.');
      const wanted = wantedBy([...sweeps, ...group.map(({ command }) => command)], related);
      const { revisions, uncounted, state } = await this.transactions.open(client, wanted);

      const toCount = uncounted.filter((id) => !counted.has(id));
      const stale = group.filter(({ command, revision }) => revision !== null && revision !== revisions.get(command.organisationId)); // prettier-ignore
      const more = state === null ? null : await this.unlockedRelatives(client, group, state, related);
      if (toCount.length > 0 || stale.length > 0 || state === null || more !== null) {
        await client.query('ROLLBACK');
        for (const organisationId of toCount) {
          // Once: under a stream of events there is always something to be counted.
          counted.add(organisationId);
          await this.counts.now(organisationId);
        }
        if (stale.length > 0) {
          for (const { resolve } of stale) resolve(null);
          group = group.filter((submission) => !stale.includes(submission));
        }
        if (more !== null) related = more;
        continue;
      }

      const rules = new Map<string, EntitlementRules>();
      for (const [id, revision] of revisions) rules.set(id, await this.books.at(asQueryable(client), id, revision));
      await this.transactions.lockWallets(client, state, walletsOf(group, state));
      const before = settledOf(state);

      for (const command of sweeps) decide(command, state, rules.get(command.organisationId)!);
      const outcomes = group.map(({ command }) => decide(command, state, rules.get(command.organisationId)!));

      // What should have expired may be what is in the way.
      if (state.alerts.length > 0 && !isSwept) {
        isSwept = true;
        const now = new Date(Math.max(...group.map(({ command }) => nowOf(command))));
        const found = await this.expired(client, wanted.organisationIds, now);
        if (found.length > 0) {
          await client.query('ROLLBACK');
          sweeps.push(...found);
          related = await relatedHolds(asQueryable(client), [...related, ...found.map(({ id }) => id)]);
          continue;
        }
      }
      const tellings = this.tellings(group, state, rules, before);
      await this.transactions.commit(client, state, tellings, new Date());
      this.remember(tellings);
      for (const [index, { resolve }] of group.entries()) resolve(outcomes[index]!);
      return;
    }
  }

  /**
   * Who ends a hold ends its parts, and takes from those it is a part of, so all of them have to be locked, in one order.
   *
   * @returns all that has to be, where some isn't locked yet; null where everything is
   */
  private async unlockedRelatives(
    client: PoolClient,
    group: readonly Submission[],
    { holds }: LockedState,
    related: readonly string[],
  ): Promise<readonly string[] | null> {
    const inTrees = group.flatMap(({ command }) => {
      const hold = holds.get(command.kind === 'hold' ? (command.parentId ?? '') : command.id);
      if (hold?.status !== 'open') return [];
      return hold.parentId !== null || !isNothing(hold.split) ? [hold.id] : [];
    });
    if (inTrees.length === 0) return null;
    const needed = await relatedHolds(asQueryable(client), inTrees);
    return needed.every((id) => holds.has(id)) ? null : [...new Set([...related, ...needed])];
  }

  /** What has to be told: thresholds that were passed, counters that refused, sessions that caps have paused. */
  private tellings(
    group: readonly Submission[],
    state: LockedState,
    rules: ReadonlyMap<string, EntitlementRules>,
    before: ReadonlyMap<Counter, bigint>,
  ): Told {
    const alerts = new Map<string, Alert[]>();
    const tell = (organisationId: string, alert: Alert): void => {
      if (this.told.has(subjectOf(organisationId, alert))) return;
      if (alerts.get(organisationId)?.push(alert) === undefined) alerts.set(organisationId, [alert]);
    };
    for (const alert of state.alerts) {
      const { organisationId } = group.find(({ command }) => rules.get(command.organisationId)!.capsById.has(alert.capId!))!.command; // prettier-ignore
      tell(organisationId, alert);
    }
    for (const { command } of group) {
      const hold = command.kind === 'settle' ? state.holds.get(command.id) : undefined;
      if (hold === undefined || hold.changed === 'no' || hold.flags.size === 0) continue;
      const at = new Date(countsNow(hold, nowOf(command)));
      for (const alert of alertsOfHolds([hold], at)) tell(command.organisationId, alert);
    }
    const movedAt = timesOf(group, state);
    for (const [counter, settled] of before) {
      if (counter.settled === settled) continue;
      const at = movedAt.get(counter.id);
      const cap = at === undefined ? undefined : rules.get(at.organisationId)!.capsById.get(counter.capId);
      if (at === undefined || cap === undefined) continue;
      const move = { before: settled, after: counter.settled, limit: limitAt(cap, at.countsAt) };
      for (const alert of alertsOf(cap, counter, move, new Date(at.countsAt))) tell(at.organisationId, alert);
    }

    const paused = new Map<string, SessionControl[]>();
    for (const { command } of group) {
      if (command.kind !== 'hold' && command.kind !== 'extend') continue;
      const scope = command.kind === 'hold' ? command.scope : state.holds.get(command.id)?.scope;
      if (scope?.session === undefined) continue;
      const control = state.sessions.get(sessionKey(scope.customer, scope.session));
      if (control?.changed !== true) continue;
      const others = paused.get(command.organisationId) ?? [];
      if (!others.includes(control)) paused.set(command.organisationId, [...others, control]);
    }
    return { alerts, paused };
  }

  private remember({ alerts }: Told): void {
    for (const [organisationId, told] of alerts) {
      if (this.told.size >= MOST_TOLD) this.told.clear();
      for (const alert of told) this.told.add(subjectOf(organisationId, alert));
    }
  }
}

function subjectOf(organisationId: string, { kind, subject }: Alert): string {
  return `${organisationId} ${kind} ${subject}`;
}

/** What a group of commands has to have locked and read. */
function wantedBy(commands: readonly HoldCommand[], related: readonly string[]): Wanted {
  const organisationIds = new Set<string>();
  const holdIds = new Set<string>(related);
  const refs: Wanted['refs'] extends ReadonlyMap<infer K, infer V> ? Map<K, V> : never = new Map();
  const sessions: Wanted['sessions'] extends ReadonlyMap<infer K, infer V> ? Map<K, V> : never = new Map();
  const spenders = new Set<string>();
  for (const command of commands) {
    const { organisationId } = command;
    organisationIds.add(organisationId);
    holdIds.add(command.id);
    if (command.kind !== 'hold') continue;
    const { customer: customerId, session } = command.scope;
    if (command.parentId !== null) holdIds.add(command.parentId);
    for (const ref of command.counters) {
      refs.set(ref.id, { ref, organisationId });
      if (ref.cap.measure === 'spend') spenders.add(customerId);
    }
    if (session !== undefined) sessions.set(sessionKey(customerId, session), { organisationId, customerId, session });
  }
  return { organisationIds: [...organisationIds], holdIds: [...holdIds], refs, sessions, spenders };
}

/** Wallets that commands need, and those that the locked holds are held in, by organisation. */
function walletsOf(group: readonly Submission[], { holds }: LockedState): Map<string, Set<string>> {
  const wallets = new Map<string, Set<string>>();
  const add = (organisationId: string, id: string): void => {
    const others = wallets.get(organisationId);
    if (others === undefined) wallets.set(organisationId, new Set([id]));
    else others.add(id);
  };
  for (const { command } of group) {
    if (command.kind === 'hold' || command.kind === 'extend')
      for (const { walletId } of command.wallets) add(command.organisationId, walletId);
  }
  for (const hold of holds.values()) for (const id of hold.wallets.keys()) add(hold.organisationId, id);
  return wallets;
}

function settledOf({ counters }: LockedState): Map<Counter, bigint> {
  return new Map([...counters.values()].map((counter) => [counter, counter.settled]));
}

/** By the clock of whose customer each counter was moved last. */
function timesOf(
  group: readonly Submission[],
  { holds }: LockedState,
): Map<string, { readonly organisationId: string; readonly countsAt: number }> {
  const times = new Map<string, { readonly organisationId: string; readonly countsAt: number }>();
  for (const { command } of group) {
    if (command.kind === 'hold') continue; // moves what is held, and nothing that alerts look at
    const hold = holds.get(command.id);
    if (hold === undefined) continue;
    const at = { organisationId: command.organisationId, countsAt: countsNow(hold, command.now) };
    for (const id of hold.counters) times.set(id, at);
  }
  return times;
}

function nowOf(command: HoldCommand): number {
  return command.kind === 'hold' ? command.askedAt : command.now;
}

function isDeadlock(error: unknown): boolean {
  return (error as { code?: unknown }).code === '40P01';
}
