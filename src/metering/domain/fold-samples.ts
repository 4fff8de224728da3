import type { MeterDefinition } from '../../catalog/domain';
import { Decimal, scaledToDecimal, type Micros } from '../../kernel';
import type { Stretch } from './usage-windows';

/** One event's value as a meter that keeps samples keeps it, in memory. */
export interface ListedSample {
  readonly time: Micros;
  /** Of samples of one instant the one with the greatest key is the last. */
  readonly key: string;
  /** What holds until the next sample of the same series. */
  readonly series: string;
  /** As a count of 10^-24; null for a unique count. */
  readonly quantity: bigint | null;
  /** The value of a unique count, as text. */
  readonly value: string | null;
}

/**
 * Folds samples as the stored ones are folded, by hand: what `quantityOfFolded` makes a quantity of. A value of 5 at 10:00
 * and 0 at 11:30, from 09:00 to 12:00: largest 5, last 0, and held 5 × 90 minutes.
 *
 * @param samples in any order; of a time-weighted meter those of before the stretch, too, as they hold into it
 * @param until   nothing has held for longer than this yet
 * @returns       null when there is no value
 */
export function foldSamples(
  { aggregation }: Pick<MeterDefinition, 'aggregation'>,
  samples: readonly ListedSample[],
  { from, to }: Stretch,
  until: Micros = to,
): Decimal | null {
  if (aggregation === 'time_weighted') return foldHeld(samples, { from, to: Math.min(to, until) });

  const inside = samples.filter(({ time }) => from <= time && time < to);
  if (inside.length === 0) return null;
  switch (aggregation) {
    case 'unique':
      return new Decimal(new Set(inside.map(({ value }) => value)).size);
    case 'latest':
      return quantityOfSample(inside.reduce((last, each) => (isLater(each, last) ? each : last)));
    case 'min':
      return inside.map(quantityOfSample).reduce((a, b) => Decimal.min(a, b));
    default:
      return inside.map(quantityOfSample).reduce((a, b) => Decimal.max(a, b));
  }
}

/**
 * The same for units that are held until they change, such as seats: the value in force when the stretch begins counts
 * as one of it. Five seats told in March are five seats in April, and in both halves of it.
 */
export function foldHeldLevel(
  meter: Pick<MeterDefinition, 'aggregation'>,
  samples: readonly ListedSample[],
  { from, to }: Stretch,
): Decimal | null {
  const before = samples.filter(({ time }) => time < from);
  if (before.length === 0) return foldSamples(meter, samples, { from, to });
  const held = before.reduce((last, each) => (isLater(each, last) ? each : last));
  return foldSamples(meter, [held, ...samples.filter(({ time }) => time >= from)], { from: held.time, to });
}

/** Value × microseconds over all series, each value from its time to the next one's. */
function foldHeld(samples: readonly ListedSample[], { from, to }: Stretch): Decimal | null {
  const bySeries = new Map<string, ListedSample[]>();
  for (const sample of samples) {
    const series = bySeries.get(sample.series);
    if (series === undefined) bySeries.set(sample.series, [sample]);
    else series.push(sample);
  }
  let total: bigint | null = null;
  for (const series of bySeries.values()) {
    series.sort((a, b) => (isLater(a, b) ? 1 : -1));
    for (const [place, { time, quantity }] of series.entries()) {
      const begins = Math.max(time, from);
      const ends = Math.min(series[place + 1]?.time ?? to, to);
      if (begins < ends) total = (total ?? 0n) + (quantity ?? 0n) * BigInt(ends - begins);
    }
  }
  return total === null ? null : scaledToDecimal(total);
}

function isLater(a: ListedSample, b: ListedSample): boolean {
  return a.time > b.time || (a.time === b.time && a.key > b.key);
}

function quantityOfSample({ quantity }: ListedSample): Decimal {
  return scaledToDecimal(quantity ?? 0n);
}
