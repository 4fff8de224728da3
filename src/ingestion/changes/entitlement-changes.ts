import { Inject, Injectable } from '@nestjs/common';
import { appendPending, CountingService, EntitlementBooks, PendingSums } from '../../entitlements';
import type { StoredEvent } from '../../events';
import { scaledFromDecimal } from '../../kernel';
import type { CountedCost, EventChanges } from '../../metering';
import type { Queryable } from '../../platform/database';
import { CurrentBooks } from './current-books';

/** Leaves what corrections change to be counted against caps, holds and credit. */
@Injectable()
export class EntitlementChanges {
  constructor(
    @Inject(CurrentBooks) private readonly books: CurrentBooks,
    @Inject(EntitlementBooks) private readonly entitlements: EntitlementBooks,
    @Inject(CountingService) private readonly counting: CountingService,
  ) {}

  /**
   * Writes down what a correction takes off and adds, in its transaction, while ingest is paused. Nothing where neither
   * the organisation nor an event has to do with caps, holds or credit.
   *
   * @param batch   the correction's
   * @param changes a new cost is the event removed with the old one and added with the new one
   */
  async append(db: Queryable, organisationId: string, batch: number, { removed, added }: EventChanges): Promise<void> {
    const [organisation] = await db.query<{ caps_revision: string }>(
      'SELECT caps_revision FROM organisation WHERE id = $1',
      [organisationId],
    );
    const revision = organisation!.caps_revision;
    if (revision === '0' && [...removed, ...added].every(({ hold }) => hold === null)) return;
    const { currentMeters } = await this.books.of(db, organisationId);

    const sums = new PendingSums(await this.entitlements.at(db, organisationId, revision));
    for (const event of removed) sums.correct(toCounted(event), costOf(event), currentMeters, -1n);
    for (const event of added) sums.correct(toCounted(event), costOf(event), currentMeters, 1n);

    await appendPending(db, organisationId, batch, sums.groups());
  }

  /** After the commit. What a crash in between leaves is counted all the same, a little later. */
  committed(organisationId: string): void {
    this.counting.kick(organisationId);
  }
}

function toCounted(event: StoredEvent): Parameters<PendingSums['correct']>[0] {
  return { event, customerId: event.customerId, time: event.happenedAt, model: event.model };
}

function costOf({ amount, costStatus }: StoredEvent): CountedCost {
  return { amount: amount === null ? null : scaledFromDecimal(amount), pending: costStatus === 'pending' };
}
