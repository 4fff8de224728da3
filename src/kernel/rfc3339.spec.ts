import fc from 'fast-check';
import { formatMicros, parseRfc3339 } from './rfc3339';

it.each`
  text                                  | iso                              | because
  ${'2023-11-16T18:15:46.6805900Z'}     | ${'2023-11-16T18:15:46.680590Z'} | ${'seven decimals, as .NET writes them'}
  ${'2026-11-21T09:30:00Z'}             | ${'2026-11-21T09:30:00.000000Z'} | ${'none'}
  ${'2026-11-21T09:30:00.5Z'}           | ${'2026-11-21T09:30:00.500000Z'} | ${'one'}
  ${'2026-11-21T09:30:00.123456789Z'}   | ${'2026-11-21T09:30:00.123456Z'} | ${'nine: cut, not rounded'}
  ${'2026-11-21T09:30:00.999999999Z'}   | ${'2026-11-21T09:30:00.999999Z'} | ${'so that it stays the same second'}
  ${'2026-11-21t09:30:00z'}             | ${'2026-11-21T09:30:00.000000Z'} | ${'small letters'}
  ${'2026-11-21T09:30:00+05:30'}        | ${'2026-11-21T04:00:00.000000Z'} | ${'east'}
  ${'2026-11-21T09:30:00-08:00'}        | ${'2026-11-21T17:30:00.000000Z'} | ${'west'}
  ${'2026-11-21T09:30:00-00:00'}        | ${'2026-11-21T09:30:00.000000Z'} | ${'nowhere'}
  ${'2026-12-31T23:59:59.999999-23:59'} | ${'2027-01-01T23:58:59.999999Z'} | ${'over the end of a year'}
  ${'2024-02-29T12:00:00Z'}             | ${'2024-02-29T12:00:00.000000Z'} | ${'a leap day'}
  ${'2000-02-29T12:00:00Z'}             | ${'2000-02-29T12:00:00.000000Z'} | ${'of a century with one'}
  ${'1970-01-01T00:00:00Z'}             | ${'1970-01-01T00:00:00.000000Z'} | ${'the first'}
  ${'1970-01-01T00:00:00+01:00'}        | ${'1969-12-31T23:00:00.000000Z'} | ${'the day is 1970’s, the instant need not be'}
  ${'2199-12-31T23:59:59.999999Z'}      | ${'2199-12-31T23:59:59.999999Z'} | ${'the last, to the microsecond'}
`('$text: $because', ({ text, iso }) => {
  const micros = parseRfc3339(text)!;
  expect(Number.isSafeInteger(micros)).toBe(true);
  expect(formatMicros(micros)).toBe(iso);
});

it.each`
  text                                 | because
  ${''}                                | ${'nothing'}
  ${'2026-11-21'}                      | ${'a day'}
  ${'2026-11-21T09:30:00'}             | ${'no offset: whose nine o’clock?'}
  ${'2026-11-21T09:30Z'}               | ${'no seconds'}
  ${'2026-11-21 09:30:00Z'}            | ${'a space'}
  ${'2026-11-21T09:30:00.Z'}           | ${'a point and nothing'}
  ${'2026-11-21T09:30:00,5Z'}          | ${'a comma'}
  ${'2026-11-21T09:30:00.1234567890Z'} | ${'ten decimals'}
  ${'2026-11-21T24:00:00Z'}            | ${'hour 24'}
  ${'2026-11-21T09:60:00Z'}            | ${'minute 60'}
  ${'2016-12-31T23:59:60Z'}            | ${'a leap second, which no database keeps'}
  ${'2026-11-21T09:30:00+24:00'}       | ${'an offset of a day'}
  ${'2026-11-21T09:30:00+05:60'}       | ${'an offset of 60 minutes'}
  ${'2026-11-21T09:30:00+0530'}        | ${'an offset without colon'}
  ${'2026-11-21T09:30:00+05'}          | ${'an offset of hours alone'}
  ${'2026-11-21T09:30:00+5:30'}        | ${'an offset of three digits'}
  ${'2026-11-21T09:30:00ZZ'}           | ${'something behind it'}
  ${'2026-11-21T09:30:00Z '}           | ${'a space behind it'}
  ${' 2026-11-21T09:30:00Z'}           | ${'a space before it'}
  ${'2026-13-01T00:00:00Z'}            | ${'month 13'}
  ${'2026-00-01T00:00:00Z'}            | ${'month 0'}
  ${'2026-01-00T00:00:00Z'}            | ${'day 0'}
  ${'2026-04-31T00:00:00Z'}            | ${'30 days has April'}
  ${'2026-02-29T00:00:00Z'}            | ${'no leap year'}
  ${'2100-02-29T00:00:00Z'}            | ${'nor is 2100'}
  ${'1969-12-31T23:59:59Z'}            | ${'before 1970'}
  ${'2200-01-01T00:00:00Z'}            | ${'after 2199'}
  ${'+002026-11-21T09:30:00Z'}         | ${'a year of six digits'}
  ${'26-11-21T09:30:00Z'}              | ${'a year of two'}
  ${'2026-1-21T09:30:00.0Z'}           | ${'a month of one'}
  ${'２026-11-21T09:30:00Z'}           | ${'another script’s digit'}
  ${'2026-11-21T0:30:000Z'}            | ${'digits in the wrong places'}
  ${'2026-11-21T09:30:00\u22125:00'}   | ${'a minus that is none'}
  ${'Sat Nov 21 2026 09:30:00 GMT'}    | ${'what Date.parse would take'}
  ${'2026-W47-6T09:30:00Z'}            | ${'a week'}
  ${'2026-325T09:30:00Z'}              | ${'a day of the year'}
`('"$text" is refused: $because', ({ text }) => {
  expect(parseRfc3339(text)).toBeNull();
});

const two = (most: number) => fc.integer({ min: 0, max: most }).map((value) => String(value).padStart(2, '0'));
const digits = fc.string({ unit: fc.integer({ min: 0, max: 9 }).map(String), minLength: 1, maxLength: 9 });
const offset = fc.oneof(
  fc.constant('Z'),
  fc.tuple(fc.constantFrom('+', '-'), two(23), two(59)).map(([sign, h, m]) => `${sign}${h}:${m}`),
);
/** Of the right form; the day may not exist. */
const wellFormed = fc
  .record({
    year: fc.integer({ min: 1968, max: 2201 }),
    month: two(13),
    day: two(32),
    h: two(24),
    m: two(60),
    s: two(60),
    fraction: fc.option(digits),
    offset,
  })
  .map(
    (t) =>
      `${t.year}-${t.month}-${t.day}T${t.h}:${t.m}:${t.s}${t.fraction === null ? '' : `.${t.fraction}`}${t.offset}`,
  );

/** An instant by Date.parse, in milliseconds; null where that is laxer than RFC 3339 or we keep no such year. */
function byDate(text: string): number | null {
  const match = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d{1,9})?(Z|[+-](\d\d):(\d\d))$/.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour] = match.map(Number) as [number, number, number, number, number];
  if (year < 1970 || year > 2199 || hour > 23) return null;
  // Date.parse lets the 31st of April through as 1 May.
  if (day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return null;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}

it('agrees with Date.parse to the millisecond, and keeps what it cuts', () => {
  let valid = 0;
  fc.assert(
    fc.property(wellFormed, (text) => {
      const ms = byDate(text);
      const micros = parseRfc3339(text);
      if (ms === null) {
        expect(micros).toBeNull();
        return;
      }
      valid += 1;
      const sixDecimals = (/\.(\d+)/.exec(text)?.[1] ?? '').padEnd(6, '0').slice(0, 6);
      expect(micros).toBe(Math.floor(ms / 1_000) * 1_000_000 + Number(sixDecimals));
    }),
    { numRuns: 5_000 },
  );
  expect(valid).toBeGreaterThan(2_000);
});

it('agrees on text with a character changed, added or lost', () => {
  const change = fc.tuple(
    fc.nat(35),
    fc.constantFrom('', '0', '9', ':', '-', '+', '.', 'T', 'Z', ' ', '\0', '٣'),
    fc.boolean(),
  );
  fc.assert(
    fc.property(wellFormed, change, (text, [at, character, replaces]) => {
      const changed = text.slice(0, at) + character + text.slice(at + (replaces ? 1 : 0));
      expect(parseRfc3339(changed) === null).toBe(byDate(changed) === null);
    }),
    { numRuns: 5_000 },
  );
});

it('says the same whichever days it has seen before', () => {
  const first = parseRfc3339('2026-11-21T09:30:00Z');
  for (let day = 0; day < 2_000; day += 1)
    parseRfc3339(`${new Date(day * 86_400_000).toISOString().slice(0, 10)}T00:00:00Z`);
  expect(parseRfc3339('2026-11-21T09:30:00Z')).toBe(first);
  expect(parseRfc3339('2026-02-30T09:30:00Z')).toBeNull();
  expect(parseRfc3339('2026-02-30T09:30:00Z')).toBeNull();
});

it('an instant goes to text and back', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: Date.UTC(2200, 0, 1) * 1_000 - 1 }), (micros) => {
      expect(parseRfc3339(formatMicros(micros))).toBe(micros);
    }),
  );
});
