import type { Pool, PoolClient } from 'pg';
import { asQueryable } from '../platform/database';
import type { UsageSums } from './domain';
import { addToTotals, lockFolding, takePending } from './persistence/usage-store';

/** Sums of one organisation that this process has committed as pending rows and not folded yet. */
interface Unfolded {
  readonly sums: UsageSums;
  readonly batches: number[];
}

/** How often it is looked whether to fold. */
const EVERY_MS = 1_000;
/**
 * What waits is folded when so much is pending that reading it would take tens of milliseconds, else by every second
 * look: the more events a fold takes together, the fewer rows of totals are updated for each.
 */
const PENDING_SUMS = 20_000;
const LOOKS = 2;

/**
 * Folds the pending sums that this process wrote into the hourly totals. It still has them in memory, added up over
 * many commits, which spares PostgreSQL reading and grouping them.
 *
 * Memory is only a shortcut: a fold counts when it deletes exactly the pending rows it was made from, in the same
 * transaction. When anything goes wrong the process forgets its sums, and the rows are folded from the table later
 * (`foldLeftovers`), as those of a process that died are.
 */
export class UsageFolder {
  private unfolded = new Map<string, Unfolded>();
  /** Sums in the pending rows of `unfolded`, and how often these were passed over. */
  private pendingSums = 0;
  private looks = 0;
  private folding: Promise<void> = Promise.resolve();
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly pool: Pool,
    private readonly onFailure: (error: unknown) => void,
  ) {
    this.timer = setInterval(() => this.look(), EVERY_MS);
    this.timer.unref();
  }

  /** Told after each commit what it wrote down as pending. */
  committed(batch: number, sums: ReadonlyMap<string, UsageSums>): void {
    for (const [organisationId, added] of sums) {
      this.pendingSums += added.size;
      const known = this.unfolded.get(organisationId);
      if (known === undefined) {
        this.unfolded.set(organisationId, { sums: added, batches: [batch] });
      } else {
        known.sums.merge(added);
        known.batches.push(batch);
      }
    }
  }

  private look(): void {
    this.looks += 1;
    if (this.pendingSums >= PENDING_SUMS || this.looks >= LOOKS) void this.fold();
  }

  /** Folds what was committed so far; resolves when that is done or given up. */
  fold(): Promise<void> {
    this.folding = this.folding.then(() => this.foldNow());
    return this.folding;
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.fold();
  }

  private async foldNow(): Promise<void> {
    const taken = this.unfolded;
    if (taken.size === 0) return;
    this.unfolded = new Map();
    this.pendingSums = 0;
    this.looks = 0;
    let client: PoolClient | null = null;
    let broken = true;
    try {
      client = await this.pool.connect();
      await client.query('BEGIN');
      await lockFolding(client);
      for (const [organisationId, { sums, batches }] of taken) {
        const gone = await takePending(client, organisationId, batches);
        // A row that isn't there was folded from the table, so it must not be folded from memory too.
        if (gone === batches.length) await addToTotals(asQueryable(client), organisationId, sums.all());
        else throw new Error(`${batches.length - gone} of ${batches.length} pending rows were folded by someone else`);
      }
      await client.query('COMMIT');
      broken = false;
    } catch (error) {
      this.onFailure(error);
    } finally {
      client?.release(broken);
    }
  }
}
