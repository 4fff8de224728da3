import type { Period } from '../../kernel';
import { periodWindows } from './period-windows';

const at = (day: number): Date => new Date(Date.UTC(2026, 0, day));
const period = (from: number, to: number): Period => ({ start: at(from), end: at(to) });
/** Days of January instead of microseconds. */
const day = (micros: number): number => (micros - Date.UTC(2026, 0, 1) * 1_000) / 86_400_000_000 + 1;

function sets(...periods: Period[]) {
  return periodWindows(periods, ({ start }, index) => [{ at: start, part: index }]).map(({ windows, parts }) => ({
    starts: windows.starts.map(day),
    end: day(windows.end),
    parts,
  }));
}

it.each`
  periods                                       | expected                                                                            | because
  ${[]}                                         | ${[]}                                                                               | ${'nothing is asked'}
  ${[period(1, 3), period(3, 5)]}               | ${[{ starts: [1, 3], end: 5, parts: [0, 1] }]}                                      | ${'one ends where the next begins'}
  ${[period(3, 5), period(1, 3)]}               | ${[{ starts: [1, 3], end: 5, parts: [1, 0] }]}                                      | ${'they may come in any order'}
  ${[period(1, 2), period(4, 5)]}               | ${[{ starts: [1, 2, 4], end: 5, parts: [0, null, 1] }]}                             | ${'a gap belongs to nobody'}
  ${[period(1, 4), period(2, 3), period(4, 6)]} | ${[{ starts: [1, 4], end: 6, parts: [0, 2] }, { starts: [2], end: 3, parts: [1] }]} | ${'those that overlap are read apart'}
  ${[period(1, 3), period(1, 3)]}               | ${[{ starts: [1], end: 3, parts: [0] }, { starts: [1], end: 3, parts: [1] }]}       | ${'the same twice is asked twice'}
  ${[period(2, 2), period(2, 4)]}               | ${[{ starts: [2], end: 4, parts: [1] }]}                                            | ${'nothing happens in no time'}
`('lays periods side by side: $because', ({ periods, expected }: { periods: Period[]; expected: unknown }) => {
  expect(sets(...periods)).toEqual(expected);
});

it('cuts a period into its parts', () => {
  const [only] = periodWindows([period(1, 5)], () => [
    { at: at(1), part: 'day' },
    { at: at(2), part: 'night' },
    { at: at(4), part: 'day' },
  ]);
  expect(only!.windows.starts.map(day)).toEqual([1, 2, 4]);
  expect(only!.parts).toEqual(['day', 'night', 'day']);
});
