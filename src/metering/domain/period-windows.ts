import type { Period } from '../../kernel';
import type { UsageWindows } from './usage-windows';

/** Windows end to end that hold some periods, and what each of them is. */
export interface PeriodWindows<Part> {
  readonly windows: UsageWindows;
  /** For each window what of which period it is; null for a gap between two periods. */
  readonly parts: readonly (Part | null)[];
}

/** A part of a period, from an instant to the next part or the period's end. */
export interface PeriodPart<Part> {
  readonly at: Date;
  readonly part: Part;
}

/**
 * Lays periods side by side, so that usage in all of them is read by one statement. Where one does not begin where the
 * one before ends, a window in between stands for nobody; where two overlap, they come into different sets.
 *
 * ```
 * periods    |--- 0 ---|      |--- 1 ---|--- 2 ---|
 *                |--- 3 ---|
 * sets       |--- 0 ---|  ∅   |--- 1 ---|--- 2 ---|   and   |--- 3 ---|
 * ```
 *
 * @param periods in any order; one without a length is in no set, as nothing happens in it
 * @param partsOf what a period is cut into: ascending, the first at its start
 */
export function periodWindows<Part>(
  periods: readonly Period[],
  partsOf: (period: Period, index: number) => readonly PeriodPart<Part>[],
): PeriodWindows<Part>[] {
  const sets: { starts: number[]; parts: (Part | null)[]; end: number }[] = [];
  const inOrder = periods
    .map((period, index) => ({ period, index, start: micros(period.start), end: micros(period.end) }))
    .filter(({ start, end }) => start < end)
    .sort((a, b) => a.start - b.start);
  for (const { period, index, start, end } of inOrder) {
    let set = sets.find((candidate) => candidate.end <= start);
    if (set === undefined) sets.push((set = { starts: [], parts: [], end: start }));
    if (set.end < start) {
      set.starts.push(set.end);
      set.parts.push(null);
    }
    for (const { at, part } of partsOf(period, index)) {
      set.starts.push(micros(at));
      set.parts.push(part);
    }
    set.end = end;
  }
  return sets.map(({ starts, parts, end }) => ({ windows: { starts, end }, parts }));
}

function micros(at: Date): number {
  return at.getTime() * 1_000;
}
