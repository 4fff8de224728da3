import { Inject, Injectable } from '@nestjs/common';
import { actingFor } from '../../access';
import type { Meter } from '../../catalog';
import { Clock, scaledText } from '../../kernel';
import { LOGGER, type Logger } from '../../platform';
import { asQueryable, Database, type Queryable } from '../../platform/database';
import type { PeriodicJob } from '../../platform/jobs';
import { insertAlerts } from '../alerts/alert-store';
import { type Alert, type Cap, type Counter, counterValue, dropOver } from '../domain';
import { countersSince, lockCounters, saveCounters } from '../persistence/counter-store';
import { lockCounting, pauseEntitlements } from '../persistence/locks';
import { loadRules } from '../persistence/rules-store';
import { CapRecounter } from './cap-recounter';
import { type CapWindows, CapWindowsService } from './cap-windows';

const EVERY_MS = 60_000;
/** A cap is checked about so often; between, nothing but a fault of ours could move its counters away from the truth. */
const CHECK_EVERY = '1 hour';
/** Caps of one turn. */
const CAPS_A_TURN = 20;

/** A counter that was not what events and holds say. */
export interface Drift {
  readonly counterId: string;
  readonly before: Pick<Counter, 'settled' | 'held'>;
  readonly after: Pick<Counter, 'settled' | 'held'>;
}

/** What a cap is recounted by. */
interface Subject {
  readonly organisationId: string;
  readonly cap: Cap;
  readonly windows: CapWindows;
  readonly meter: Meter | null;
}

/**
 * Holds counters against what they are made of: stored events with their costs, holds, and what is charged. A counter that
 * differs is put right, and an alert tells of it.
 */
@Injectable()
export class DriftCheck {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(CapWindowsService) private readonly windows: CapWindowsService,
    @Inject(CapRecounter) private readonly recounter: CapRecounter,
    @Inject(Clock) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  job(): PeriodicJob {
    return {
      name: 'check caps against events and holds',
      everyMs: EVERY_MS,
      run: async (stopping) => {
        const { rows } = await this.database.owner.query<{ organisation_id: string; id: string }>(
          `SELECT organisation_id, id FROM cap
            WHERE active_at < now() - interval '${CHECK_EVERY}' AND archived_at IS NULL
              AND (checked_at IS NULL OR checked_at < now() - interval '${CHECK_EVERY}')
            ORDER BY checked_at NULLS FIRST LIMIT ${CAPS_A_TURN}`,
        );
        for (const { organisation_id: organisationId, id } of rows) {
          if (stopping.aborted) return;
          await this.checkNoted(organisationId, id);
        }
      },
    };
  }

  /**
   * Checks one cap, and repairs what is wrong. Holds and counting go on meanwhile: only where something differs they wait,
   * until it is looked at again and put right.
   *
   * @returns the counters that were put right
   */
  async check(organisationId: string, capId: string): Promise<readonly Drift[]> {
    const subject = await this.subjectOf(organisationId, capId);
    if (subject === null) return [];
    const isRight = await this.database.snapshot(
      organisationId,
      async (db) => (await this.differing(db, subject)).length === 0,
    );
    return isRight ? [] : this.repair(subject);
  }

  /** One that fails is tried again with the others of its next turn, not before them. */
  private async checkNoted(organisationId: string, capId: string): Promise<void> {
    try {
      await this.check(organisationId, capId);
    } catch (error) {
      this.logger.error({ err: error, cap: capId }, 'a cap could not be checked against events and holds');
    }
    await this.database.owner.query('UPDATE cap SET checked_at = now() WHERE organisation_id = $1 AND id = $2', [
      organisationId,
      capId,
    ]);
  }

  private async subjectOf(organisationId: string, capId: string): Promise<Subject | null> {
    const rules = await this.database.tenant(organisationId, (db) => loadRules(db, organisationId, 'checked'));
    const cap = rules.capsById.get(capId);
    if (cap?.active !== true) return null;
    const windows = await this.windows.of(actingFor(organisationId), cap, rules.settings.timeZone);
    return { organisationId, cap, windows, meter: await this.recounter.meterOf(organisationId, cap) };
  }

  /** Counters that differ from the truth, with the truth. */
  private async differing(
    db: Queryable,
    { organisationId, cap, windows, meter }: Subject,
  ): Promise<[Counter, Counter][]> {
    const truth = await this.recounter.truth(db, organisationId, cap, windows, meter);
    const begin = Math.min(...windows.windows.map(({ period }) => period.start));
    const stored = await countersSince(db, organisationId, cap.id, new Date(Math.floor(begin / 1_000)));
    const storedById = new Map(stored.map((counter) => [counter.id, counter]));
    const pairs: [Counter, Counter][] = [];
    for (const [id, right] of truth) {
      const counter = storedById.get(id) ?? { ...right, settled: 0n, held: 0n, buckets: right.buckets && [] };
      const nowSeconds = windows.nowOf(counterValue(cap, right.eachValues, 'customer')) / 1_000;
      dropOver(counter, cap, nowSeconds);
      if (!isSame(counter, right)) pairs.push([counter, right]);
    }
    return pairs;
  }

  private async repair(subject: Subject): Promise<readonly Drift[]> {
    const { organisationId, cap } = subject;
    return this.database.ownerTransaction(async (client) => {
      const db = asQueryable(client);
      await lockCounting(db, organisationId);
      await pauseEntitlements(db, organisationId);
      const pairs = await this.differing(db, subject);
      const refs = pairs.map(([, { id, eachValues, period }]) => ({ id, cap, eachValues, period }));
      const locked = await lockCounters(db, organisationId, refs, []);

      const drifts: Drift[] = [];
      for (const [before, after] of pairs) {
        const { settled, held, buckets } = after;
        Object.assign(locked.get(after.id)!, { settled, held, buckets, changed: true });
        drifts.push({ counterId: after.id, before, after });
      }

      await saveCounters(db, organisationId, locked.values());
      await insertAlerts(
        db,
        organisationId,
        pairs.map(([before, after]) => alertOf(cap, before, after, this.clock.now())),
      );
      if (drifts.length > 0) {
        const shown = drifts.map(({ counterId, before, after }) => ({ counterId, before: shownOf(before), after: shownOf(after) })); // prettier-ignore
        this.logger.error({ cap: cap.key, drifts: shown }, 'counters of a cap were wrong, and were put right');
      }
      return drifts;
    });
  }
}

function isSame(counter: Counter, right: Counter): boolean {
  if (counter.settled !== right.settled || counter.held !== right.held) return false;
  return JSON.stringify(bucketsOf(counter)) === JSON.stringify(bucketsOf(right));
}

/** Without those in which additions and what was taken back come to nothing. */
function bucketsOf({ buckets }: Counter): [number, string][] {
  return (buckets ?? []).filter(([, amount]) => amount !== 0n).map(([start, amount]) => [start, scaledText(amount)]);
}

/** Each repair is told, also another one of the same counter. */
function alertOf(cap: Cap, before: Counter, after: Counter, at: Date): Alert {
  return {
    kind: 'drift',
    subject: `${after.id} ${at.toISOString()}`,
    customerId: counterValue(cap, after.eachValues, 'customer'),
    capId: cap.id,
    session: counterValue(cap, after.eachValues, 'session'),
    detail: { cap: cap.key, each: after.eachValues, before: shownOf(before), after: shownOf(after) },
    at,
  };
}

function shownOf({ settled, held }: Pick<Counter, 'settled' | 'held'>): Readonly<Record<string, string>> {
  return { settled: scaledText(settled), held: scaledText(held) };
}
