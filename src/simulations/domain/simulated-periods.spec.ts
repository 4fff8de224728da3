import { MOST_PERIODS, simulatedPeriods, startsBefore } from './simulated-periods';

const DAY = 86_400_000;
const at = (text: string) => new Date(text.length === 10 ? `${text}T00:00:00Z` : text);
const cut = (from: string, to: string, timeZone = 'UTC') =>
  simulatedPeriods({ start: at(from), end: at(to) }, timeZone)?.map(({ period, share }) => [
    period.start.toISOString(),
    period.end.toISOString(),
    share.part / share.whole,
  ]);

it.each`
  from            | to              | timeZone | starts                                                      | lastShare  | because
  ${'2026-10-01'} | ${'2026-11-01'} | ${'UTC'} | ${['2026-10-01T00:00:00.000Z']}                             | ${1}       | ${'one whole month'}
  ${'2026-01-15'} | ${'2026-03-01'} | ${'UTC'} | ${['2026-01-15T00:00:00.000Z', '2026-02-15T00:00:00.000Z']} | ${14 / 28} | ${'the last is short'}
  ${'2026-02-01'} | ${'2026-02-08'} | ${'UTC'} | ${['2026-02-01T00:00:00.000Z']}                             | ${7 / 28}  | ${'a week of February'}
  ${'2026-01-31'} | ${'2026-03-31'} | ${'UTC'} | ${['2026-01-31T00:00:00.000Z', '2026-02-28T00:00:00.000Z']} | ${1}       | ${'the day clamps and comes back'}
`('$from to $to: $because', ({ from, to, timeZone, starts, lastShare }) => {
  const periods = cut(from, to, timeZone)!;
  expect(periods.map(([start]) => start)).toEqual(starts);
  expect(periods.at(-1)![2]).toBe(lastShare);
});

it('follows the clock of the time zone: a month with an hour less is whole', () => {
  expect(cut('2026-02-28T23:00:00Z', '2026-03-31T22:00:00Z', 'Europe/Berlin')).toEqual([
    ['2026-02-28T23:00:00.000Z', '2026-03-31T22:00:00.000Z', 1],
  ]);
});

it('lies end to end and covers the range, which has at most so many months', () => {
  const periods = simulatedPeriods({ start: at('2024-11-05'), end: at('2026-11-05') }, 'UTC')!;
  expect(periods).toHaveLength(MOST_PERIODS);
  expect(periods[0]!.period.start).toEqual(at('2024-11-05'));
  expect(periods.at(-1)!.period.end).toEqual(at('2026-11-05'));
  for (const [index, { period }] of periods.slice(1).entries())
    expect(period.start).toEqual(periods[index]!.period.end);
  expect(
    simulatedPeriods({ start: at('2024-11-05'), end: new Date(at('2026-11-05').getTime() + DAY) }, 'UTC'),
  ).toBeNull();
});

it('months before one go on before the range, newest first, by the local calendar', () => {
  const periods = simulatedPeriods(
    { start: at('2026-02-28T23:00:00Z'), end: at('2026-04-30T22:00:00Z') },
    'Europe/Berlin',
  )!;
  const starts = (index: number) => startsBefore(periods, index, 'Europe/Berlin').map((start) => start.toISOString());
  expect(starts(1).slice(0, 3)).toEqual([
    '2026-02-28T23:00:00.000Z', // 1 March, the simulated month before
    '2026-01-31T23:00:00.000Z', // 1 February
    '2025-12-31T23:00:00.000Z',
  ]);
  // 1 October was in summer time.
  expect(starts(0)).toHaveLength(5);
  expect(starts(0).at(-1)).toBe('2025-09-30T22:00:00.000Z');
});
