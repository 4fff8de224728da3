import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { advanceFill, lockFilling, type MeterFilling, MetersService } from '../catalog';
import { findEffective, findToFill } from '../events';
import { Clock } from '../kernel';
import { DomainEvents, LOGGER, type Logger } from '../platform';
import { Database, joinIngest } from '../platform/database';
import type { PeriodicJob } from '../platform/jobs';
import { addUp, type UsageSum, usageOfMeter } from './domain';
import {
  eventsOfOrganisation,
  findFilling,
  findSuperseded,
  readByIndex,
  removeUsage,
} from './persistence/meter-fill-store';
import { addPending, foldOwn } from './persistence/pending-store';
import { addSamples } from './persistence/sample-store';
import { toCountedEvent } from './usage-changes';

/** A revision that is being filled. */
export type Filling = Pick<MeterFilling, 'organisationId' | 'meterId' | 'revision'>;

/** How a turn of filling is bounded. */
export interface FillTurn {
  /** It ends after about so many events looked at. */
  readonly events: number;
  /** Most events of one page. */
  readonly page?: number;
  readonly stopping: AbortSignal;
}

interface Page {
  readonly looked: number;
  readonly complete: boolean;
  readonly batch: number;
  readonly sums: readonly UsageSum[];
}

const EVERY_MS = 1_000;
/** Events of one page, one short transaction: whoever pauses ingest waits for it. */
const EVENTS_A_PAGE = 2_000;
/** As many stored events are counted before the request that makes a meter is answered; more in the background. */
export const EVENTS_AT_ONCE = 20_000;
/** Then another revision has its turn, so that a small organisation doesn't wait for a large one. */
const EVENTS_A_TURN = 100_000;
/** Pages whose sums are added up in memory before they are folded. */
const PAGES_A_FOLD = 20;

/**
 * Counts stored events for revisions of meters that were made after them, page by page, beside ingest. A page commits
 * what it counted and how far it came together, so a process may die at any point, and others go on from there; whoever
 * counts has locked the revision, so any number of them may try.
 */
@Injectable()
export class MeterFiller implements OnModuleInit {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(MetersService) private readonly meters: MetersService,
    @Inject(DomainEvents) private readonly news: DomainEvents,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.news.on<MeterFilling>('meter.filling', (filling) => this.fillAtOnce(filling));
  }

  /** The periodic job: fills what is to be filled, in turns, and removes what superseded revisions have left. */
  job(): PeriodicJob {
    return {
      name: 'fill meters',
      everyMs: EVERY_MS,
      run: async (stopping) => {
        await this.fillAll(stopping);
        await this.removeSuperseded(stopping);
      },
    };
  }

  /**
   * Fills a revision until it is full or the turn is over.
   *
   * @returns whether there is nothing left to do: it is in force, or was taken back
   */
  async fill(filling: Filling, turn: FillTurn): Promise<boolean> {
    const { organisationId, meterId, revision } = filling;
    let unfolded: Page[] = [];
    let looked = 0;
    try {
      while (looked < turn.events && !turn.stopping.aborted) {
        const page = await this.countPage(filling, turn.page ?? EVENTS_A_PAGE);
        if (page === null) return true;
        looked += page.looked;
        if (page.sums.length > 0) unfolded.push(page);
        if (unfolded.length === PAGES_A_FOLD) {
          await this.fold(organisationId, unfolded);
          unfolded = [];
        }
        if (page.complete) {
          await this.meters.finishFill(organisationId, meterId, revision);
          return true;
        }
      }
      return false;
    } finally {
      await this.fold(organisationId, unfolded);
    }
  }

  /** Within the request that made the revision. What fails here is not lost: the job goes on. */
  private async fillAtOnce(filling: MeterFilling): Promise<void> {
    try {
      await this.fill(filling, { events: EVENTS_AT_ONCE, stopping: new AbortController().signal });
    } catch (error) {
      this.logger.warn({ err: error, meter: filling.meterId }, 'a meter could not be filled at once; the job fills it');
    }
  }

  private async fillAll(stopping: AbortSignal): Promise<void> {
    const failed = new Set<string>();
    for (;;) {
      const waiting = (await findFilling(this.database.owner)).filter((filling) => !failed.has(nameOf(filling)));
      if (waiting.length === 0) return;
      for (const filling of waiting) {
        if (stopping.aborted) return;
        try {
          await this.fill(filling, { events: EVENTS_A_TURN, stopping });
        } catch (error) {
          failed.add(nameOf(filling));
          this.logger.error(
            { err: error, meter: filling.meterId },
            'a meter could not be filled; the next turn goes on',
          );
        }
      }
    }
  }

  /** One page in one transaction. @returns null when the revision is no longer being filled */
  private async countPage({ organisationId, meterId, revision: number }: Filling, limit: number): Promise<Page | null> {
    return this.database.tenant(organisationId, async (db) => {
      // Events stop and start counting only while ingest is paused, so none does during this page.
      await joinIngest(db, organisationId);
      const revision = await lockFilling(db, organisationId, meterId, number);
      if (revision === null) return null;
      if (revision.filled) return { looked: 0, complete: true, batch: 0, sums: [] };
      const expected = revision.filledTo === null ? await eventsOfOrganisation(db, organisationId) : null;
      await readByIndex(db);
      const { looked, last, wanted } = await findToFill(db, organisationId, {
        after: revision.filledTo,
        type: revision.meter.eventType,
        beforeBatch: revision.countsFromBatch,
        limit,
      });
      const events = [...(await findEffective(db, organisationId, wanted)).values()];

      const { sums, samples } = usageOfMeter(revision, events.map(toCountedEvent));

      const complete = looked < limit;
      const [next] = await db.query<{ batch: string }[]>(`SELECT nextval('event_batch') AS batch`);
      const batch = Number(next!.batch);
      await addPending(db, organisationId, batch, sums);
      await addSamples(db, organisationId, samples);
      await advanceFill(db, organisationId, revision, {
        looked,
        to: last,
        completedAt: complete ? this.clock.now() : null,
        expected,
      });
      return { looked, complete, batch, sums };
    });
  }

  /** Sparing only: what isn't folded here is folded from the table. */
  private async fold(organisationId: string, pages: readonly Page[]): Promise<void> {
    const batches = pages.map(({ batch }) => batch);
    try {
      await foldOwn(this.database.owner, organisationId, batches, addUp(pages.flatMap(({ sums }) => sums)));
    } catch (error) {
      this.logger.warn({ err: error }, 'a filled meter could not be folded from memory; it will be from the table');
    }
  }

  /** Usage of revisions that another has replaced is read by nobody. */
  private async removeSuperseded(stopping: AbortSignal): Promise<void> {
    for (const superseded of await findSuperseded(this.database.owner)) {
      await removeUsage(this.database.owner, superseded, this.clock.now(), stopping);
      if (stopping.aborted) return;
    }
  }
}

function nameOf({ meterId, revision }: Filling): string {
  return `${meterId} ${revision}`;
}
