import type { Micros } from '../kernel';
import type { Queryable } from '../platform/database';
import { columnsOf, type CompiledMeter, cutHours, stretchesOf, WindowSums, type WindowSum } from './domain';
import { eachEventBundle } from './persistence/event-bundles';
import { customersInHours, type RowPosition, usageRows, type UsageRow } from './persistence/usage-query';
import type { UsageQuestion } from './persistence/usage-question';

/**
 * Answers a question about one meter's usage: whole hours from the sums, and what a window's edge cuts out of an hour from
 * the events. Which customers have any there is known from the sums, so that nothing else is looked at.
 *
 * @param db a transaction in which all statements see one instant
 */
export async function readUsageRows(
  db: Queryable,
  question: UsageQuestion,
  meter: CompiledMeter,
  after: RowPosition | null,
  limit: number,
): Promise<UsageRow[]> {
  const hours = cutHours(question.windows);
  const fromEvents = hours.length === 0 ? [] : await countEvents(db, question, meter, hours);
  return usageRows(db, question, hours, fromEvents, after, limit);
}

async function countEvents(
  db: Queryable,
  question: UsageQuestion,
  meter: CompiledMeter,
  hours: readonly Micros[],
): Promise<WindowSum[]> {
  const { windows, organisationId } = question;
  const asked = { from: windows.starts[0]!, to: windows.end };
  const used = await customersInHours(db, question, hours);
  const stretches = [...used].flatMap(([customerId, hoursOfCustomer]) =>
    stretchesOf(hoursOfCustomer, asked).map((stretch) => ({ customerId, ...stretch })),
  );
  const sums = new WindowSums(meter);
  const type = meter.meter.eventType;
  const columns = columnsOf(meter);
  const wanted = { type, lookedAt: columns.length === 0 ? [] : [type], columns };
  await eachEventBundle(db, organisationId, wanted, windows, stretches, (bundle) => sums.addBundle(bundle));
  return sums.all();
}
