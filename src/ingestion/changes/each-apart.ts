/**
 * Does the work for each of several, one after the other. One that fails does not keep the others from their turn.
 *
 * @throws AggregateError of what failed, after all had their turn
 */
export async function eachApart<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const failures: unknown[] = [];
  for (const item of items) await work(item).catch((error: unknown) => failures.push(error));
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} of ${items.length} failed`);
}
