import { Inject, Injectable } from '@nestjs/common';
import { IsNull, LessThan } from 'typeorm';
import type { Tenant } from '../../access';
import { Clock, Decimal, decimalText, fromPublicId, newUuid, NotFoundError, ZERO } from '../../kernel';
import { Database } from '../../platform/database';
import { BillingRunEntity, type RunTrigger } from '../persistence/billing-run.entity';

/** Figures are written at most so often while a run goes on. */
const WRITTEN_EVERY_MS = 1_000;

/** What was asked for by finalized invoices, by currency. */
export type Totals = Readonly<Record<string, Decimal>>;

/**
 * What one run has done so far. A look that finds nothing due is not worth a row, so the row is made when the first
 * piece of work is found.
 */
export class RunningRun {
  private due = 0;
  private done = 0;
  private parked = 0;
  private invoices = 0;
  private readonly totals = new Map<string, Decimal>();
  private writtenAtMs = 0;

  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly tenant: Tenant,
    private readonly trigger: RunTrigger,
    private id: string | null,
  ) {}

  /** Pieces of work that were found: periods to close, drafts to finalize. */
  async found(pieces: number): Promise<void> {
    if (pieces === 0) return;
    this.due += pieces;
    await this.write(null);
  }

  /** Pieces that are done with, invoices among them that were finalized. */
  async did(
    pieces: number,
    finalized: readonly { readonly currency: string; readonly total: Decimal }[] = [],
  ): Promise<void> {
    this.done += pieces;
    this.invoices += finalized.length;
    for (const { currency, total } of finalized)
      this.totals.set(currency, (this.totals.get(currency) ?? ZERO).plus(total));
    if (performance.now() - this.writtenAtMs >= WRITTEN_EVERY_MS) await this.write(null);
  }

  async parkedSome(subscriptions: number): Promise<void> {
    this.parked += subscriptions;
    await this.write(null);
  }

  /** Writes the summary, when there was anything to do or somebody asked for the run. */
  async finish(): Promise<void> {
    if (this.id !== null) await this.write(this.clock.now());
  }

  private async write(finishedAt: Date | null): Promise<void> {
    const { organisationId } = this.tenant;
    const progressAt = this.clock.now();
    const figures = {
      ...{ due: this.due, done: this.done, parked: this.parked, invoices: this.invoices, progressAt, finishedAt },
      totals: Object.fromEntries([...this.totals].sort().map(([currency, total]) => [currency, decimalText(total)])),
    };
    this.writtenAtMs = performance.now();
    const { id } = this;
    if (id === null) this.id = newUuid();
    await this.database.tenant(organisationId, async (db) => {
      if (id === null)
        await db.insert(BillingRunEntity, { ...figures, organisationId, id: this.id!, startedAt: progressAt, trigger: this.trigger }); // prettier-ignore
      else await db.update(BillingRunEntity, { organisationId, id }, figures);
    });
  }
}

/** Runs of billing: begun, told about while they run, and afterwards. */
@Injectable()
export class BillingRunsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Clock) private readonly clock: Clock,
  ) {}

  /** A run that begins now. @param id of one that was asked for before, with its row; null for another */
  begin(tenant: Tenant, trigger: RunTrigger, id: string | null = null): RunningRun {
    return new RunningRun(this.database, this.clock, tenant, trigger, id);
  }

  /** Asks for a run, which begins within a moment. One that was asked for and hasn't ended is answered instead of another. */
  async ask(tenant: Tenant): Promise<BillingRunEntity> {
    const { organisationId } = tenant;
    return this.database.tenant(organisationId, async (db) => {
      const open = await db.findOne(BillingRunEntity, {
        where: { trigger: 'request', finishedAt: IsNull() },
        order: { id: 'DESC' },
      });
      if (open !== null) return open;
      const now = this.clock.now();
      const run = Object.assign(new BillingRunEntity(), {
        ...{ organisationId, id: newUuid(), startedAt: now, finishedAt: null, trigger: 'request' as const },
        ...{ due: 0, done: 0, parked: 0, invoices: 0, totals: {}, progressAt: now },
      });
      await db.insert(BillingRunEntity, run);
      return run;
    });
  }

  /** Runs that were asked for and haven't ended, of all organisations, oldest first. */
  async asked(): Promise<{ organisationId: string; id: string }[]> {
    const { rows } = await this.database.owner.query<{ organisation_id: string; id: string }>(
      `SELECT organisation_id, id FROM billing_run WHERE trigger = 'request' AND finished_at IS NULL ORDER BY id`,
    );
    return rows.map(({ organisation_id: organisationId, id }) => ({ organisationId, id }));
  }

  /** @throws NotFoundError */
  async find(tenant: Tenant, reference: string): Promise<BillingRunEntity> {
    const id = fromPublicId('billingRun', reference);
    const found =
      id === null
        ? null
        : await this.database.tenant(tenant.organisationId, (db) => db.findOneBy(BillingRunEntity, { id }));
    if (found === null) throw new NotFoundError('billing run', reference);
    return found;
  }

  /** Newest first. */
  async list(tenant: Tenant, before: string | null, limit: number): Promise<BillingRunEntity[]> {
    return this.database.tenant(tenant.organisationId, (db) =>
      db.find(BillingRunEntity, {
        where: before === null ? {} : { id: LessThan(before) },
        order: { id: 'DESC' },
        take: limit,
      }),
    );
  }
}
