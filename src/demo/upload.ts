import { type Client, ProgramError } from '../client';
import type { UsageEvent } from './scenario';

export const BATCH_SIZE = 500;
const BATCHES_IN_FLIGHT = 4;

export interface UploadCounts {
  readonly sent: number;
  readonly accepted: number;
  readonly duplicates: number;
}

interface BatchAnswer {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly results: readonly {
    readonly id: string;
    readonly status: 'accepted' | 'duplicate' | 'rejected';
    readonly code?: string;
    readonly detail?: string;
  }[];
}

/**
 * Posts events in batches, several under way at once. Safe to repeat and to break off: the server counts an event by
 * its id, so what it has already comes back as a duplicate.
 *
 * @param onProgress told after each answered batch how many events are answered so far
 * @throws ProgramError when the server refuses an event, since the result would then not be the workload's
 */
export async function upload(
  client: Client,
  events: Iterable<UsageEvent>,
  onProgress: (counts: UploadCounts) => void,
): Promise<UploadCounts> {
  const counts = { sent: 0, accepted: 0, duplicates: 0 };
  const waiting = batches(events);

  // A sender that throws ends the iterator for the others too, so nothing is sent after a failure.
  const sendInTurn = async () => {
    for (const batch of waiting) {
      const answer = await client.post<BatchAnswer>('/v1/events', { events: batch });
      refuseRejected(answer);
      counts.sent += batch.length;
      counts.accepted += answer.accepted;
      counts.duplicates += answer.duplicates;
      onProgress({ ...counts });
    }
  };
  await Promise.all(Array.from({ length: BATCHES_IN_FLIGHT }, sendInTurn));

  if (counts.accepted + counts.duplicates !== counts.sent) {
    throw new ProgramError(
      `${counts.sent} events were sent, but the server speaks of ${counts.accepted} accepted and ${counts.duplicates} duplicates.`,
    );
  }
  return counts;
}

/** One iterator for all senders, so that each batch is taken once. */
function* batches(events: Iterable<UsageEvent>): Generator<UsageEvent[]> {
  let batch: UsageEvent[] = [];
  for (const event of events) {
    batch.push(event);
    if (batch.length < BATCH_SIZE) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function refuseRejected(answer: BatchAnswer): void {
  if (answer.rejected === 0) return;
  const first = answer.results.find(({ status }) => status === 'rejected');
  const why = first === undefined ? '' : ` The first, ${first.id}: ${first.code ?? ''} ${first.detail ?? ''}`.trimEnd();
  const help =
    first?.code === 'event_too_old'
      ? ' Start the server with WEIR_EVENT_MAX_AGE=36500d to let these times in.'
      : first?.code === 'event_conflict'
        ? ' The server holds the demo of another workload: use a server with fresh data.'
        : '';
  throw new ProgramError(`The server rejected ${answer.rejected} events of a batch.${why}${help}`);
}
