import { grouped } from '../src/client/text-table';
import { advanceTo, ask, openBillingBooks, subscribeAll } from './billing-books';
import { BenchDatabase } from './database';
import { startWeir, type Weir } from './processes';
import { spreadOf } from './statistics';
import { storeEvents } from './store-events';

/** At the hour, where only sums are read; and in the middle of one, where the events of its hour are counted. */
const STARTS = { 'at the hour': '2025-01-01T00:00:00Z', 'within an hour': '2025-01-01T14:37:00Z' } as const;
const ENDS = { 'at the hour': '2025-02-01T00:00:00Z', 'within an hour': '2025-02-01T14:37:00Z' } as const;

interface Wanted {
  readonly few: number;
  readonly many: number;
  readonly times: number;
}

/**
 * How long one customer's invoice takes with few events in its period and with many, on one server, in turns: the open
 * period's, which is rated and not stored, then the closing of the period, and the finalizing of the draft.
 */
export async function measureOneCustomer({ few, many, times }: Wanted): Promise<object> {
  const weir = await startWeir(null);
  let database: BenchDatabase | null = null;
  try {
    await openBillingBooks(weir);
    const names = Object.keys(STARTS) as (keyof typeof STARTS)[];
    const clocks: Record<string, string> = {};
    const customers = names.flatMap((start) => [few, many].map((events) => ({ start, events, key: `${start === 'at the hour' ? 'hour' : 'minute'}-${events}` }))); // prettier-ignore
    for (const { start, key } of customers) clocks[key] = await subscribeAll(weir, [key], new Date(STARTS[start]));
    database = await BenchDatabase.connect(weir.dataFolder, 0);
    const startedAt = performance.now();
    await database.run((client) =>
      storeEvents(
        client,
        customers.map(({ start, events, key }) => ({
          count: events,
          customers: [key],
          within: { from: new Date(STARTS[start]), to: new Date(ENDS[start]) },
        })),
      ),
    );
    process.stdout.write(
      `  ${grouped(2 * (few + many))} events stored in ${Math.round((performance.now() - startedAt) / 1_000)} seconds\n`,
    );

    const results: Record<string, object> = {};
    for (const start of names) {
      const [one, other] = customers.filter((customer) => customer.start === start) as unknown as [Customer, Customer];
      results[start] = await compare(weir, clocks, start, [one, other], times);
    }
    return results;
  } finally {
    await database?.close();
    await weir.stop();
  }
}

interface Customer {
  readonly key: string;
  readonly events: number;
}

async function compare(
  weir: Weir,
  clocks: Readonly<Record<string, string>>,
  start: keyof typeof STARTS,
  customers: readonly [Customer, Customer],
  times: number,
): Promise<object> {
  const took = new Map<string, { preview: number[]; close: number; finalize: number }>();
  for (const { key } of customers) took.set(key, { preview: [], close: 0, finalize: 0 });
  for (let time = -3; time < times; time += 1) {
    for (const { key } of customers) {
      const startedAt = performance.now();
      await ask(weir, 'GET', `/v1/customers/${key}/invoices/preview`);
      if (time >= 0) took.get(key)!.preview.push(performance.now() - startedAt);
    }
  }
  const end = new Date(ENDS[start]);
  for (const { key } of customers) {
    const of = took.get(key)!;
    of.close = 1_000 * (await advanceTo(weir, clocks[key]!, end));
    of.finalize = 1_000 * (await advanceTo(weir, clocks[key]!, new Date(end.getTime() + 86_400_000)));
  }
  const [few, many] = customers.map(({ key }) => took.get(key)!) as [Took, Took];
  const [fewMs, manyMs] = [spreadOf(few.preview), spreadOf(many.preview)];
  const ms = (value: number): string => value.toFixed(1);
  process.stdout.write(
    `An invoice of ${grouped(customers[0].events)} and of ${grouped(customers[1].events)} events, of a period that begins ${start}:\n` +
      `  rated    ${ms(fewMs.median)} [${ms(fewMs.least)}–${ms(fewMs.most)}] and ${ms(manyMs.median)} [${ms(manyMs.least)}–${ms(manyMs.most)}] ms; ratio ${(manyMs.median / fewMs.median).toFixed(2)}\n` +
      `  closed   ${ms(few.close)} and ${ms(many.close)} ms, finalized ${ms(few.finalize)} and ${ms(many.finalize)} ms\n`,
  );
  return { few: { ...few, preview: fewMs }, many: { ...many, preview: manyMs }, ratio: manyMs.median / fewMs.median };
}

type Took = { preview: number[]; close: number; finalize: number };
