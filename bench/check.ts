import { BenchError } from './bench-error';
import type { BenchDatabase } from './database';
import { eventId, eventOf, type Workload } from './events';

/** What was found in the database when all rounds were over. */
export interface Checked {
  readonly events: number;
  readonly usageSums: number;
}

/**
 * A benchmark that loses events is worth nothing: every event sent is stored exactly once, has a cost, and is counted.
 *
 * @param sent events have the numbers from 0 to this
 * @throws BenchError that says what is missing or wrong
 */
export async function check(database: BenchDatabase, workload: Workload, sent: number): Promise<Checked> {
  const missing = new Set<string>();
  let outputTokens = 0;
  for (let number = 0; number < sent; number += 1) {
    missing.add(eventId(workload, number));
    outputTokens += eventOf(workload, number, 0).outputTokens;
  }
  if (missing.size !== sent) throw new BenchError(`The benchmark made ${sent - missing.size} ids twice.`);
  let surplus = 0;
  for await (const id of database.ids()) if (!missing.delete(id)) surplus += 1;
  if (missing.size > 0 || surplus > 0) {
    throw new BenchError(
      `Of ${sent} events ${missing.size} are not stored, and ${surplus} are stored that were not sent.`,
    );
  }

  const recount = await database.recount();
  if (recount.outputTokens !== outputTokens) {
    throw new BenchError(
      `${outputTokens} output tokens were sent, and the stored events have ${recount.outputTokens}.`,
    );
  }
  if (recount.uncosted > 0) throw new BenchError(`${recount.uncosted} events have no cost.`);
  const { sums, differing } = await database.compareUsage();
  if (differing > 0) throw new BenchError(`${differing} of ${sums} usage sums differ from a recount of the events.`);
  return { events: recount.events, usageSums: sums };
}
