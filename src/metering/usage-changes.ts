import type { Queryable } from '../platform/database';
import { countingRevisions } from '../catalog';
import type { StoredEvent } from '../events';
import { scaledFromDecimal } from '../kernel';
import { changedUsage, type CountedEvent } from './domain';
import { addPending } from './persistence/pending-store';
import { addSamples, removeSamples } from './persistence/sample-store';

/** Events that stop counting and events that start, each with the cost it has or had. */
export interface EventChanges {
  readonly removed: readonly StoredEvent[];
  readonly added: readonly StoredEvent[];
}

/**
 * Writes down what changes in usage when events are voided, amended or cost something else: in every meter that counted
 * them, its samples, and the built-in meter of all events. A new cost is the event removed with the old one and added
 * with the new one.
 *
 * The caller's transaction holds `pauseIngest` for the organisation and wrote, or will write, the records that say why.
 * Without it an event could be counted by a fill on one side and taken off on the other.
 *
 * @param batch   the number of the change, taken from `event_batch` in this transaction; several calls may share it
 * @param changes events as they are stored: `batch` is that of the event's own row. An event that starts counting with
 *                this change (an amendment) has this change's batch.
 */
export async function changeUsage(
  db: Queryable,
  organisationId: string,
  batch: number,
  { removed, added }: EventChanges,
): Promise<void> {
  const revisions = await countingRevisions(db, organisationId);

  const changed = changedUsage(revisions, removed.map(toCountedEvent), added.map(toCountedEvent));

  await addPending(db, organisationId, batch, changed.sums);
  await removeSamples(db, organisationId, changed.removedSamples);
  await addSamples(db, organisationId, changed.addedSamples);
}

/** A stored event with its cost as sums take it. */
export function toCountedEvent(event: StoredEvent): CountedEvent {
  const { key, customerId, happenedAt, batch, amount, costStatus } = event;
  const cost = { amount: amount === null ? null : scaledFromDecimal(amount), pending: costStatus === 'pending' };
  return { event, key, customerId, happenedAt, batch, cost };
}
