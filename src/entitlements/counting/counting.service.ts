import { AsyncResource } from 'node:async_hooks';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { invariant, InvariantError } from '../../kernel';
import { LOGGER, type Logger } from '../../platform';
import { Database } from '../../platform/database';
import type { PeriodicJob } from '../../platform/jobs';
import { CountingTransaction } from './counting-transaction';

/** After a commit it is waited this long for others to count with it. Whoever decides meanwhile counts at once. */
const DEBOUNCE_MS = 50;
const EVERY_MS = 5_000;
/** Each takes two connections for a moment. */
const AT_A_TIME = 3;
/** Rules may change between reading them and counting by them, so often in a row they don't. */
const TRIES = 20;

/** Turns of one organisation: the one under way, and the one that counts what came since that began. */
interface Turns {
  running: Promise<void>;
  next: Promise<void> | null;
}

/**
 * Counts what events and corrections left to be counted: right after they were committed, before a decision that would
 * miss it, and now and then what a process that died has left.
 */
@Injectable()
export class CountingService implements OnApplicationShutdown {
  private readonly byOrganisation = new Map<string, Turns>();
  private readonly kicked = new Map<string, NodeJS.Timeout>();
  /** Who kicks may be within a transaction of its own; what is counted afterwards is not. */
  private readonly outside = new AsyncResource('counting');
  private readonly waiting: (() => void)[] = [];
  private running = 0;
  private isStopping = false;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(CountingTransaction) private readonly transaction: CountingTransaction,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Counts everything that was committed before it was called. A repeat finds nothing to do.
   *
   * @throws InvariantError within a transaction: what is counted takes a second connection, and may wait for the first
   */
  async now(organisationId: string): Promise<void> {
    if (this.database.isInTransaction) throw new InvariantError('nobody asks for counting within a transaction');
    const turns = this.byOrganisation.get(organisationId);
    if (turns === undefined) {
      const running = this.takeTurn(organisationId);
      this.byOrganisation.set(organisationId, { running, next: null });
      return running;
    }
    // The turn under way may have looked already before what the caller wants counted was there.
    turns.next ??= turns.running.catch(() => undefined).then(() => this.takeTurn(organisationId));
    return turns.next;
  }

  /** Counts soon, after something was committed. It doesn't fail: what isn't counted now the job counts. */
  kick(organisationId: string): void {
    if (this.isStopping || this.kicked.has(organisationId)) return;
    this.outside.runInAsyncScope(() => {
      const timer = setTimeout(() => {
        this.kicked.delete(organisationId);
        this.now(organisationId).catch((error: unknown) => this.tell(organisationId, error));
      }, DEBOUNCE_MS);
      this.kicked.set(organisationId, timer);
    });
  }

  /** Counts what nobody did, and rates those again whose spend couldn't be told. */
  job(): PeriodicJob {
    return {
      name: 'count against caps, holds and credit',
      everyMs: EVERY_MS,
      run: async (stopping) => {
        const { rows } = await this.database.owner.query<{ organisation_id: string; unknown: boolean }>(
          `SELECT organisation_id, bool_or(unknown) AS unknown
             FROM (SELECT DISTINCT organisation_id, false AS unknown FROM entitlement_pending
                   UNION ALL
                   SELECT DISTINCT organisation_id, true FROM spend_state WHERE unknown_reason IS NOT NULL) AS waiting
            GROUP BY organisation_id ORDER BY organisation_id`,
        );
        for (const { organisation_id: organisationId, unknown } of rows) {
          if (stopping.aborted) return;
          try {
            await (unknown ? this.countAll(organisationId, true) : this.now(organisationId));
          } catch (error) {
            this.tell(organisationId, error);
          }
        }
      },
    };
  }

  /** Starts nothing more, and resolves when what is under way has ended. What is left the next process counts. */
  async drain(): Promise<void> {
    this.isStopping = true;
    for (const timer of this.kicked.values()) clearTimeout(timer);
    this.kicked.clear();
    while (this.byOrganisation.size > 0) {
      const all = [...this.byOrganisation.values()].map(({ running, next }) => next ?? running);
      await Promise.allSettled(all);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.drain();
  }

  private async takeTurn(organisationId: string): Promise<void> {
    if (this.running === AT_A_TIME) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.running += 1;
    try {
      await this.countAll(organisationId, false);
    } finally {
      const turns = this.byOrganisation.get(organisationId);
      invariant(turns !== undefined, 'a turn that is under way is known');
      if (turns.next === null) this.byOrganisation.delete(organisationId);
      else this.byOrganisation.set(organisationId, { running: turns.next, next: null });
      const next = this.waiting.shift();
      if (next === undefined) this.running -= 1;
      else next();
    }
  }

  private async countAll(organisationId: string, retryUnknown: boolean): Promise<void> {
    let tries = 0;
    let deadlocks = 0;
    let retries = retryUnknown;
    for (;;) {
      try {
        const outcome = await this.transaction.run(organisationId, retries);
        if (outcome === 'nothing' || outcome === 'done') return;
        if (outcome === 'more') retries = false;
        tries = outcome === 'again' ? tries + 1 : 0;
      } catch (error) {
        // The order of locks leaves no circle; should there be one all the same, PostgreSQL breaks it.
        if ((error as { code?: string }).code !== '40P01' || (deadlocks += 1) > 1) throw error;
        this.logger.warn({ err: error, organisationId }, 'counting was caught in a deadlock and begins again');
      }
      if (tries === TRIES) throw new Error(`What counts for ${organisationId} changes faster than it can be counted.`);
    }
  }

  private tell(organisationId: string, error: unknown): void {
    this.logger.error({ err: error, organisationId }, 'events could not be counted; they will be tried again');
  }
}
