import { closePeriod, openBooks } from './books';
import { Client, grouped } from '../client';
import { collectCustomers, type DemoResult } from './result';
import { countOfEvents, eventsOf, METERS, periodOf, PLANS } from './scenario';
import type { Request } from './trace';
import { BATCH_SIZE, upload, type UploadCounts } from './upload';

/** What a run tells while it goes on. */
export interface RunListener {
  step(name: string, what: string): void;
  uploading(counts: UploadCounts, total: number, elapsedMs: number): void;
}

export interface RunTarget {
  readonly url: string;
  readonly apiKey: string;
  /** Milliseconds for which a server that can't be reached is tried again. */
  readonly patienceMs: number;
  readonly signal: AbortSignal;
}

/**
 * The main job through the API of a running server: catalog and customers, all events, the period's end, the invoices.
 * Safe to repeat, also after it was broken off anywhere: the same workload ends in the same invoices.
 */
export async function runDemo(
  target: RunTarget,
  requests: readonly Request[],
  listener: RunListener,
): Promise<DemoResult> {
  const client = new Client(target);
  const period = periodOf(requests);

  const clockId = await openBooks(client, period);
  listener.step('catalog', `${METERS.length} meters, ${PLANS.length} plans, 3 customers with a subscription each`);

  const events = await uploadAll(client, requests, listener);

  await closePeriod(client, clockId, period);
  const customers = await collectCustomers(client, period);
  listener.step('invoices', `the customers' clock is at ${period.end}: ${customers.length} invoices finalized`);
  return { events, period, customers };
}

async function uploadAll(client: Client, requests: readonly Request[], listener: RunListener): Promise<UploadCounts> {
  const total = countOfEvents(requests.length);
  const startedAt = performance.now();
  const elapsedMs = () => performance.now() - startedAt;
  const counts = await upload(client, eventsOf(requests), (soFar) => listener.uploading(soFar, total, elapsedMs()));

  const seconds = elapsedMs() / 1000;
  listener.step(
    'upload',
    `${grouped(counts.sent)} events in batches of ${BATCH_SIZE} in ${seconds.toFixed(1)} s ` +
      `(${grouped(Math.round(counts.sent / seconds))} events/s): ` +
      `${grouped(counts.accepted)} accepted, ${grouped(counts.duplicates)} duplicates`,
  );
  return counts;
}
