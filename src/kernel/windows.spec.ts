import fc from 'fast-check';
import { type Window, windowStarts, WINDOWS } from './windows';

const MOST = 100_000;

function starts(from: string, to: string, window: Window, timeZone: string): string[] {
  const found = windowStarts({ start: new Date(from), end: new Date(to) }, window, timeZone, MOST);
  return found!.map((start) => new Date(start).toISOString().replace(':00.000Z', 'Z'));
}

it.each`
  window      | timeZone                 | from                      | to                     | expected                                                           | because
  ${'day'}    | ${'UTC'}                 | ${'2026-01-01T00:00Z'}    | ${'2026-01-03T00:00Z'} | ${['2026-01-01T00:00Z', '2026-01-02T00:00Z']}                      | ${'the end begins no window'}
  ${'day'}    | ${'UTC'}                 | ${'2026-01-01T15:00Z'}    | ${'2026-01-02T08:00Z'} | ${['2026-01-01T15:00Z', '2026-01-02T00:00Z']}                      | ${'the first begins with the period'}
  ${'day'}    | ${'UTC'}                 | ${'2026-01-01T15:00Z'}    | ${'2026-01-01T16:00Z'} | ${['2026-01-01T15:00Z']}                                           | ${'less than one'}
  ${'day'}    | ${'Europe/Berlin'}       | ${'2026-10-23T22:00Z'}    | ${'2026-10-26T23:00Z'} | ${['2026-10-23T22:00Z', '2026-10-24T22:00Z', '2026-10-25T23:00Z']} | ${'the 25th has 25 hours'}
  ${'day'}    | ${'Europe/Berlin'}       | ${'2026-03-28T23:00Z'}    | ${'2026-03-30T22:00Z'} | ${['2026-03-28T23:00Z', '2026-03-29T22:00Z']}                      | ${'the 29th has 23 hours'}
  ${'day'}    | ${'America/Santiago'}    | ${'2026-09-05T04:00Z'}    | ${'2026-09-07T03:00Z'} | ${['2026-09-05T04:00Z', '2026-09-06T04:00Z']}                      | ${'summer time begins at midnight: the 6th begins at 01:00'}
  ${'day'}    | ${'Asia/Kathmandu'}      | ${'2026-01-01T00:00Z'}    | ${'2026-01-02T00:00Z'} | ${['2026-01-01T00:00Z', '2026-01-01T18:15Z']}                      | ${'5:45 east'}
  ${'day'}    | ${'Pacific/Apia'}        | ${'2011-12-29T10:00Z'}    | ${'2011-12-31T10:00Z'} | ${['2011-12-29T10:00Z', '2011-12-30T10:00Z']}                      | ${'there was no 30 December'}
  ${'month'}  | ${'UTC'}                 | ${'2026-01-31T00:00Z'}    | ${'2026-03-02T00:00Z'} | ${['2026-01-31T00:00Z', '2026-02-01T00:00Z', '2026-03-01T00:00Z']} | ${'months are those of the calendar'}
  ${'month'}  | ${'America/Los_Angeles'} | ${'2026-02-01T08:00Z'}    | ${'2026-04-02T00:00Z'} | ${['2026-02-01T08:00Z', '2026-03-01T08:00Z', '2026-04-01T07:00Z']} | ${'8 hours west, then 7'}
  ${'hour'}   | ${'Asia/Kolkata'}        | ${'2026-01-01T00:00Z'}    | ${'2026-01-01T02:00Z'} | ${['2026-01-01T00:00Z', '2026-01-01T00:30Z', '2026-01-01T01:30Z']} | ${'half an hour off'}
  ${'hour'}   | ${'Europe/Berlin'}       | ${'2026-10-25T00:00Z'}    | ${'2026-10-25T02:00Z'} | ${['2026-10-25T00:00Z', '2026-10-25T01:00Z']}                      | ${'02:00 comes twice, as two windows'}
  ${'hour'}   | ${'Australia/Lord_Howe'} | ${'2026-04-04T14:00Z'}    | ${'2026-04-04T16:30Z'} | ${['2026-04-04T14:00Z', '2026-04-04T15:00Z', '2026-04-04T15:30Z']} | ${'the clock goes back by half an hour: 01:30 to 02:00 comes twice'}
  ${'hour'}   | ${'Australia/Lord_Howe'} | ${'2026-10-03T14:30Z'}    | ${'2026-10-03T17:00Z'} | ${['2026-10-03T14:30Z', '2026-10-03T15:30Z', '2026-10-03T16:00Z']} | ${'and forward: 02:30 to 03:00 is all there is of that hour'}
  ${'minute'} | ${'UTC'}                 | ${'2026-01-01T00:00:30Z'} | ${'2026-01-01T00:02Z'} | ${['2026-01-01T00:00:30.000Z', '2026-01-01T00:01Z']}               | ${'minutes'}
`('$window in $timeZone: $because', ({ window, timeZone, from, to, expected }) => {
  const [start, end] = [from, to].map((text: string) => text.replace(/(T\d\d:\d\d)Z$/, '$1:00Z'));
  expect(starts(start!, end!, window, timeZone)).toEqual(expected);
});

it('stops at the bound instead of filling memory', () => {
  const year = { start: new Date('2026-01-01T00:00:00Z'), end: new Date('2027-01-01T00:00:00Z') };
  expect(windowStarts(year, 'minute', 'UTC', 1_000)).toBeNull();
  expect(windowStarts(year, 'day', 'UTC', 365)).toHaveLength(365);
  expect(windowStarts(year, 'day', 'UTC', 364)).toBeNull();
});

const ZONES = ['UTC', 'Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Apia', 'America/Santiago', 'Africa/Casablanca']; // prettier-ignore

/** Minutes that a drawn period has at most, so that it has some dozens of windows. */
const LONGEST = { minute: 60, hour: 4_000, day: 60_000, month: 1_000_000 } as const;

it('windows lie end to end, and the local date or hour changes where one begins and nowhere else', () => {
  const year = Date.UTC(2026, 0, 1);
  const drawn = fc
    .tuple(fc.integer({ min: 0, max: 2 * 366 * 1_440 }), fc.constantFrom(...ZONES), fc.constantFrom(...WINDOWS))
    .chain(([at, timeZone, window]) =>
      fc.integer({ min: 1, max: LONGEST[window] }).map((length) => ({ at, timeZone, window, length })),
    );
  fc.assert(
    fc.property(drawn, ({ at, timeZone, window, length }) => {
      const start = new Date(year + at * 60_000);
      const end = new Date(start.getTime() + length * 60_000);
      const format = new Intl.DateTimeFormat('en-CA', { timeZone, hourCycle: 'h23', dateStyle: 'short', timeStyle: 'long' }); // prettier-ignore
      // 2026-10-25, 02:59:59 GMT+2: as much of it as stays the same within a window.
      const shown = (ms: number): string => {
        const text = format.format(ms);
        if (window === 'month') return text.slice(0, 7);
        if (window === 'day') return text.slice(0, 10);
        return `${text.slice(0, window === 'hour' ? 14 : 17)} ${text.slice(20)}`;
      };

      const found = windowStarts({ start, end }, window, timeZone, MOST)!;
      expect(found[0]).toBe(start.getTime());
      const edges = [...found, end.getTime()];
      expect(edges).toEqual([...new Set(edges)].sort((a, b) => a - b));
      const faults = found.filter((each, index) => {
        const last = edges[index + 1]! - 1;
        return shown(each) !== shown(last) || (index > 0 && shown(each) === shown(each - 1));
      });
      expect(faults).toEqual([]);
    }),
    { numRuns: 200 },
  );
});
