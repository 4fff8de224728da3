import { Inject, Injectable } from '@nestjs/common';
import type { Tenant } from '../../access';
import {
  type EventEnd,
  type EventState,
  eventKey,
  findByKeys,
  findEnds,
  findLaterCosts,
  type LaterCost,
  revisedEventKey,
  type StoredEvent,
} from '../../events';
import { NotFoundError } from '../../kernel';
import { Database } from '../../platform/database';
import type { EventIdentity } from './corrections.service';

/** One revision of an event, as it was stored, with what came later. */
export interface EventRevision {
  readonly event: StoredEvent;
  /** Costs it was given later, oldest first. */
  readonly costs: readonly LaterCost[];
  /** What ended it; null while it counts. */
  readonly end: EventEnd | null;
}

/** An event with all that became of it. */
export interface EventHistory {
  readonly state: EventState;
  /** The last revision with the cost it has now. It counts unless the state is `voided`. */
  readonly last: StoredEvent;
  /** First to last. */
  readonly revisions: readonly EventRevision[];
  /** What costs are kept in. */
  readonly currency: string;
}

/** Tells what became of an event. */
@Injectable()
export class EventHistoryService {
  constructor(@Inject(Database) private readonly database: Database) {}

  /** @throws NotFoundError */
  async of(tenant: Tenant, { source, id }: EventIdentity): Promise<EventHistory> {
    const { organisationId } = tenant;
    return this.database.tenant(organisationId, async (db) => {
      const ends = await findEnds(db, organisationId, eventKey(organisationId, source, id));
      const amended = ends.filter(({ kind }) => kind === 'amendment').length;
      const keys = Array.from({ length: amended + 1 }, (_, revision) =>
        revisedEventKey(organisationId, source, id, revision),
      );
      const stored = await findByKeys(db, keys);
      const costs = await findLaterCosts(db, organisationId, keys);

      const [organisation] = await db.query<{ currency: string }[]>('SELECT currency FROM organisation WHERE id = $1', [
        organisationId,
      ]);

      const revisions = keys.flatMap((key) => {
        const event = stored.get(key);
        if (event === undefined) return [];
        const end = ends.find((each) => each.key === key) ?? null;
        return [{ event, costs: costs.filter((cost) => cost.key === key), end }];
      });
      const last = revisions.at(-1);
      if (last === undefined) throw new NotFoundError('event', id);
      const { currency } = organisation!;
      return { state: stateOf(last), last: withLatestCost(last), revisions, currency };
    });
  }
}

function stateOf({ event, end }: EventRevision): EventState {
  if (end !== null) return 'voided';
  return event.revision === 0 ? 'effective' : 'amended';
}

function withLatestCost({ event, costs }: EventRevision): StoredEvent {
  const latest = costs.at(-1);
  if (latest === undefined) return event;
  const { amount, costStatus, modelPriceId, breakdown } = latest;
  return { ...event, amount, costStatus, modelPriceId, breakdown };
}
