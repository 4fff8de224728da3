import { hash } from 'node:crypto';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Tenant } from '../../access';
import { CustomerDirectory, type KnownCustomer, SubscriptionsService } from '../../customers';
import {
  Clock,
  ConflictError,
  DomainError,
  InvalidRequestError,
  newUuid,
  NotFoundError,
  ONE,
  scaledFromDecimal,
  toPublicId,
  uuidOfHex,
  ZERO,
} from '../../kernel';
import { asQueryable, Database } from '../../platform/database';
import type { PeriodicJob } from '../../platform/jobs';
import { ScopeFactsService } from '../caps/scope-facts.service';
import { CountingService } from '../counting/counting.service';
import {
  type Amounts,
  counterRefs,
  type Hold,
  holdIdOf,
  holdIdOfKey,
  type HoldCommand,
  type HoldOutcome,
  namesSubscription,
  NO_AMOUNTS,
  type ScopeFacts,
  type WorkScope,
} from '../domain';
import { EntitlementBooks } from '../entitlement-books';
import { HoldCommit } from '../persistence/hold-commit';
import { readHold } from '../persistence/hold-store';
import { ExpiredHolds } from '../persistence/hold-sweep';
import type { EntitlementRules } from '../rules';
import type { Estimate, Estimated } from '../spend/estimate';
import { HoldEstimator } from '../spend/hold-estimator';
import { Away } from './away/away';
import { HoldEvents } from './hold-events';
import type { ExtendRequest, HoldRequest, SettleRequest } from './hold-request';

const SWEEP_EVERY_MS = 1_000;
/** Rules may change between preparing a request and deciding it; so often in a row they don't. */
const TRIES = 8;

/** Makes a command by rules. */
type Prepare = (rules: EntitlementRules) => HoldCommand | Promise<HoldCommand>;

/**
 * Holds money before work, and settles what it came to. A request is prepared here, by rules and prices in memory, into
 * numbers; it is decided in a commit that it shares with others.
 */
@Injectable()
export class HoldsService implements OnApplicationShutdown {
  private readonly commits: HoldCommit;
  private readonly expired = new ExpiredHolds();

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(EntitlementBooks) private readonly books: EntitlementBooks,
    @Inject(CustomerDirectory) private readonly customers: CustomerDirectory,
    @Inject(SubscriptionsService) private readonly subscriptions: SubscriptionsService,
    @Inject(ScopeFactsService) private readonly facts: ScopeFactsService,
    @Inject(HoldEstimator) private readonly estimator: HoldEstimator,
    @Inject(CountingService) private readonly counting: CountingService,
    @Inject(HoldEvents) private readonly events: HoldEvents,
    @Inject(Away) private readonly away: Away,
    @Inject(Clock) private readonly clock: Clock,
  ) {
    this.commits = new HoldCommit(database.pinned, books, counting, (client, organisationIds, now) =>
      this.expired.find(asQueryable(client), organisationIds, now),
    );
  }

  async onApplicationShutdown(): Promise<void> {
    await this.commits.drain();
  }

  /** Holds what was asked for, or says why not. A repeat with the same key gets the first answer. @returns JSON */
  async hold(tenant: Tenant, request: HoldRequest): Promise<string> {
    return this.decided(tenant, await this.preparing(tenant, request, ''));
  }

  /**
   * The same for several, in their order: each finds what those before it left.
   *
   * @param requests what could be read of them; an error for others
   * @returns        JSON of each, or the error that it ends with
   */
  async holdAll(tenant: Tenant, requests: readonly (HoldRequest | DomainError)[]): Promise<(string | DomainError)[]> {
    const results = new Map<number, string | DomainError>();
    const orError = <T>(index: number, work: Promise<T>): Promise<T | null> =>
      work.catch((error: unknown) => {
        if (!(error instanceof DomainError) || error.kind === 'unavailable') throw error;
        results.set(index, error);
        return null;
      });
    const preparing = await Promise.all(
      requests.map((request, index) =>
        request instanceof DomainError
          ? orError(index, Promise.reject(request))
          : orError(index, this.preparing(tenant, request, `holds[${index}].`)),
      ),
    );

    let rules = await this.rulesOf(tenant.organisationId);
    for (let tries = 1; tries <= TRIES; tries += 1) {
      const commands = await Promise.all(
        preparing.map((prepare, index) =>
          prepare === null || results.has(index)
            ? Promise.resolve(null)
            : orError(
                index,
                Promise.resolve().then(() => prepare(rules)),
              ),
        ),
      );
      const outcomes = await Promise.all(commands.map((command) => (command === null ? Promise.resolve(null) : this.submitted(command, rules)))); // prettier-ignore
      for (const [index, outcome] of outcomes.entries()) {
        if (outcome === null) continue;
        const answer = await orError(
          index,
          Promise.resolve().then(() => answerOf(outcome, '')),
        );
        if (answer !== null) results.set(index, answer);
      }
      if (results.size === requests.length) return requests.map((_, index) => results.get(index)!);
      rules = await this.load(tenant.organisationId);
    }
    throw rulesChanging();
  }

  /** Looks up what doesn't change with the rules. @returns what makes the command by rules */
  private async preparing(tenant: Tenant, request: HoldRequest, path: string): Promise<Prepare> {
    const { organisationId } = tenant;
    const directory = await this.customers.find(organisationId, new Set([request.customer]));
    const customer = directory.get(request.customer);
    if (customer === undefined) throw new NotFoundError('customer', request.customer, `${path}customer`);
    const scope = await this.scopeOf(tenant, customer, request, path);
    const askedAt = this.clock.now().getTime();
    const countsAt = await this.nowOf(organisationId, customer, askedAt);
    const id = request.key === null ? newUuid(askedAt) : holdIdOfKey(organisationId, request.key);

    return async (rules) => {
      const { settings } = rules;
      const ttlMs = request.ttlMs ?? settings.defaultTtlSeconds * 1_000;
      if (ttlMs > settings.longestTtlSeconds * 1_000) throw tooLong(`${path}ttl`, settings.longestTtlSeconds);
      const estimated = await this.estimateOf(tenant, rules, scope, request.estimate, countsAt);
      const facts = await this.factsOf(tenant, customer, rules);
      return {
        kind: 'hold',
        organisationId,
        id,
        key: request.key,
        requestHash: request.key === null ? id : hashOf(request),
        parentId: request.parent === null ? null : holdIdOf(organisationId, request.parent),
        scope,
        taskClass: request.taskClass,
        amounts: estimated.amounts,
        counters: request.parent === null ? counterRefs(rules, scope, countsAt * 1_000, facts) : [],
        wallets: request.parent === null ? estimated.wallets : [],
        refusal: estimated.refusal,
        flags: estimated.flags,
        askedAt,
        countsAt,
        expiresAt: askedAt + ttlMs,
        sizing: estimated.sizing,
      };
    };
  }

  /** Books what the work came to, and frees the rest. A repeat gets the first answer. @returns JSON */
  async settle(tenant: Tenant, name: string, request: SettleRequest): Promise<string> {
    const { organisationId } = tenant;
    const id = holdIdOf(organisationId, name);
    const { events, partial } = request;
    if (events !== null) await this.recordEvents(tenant, name, events);
    return this.decided(
      tenant,
      async (rules) => ({
        kind: 'settle',
        organisationId,
        id,
        requestHash: hashOf({ ...request, id }),
        stated: await this.statedOf(tenant, name, rules, request.stated),
        partial,
        now: this.clock.now().getTime(),
      }),
      name,
    );
  }

  /** Holds more of it, or for longer; where that doesn't fit it stays as it was. @returns JSON */
  async extend(tenant: Tenant, name: string, { more, ttlMs }: ExtendRequest): Promise<string> {
    const { organisationId } = tenant;
    const id = holdIdOf(organisationId, name);
    return this.decided(
      tenant,
      async (rules) => {
        const { longestTtlSeconds } = rules.settings;
        if (ttlMs !== null && ttlMs > longestTtlSeconds * 1_000) throw tooLong('ttl', longestTtlSeconds);
        const estimated = more === null ? null : await this.estimated(tenant, name, rules, more);
        const now = this.clock.now().getTime();
        return {
          kind: 'extend',
          organisationId,
          id,
          requestHash: hashOf({ id, more, ttlMs }),
          // It is one action, however often it is extended.
          more:
            estimated === null
              ? NO_AMOUNTS
              : more?.actions === undefined
                ? { ...estimated.amounts, actions: 0n }
                : estimated.amounts,
          wallets: estimated?.wallets ?? [],
          expiresAt: ttlMs === null ? null : now + ttlMs,
          now,
        };
      },
      name,
    );
  }

  /** Frees all of it: the work wasn't done. A repeat gets the first answer. @returns JSON */
  async release(tenant: Tenant, name: string): Promise<string> {
    const { organisationId } = tenant;
    const id = holdIdOf(organisationId, name);
    const now = this.clock.now().getTime();
    const requestHash = hashOf({ release: id });
    return this.decided(tenant, () => ({ kind: 'release', organisationId, id, requestHash, now }), name);
  }

  /** Decides a command that was made elsewhere, such as while the database was away. */
  submit(command: HoldCommand): Promise<HoldOutcome> {
    return this.commits.submit(command);
  }

  /** Ends what has expired, every second. */
  expiryJob(): PeriodicJob {
    return { name: 'hold-expiry', everyMs: SWEEP_EVERY_MS, run: (stopping) => this.expire(stopping) };
  }

  private async expire(stopping: AbortSignal): Promise<void> {
    const now = this.clock.now();
    while (!stopping.aborted) {
      const commands = await this.expired.find(asQueryable(this.database.owner), null, now);
      if (commands.length === 0) {
        this.expired.swept(now);
        return;
      }
      await Promise.all(commands.map((command) => this.commits.submit(command)));
    }
  }

  /**
   * Prepares a command by the rules there are, and again when they turn out to be others.
   *
   * @param name what the hold was asked for by, where it has to be there
   */
  private async decided(tenant: Tenant, prepare: Prepare, name = ''): Promise<string> {
    let rules = await this.rulesOf(tenant.organisationId);
    for (let tries = 1; tries <= TRIES; tries += 1) {
      const command = await prepare(rules);
      const outcome = await this.submitted(command, rules);
      if (outcome !== null) return answerOf(outcome, name);
      rules = await this.load(tenant.organisationId);
    }
    throw rulesChanging();
  }

  /** @returns null where the rules are other ones by now */
  private submitted(command: HoldCommand, rules: EntitlementRules): Promise<HoldOutcome | null> {
    return this.away.orElse(command, rules, this.commits.submitAt(command, rules.revision));
  }

  private async rulesOf(organisationId: string): Promise<EntitlementRules> {
    return this.books.known(organisationId) ?? (await this.load(organisationId));
  }

  private async load(organisationId: string): Promise<EntitlementRules> {
    const client = await this.database.owner.connect();
    try {
      const { rows } = await client.query<{ caps_revision: string }>(
        'SELECT caps_revision FROM organisation WHERE id = $1',
        [organisationId],
      );
      return await this.books.at(asQueryable(client), organisationId, rows[0]!.caps_revision);
    } finally {
      client.release();
    }
  }

  private async scopeOf(
    tenant: Tenant,
    { id }: KnownCustomer,
    { subscription, own }: HoldRequest,
    path: string,
  ): Promise<WorkScope> {
    if (subscription === null) return { customer: id, ...own };
    const found = await this.subscriptions.find(tenant, subscription);
    if (found.subscription.customerId !== id)
      throw new NotFoundError('subscription', subscription, `${path}subscription`);
    return { customer: id, subscription: found.subscription.id, ...own };
  }

  private factsOf(
    tenant: Tenant,
    { id, timeZone }: KnownCustomer,
    rules: EntitlementRules,
  ): ScopeFacts | Promise<ScopeFacts> {
    if (!rules.caps.some(namesSubscription)) return { timeZone, subscriptions: [] };
    return this.facts.of(tenant, id, rules);
  }

  private async nowOf(organisationId: string, { testClockId }: KnownCustomer, nowMs: number): Promise<number> {
    if (testClockId === null) return nowMs;
    return (await this.customers.clocks(organisationId, new Set([testClockId]))).get(testClockId) ?? nowMs;
  }

  /** Most say outright how much they may come to, and where there are no wallets that is all. */
  private estimateOf(
    tenant: Tenant,
    rules: EntitlementRules,
    scope: WorkScope,
    said: Estimate,
    countsAt: number,
  ): Estimated | Promise<Estimated> {
    const isLookedAt = rules.wallets.length > 0 || isSpendLookedAt(rules, scope.customer);
    const amounts = isLookedAt ? null : plainAmounts(said, rules.costCurrency);
    if (amounts !== null) return { amounts, flags: [], refusal: null, wallets: [], sizing: null };
    return this.estimator.estimate(tenant, rules, scope, said, countsAt * 1_000);
  }

  /** What is said of a hold's work as numbers; most say how much right away, and the hold need not be looked at. */
  private async statedOf(
    tenant: Tenant,
    name: string,
    rules: EntitlementRules,
    said: Estimate | null,
  ): Promise<Amounts | null> {
    if (said === null) return null;
    const amounts = isSpendLookedAt(rules, null) ? null : plainAmounts(said, rules.costCurrency);
    return amounts ?? (await this.estimated(tenant, name, rules, said)).amounts;
  }

  /** By the prices of the hold's own customer. */
  private async estimated(tenant: Tenant, name: string, rules: EntitlementRules, said: Estimate): Promise<Estimated> {
    const hold = await this.find(tenant, name);
    return this.estimator.estimate(tenant, rules, hold.scope, said, hold.countsAt * 1_000);
  }

  private async find({ organisationId }: Tenant, name: string): Promise<Hold> {
    const id = holdIdOf(organisationId, name);
    const hold = await this.database.tenant(organisationId, (db) => readHold(db, id));
    if (hold === null) throw new NotFoundError('hold', name);
    return hold;
  }

  private async recordEvents(tenant: Tenant, name: string, events: readonly unknown[]): Promise<void> {
    const { id, customerId } = await this.find(tenant, name);
    await this.refuseOthers(tenant, customerId, events);
    const named = events.map((event) =>
      typeof event === 'object' && event !== null && !Array.isArray(event)
        ? { ...event, hold: toPublicId('hold', id) }
        : event,
    );
    await this.events.record(tenant, named);
    await this.counting.now(tenant.organisationId);
  }

  /** An event of somebody else would be theirs, and the hold none the wiser. @throws InvalidRequestError `invalid_hold` */
  private async refuseOthers(
    { organisationId }: Tenant,
    customerId: string,
    events: readonly unknown[],
  ): Promise<void> {
    const names = events.map((event) => (event as { customer?: unknown } | null)?.customer);
    const texts = names.filter((name) => typeof name === 'string');
    const known = await this.customers.find(organisationId, new Set(texts));
    for (const [index, name] of names.entries()) {
      // One that nobody knows is refused where events are taken in.
      const id = typeof name === 'string' ? known.get(name)?.id : undefined;
      if (id === undefined || id === customerId) continue;
      const field = `events[${index}].customer`;
      const detail = 'is not the customer of the hold';
      throw new InvalidRequestError('invalid_hold', `${field}: ${detail}`, [{ field, detail }]);
    }
  }
}

/** Whether caps or credit look at a customer's spend, in whatever currency. @param customerId null: anybody's */
function isSpendLookedAt({ spendOf }: EntitlementRules, customerId: string | null): boolean {
  if (spendOf === 'all') return true;
  return customerId === null ? spendOf.size > 0 : spendOf.has(customerId);
}

/** Amounts that are said outright; null where prices or meters have to be known. */
function plainAmounts(said: Estimate, costCurrency: string): Amounts | null {
  const { amount, cost, spend, currency, actions, ...others } = said;
  if (Object.keys(others).length > 0 || (amount !== undefined && (currency ?? costCurrency) !== costCurrency))
    return null;
  const spent = spend ?? amount ?? ZERO;
  return {
    cost: scaledFromDecimal(cost ?? amount ?? ZERO),
    actions: scaledFromDecimal(actions ?? ONE),
    spend: spent.isZero() ? new Map() : new Map([[currency ?? costCurrency, scaledFromDecimal(spent)]]),
    units: new Map(),
  };
}

function rulesChanging(): ConflictError {
  return new ConflictError('rules_changing', 'Caps are changed faster than holds are decided; ask again.');
}

/** The answer, or what is thrown instead of one. */
function answerOf(outcome: HoldOutcome, name: string): string {
  if ('answer' in outcome) return outcome.answer;
  const { problem, detail } = outcome;
  if (problem === 'hold_not_found') throw new NotFoundError('hold', name);
  if (problem === 'hold_parent_not_found') throw new InvalidRequestError('invalid_hold', `parent: ${detail}`, [{ field: 'parent', detail }]); // prettier-ignore
  throw new ConflictError(problem, detail);
}

function tooLong(field: string, seconds: number): InvalidRequestError {
  const detail = `is longer than ${seconds} seconds, the longest that is set`;
  return new InvalidRequestError('ttl_too_long', `${field}: ${detail}`, [{ field, detail }]);
}

/** What was asked, as 16 bytes of a SHA-256 in a uuid's form. */
function hashOf(request: object): string {
  const hex = hash('sha256', JSON.stringify(request), 'hex');
  return uuidOfHex(hex);
}
