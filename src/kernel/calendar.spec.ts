import fc from 'fast-check';
import { CALENDAR_UNITS, calendarPeriodAt } from './calendar';
import { Decimal } from './money';
import { scaledFromDecimal, scaledFromText, scaledText } from './scaled';

const HOUR = 3_600_000;

describe('the calendar of a zone', () => {
  it.each`
    unit       | zone                     | at                        | start                     | end                       | because
    ${'day'}   | ${'Europe/Berlin'}       | ${'2026-03-29T12:00:00Z'} | ${'2026-03-28T23:00:00Z'} | ${'2026-03-29T22:00:00Z'} | ${'the clocks go on: 23 hours'}
    ${'day'}   | ${'Europe/Berlin'}       | ${'2026-10-25T12:00:00Z'} | ${'2026-10-24T22:00:00Z'} | ${'2026-10-25T23:00:00Z'} | ${'the clocks go back: 25 hours'}
    ${'day'}   | ${'America/New_York'}    | ${'2026-03-08T12:00:00Z'} | ${'2026-03-08T05:00:00Z'} | ${'2026-03-09T04:00:00Z'} | ${'23 hours in the west, three weeks earlier'}
    ${'day'}   | ${'America/New_York'}    | ${'2026-11-01T12:00:00Z'} | ${'2026-11-01T04:00:00Z'} | ${'2026-11-02T05:00:00Z'} | ${'25 hours in the west'}
    ${'day'}   | ${'Pacific/Auckland'}    | ${'2026-11-22T12:00:00Z'} | ${'2026-11-22T11:00:00Z'} | ${'2026-11-23T11:00:00Z'} | ${'there it is the 23rd already'}
    ${'day'}   | ${'Pacific/Auckland'}    | ${'2026-11-22T10:59:59Z'} | ${'2026-11-21T11:00:00Z'} | ${'2026-11-22T11:00:00Z'} | ${'and a second before midnight the 22nd'}
    ${'day'}   | ${'Africa/Cairo'}        | ${'2026-04-24T10:00:00Z'} | ${'2026-04-23T22:00:00Z'} | ${'2026-04-24T21:00:00Z'} | ${'summer time begins at midnight: the day begins at 01:00'}
    ${'month'} | ${'Europe/Berlin'}       | ${'2026-03-15T00:00:00Z'} | ${'2026-02-28T23:00:00Z'} | ${'2026-03-31T22:00:00Z'} | ${'begins in winter time and ends in summer time'}
    ${'month'} | ${'UTC'}                 | ${'2028-02-29T23:59:59Z'} | ${'2028-02-01T00:00:00Z'} | ${'2028-03-01T00:00:00Z'} | ${'a leap year'}
    ${'month'} | ${'Asia/Tokyo'}          | ${'2026-01-31T15:00:00Z'} | ${'2026-01-31T15:00:00Z'} | ${'2026-02-28T15:00:00Z'} | ${'the first instant of February there'}
    ${'week'}  | ${'UTC'}                 | ${'2026-11-22T10:00:00Z'} | ${'2026-11-16T00:00:00Z'} | ${'2026-11-23T00:00:00Z'} | ${'a Sunday ends the week'}
    ${'week'}  | ${'America/Los_Angeles'} | ${'2026-11-23T07:59:59Z'} | ${'2026-11-16T08:00:00Z'} | ${'2026-11-23T08:00:00Z'} | ${'there it is Sunday still'}
    ${'hour'}  | ${'UTC'}                 | ${'2026-11-22T10:59:59Z'} | ${'2026-11-22T10:00:00Z'} | ${'2026-11-22T11:00:00Z'} | ${'by the clock'}
    ${'hour'}  | ${'Asia/Kolkata'}        | ${'2026-11-22T10:29:59Z'} | ${'2026-11-22T09:30:00Z'} | ${'2026-11-22T10:30:00Z'} | ${'hours begin at half past, UTC'}
    ${'hour'}  | ${'Europe/Berlin'}       | ${'2026-10-25T00:30:00Z'} | ${'2026-10-25T00:00:00Z'} | ${'2026-10-25T01:00:00Z'} | ${'02:30, shown for the first time'}
    ${'hour'}  | ${'Europe/Berlin'}       | ${'2026-10-25T01:30:00Z'} | ${'2026-10-25T01:00:00Z'} | ${'2026-10-25T02:00:00Z'} | ${'02:30 again is another hour'}
    ${'hour'}  | ${'Australia/Lord_Howe'} | ${'2026-04-04T15:10:00Z'} | ${'2026-04-04T15:00:00Z'} | ${'2026-04-04T15:30:00Z'} | ${'01:40 again: the clock went back from 02:00 to 01:30'}
  `('$zone, $unit of $at: $because', ({ unit, zone, at, start, end }) => {
    expect(calendarPeriodAt(new Date(at), unit, zone)).toEqual({ start: new Date(start), end: new Date(end) });
  });

  const instants = fc.integer({ min: Date.UTC(1971, 0), max: Date.UTC(2060, 0) });
  const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'America/St_Johns', 'Asia/Kolkata', 'Pacific/Apia', 'Australia/Lord_Howe', 'America/Sao_Paulo', 'Pacific/Kiritimati'); // prettier-ignore

  it('has an instant in one period, which has it at its start and not at its end, and the next one follows', () => {
    fc.assert(
      fc.property(instants, zones, fc.constantFrom(...CALENDAR_UNITS), (atMs, zone, unit) => {
        const { start, end } = calendarPeriodAt(new Date(atMs), unit, zone);
        expect(start.getTime()).toBeLessThanOrEqual(atMs);
        expect(end.getTime()).toBeGreaterThan(atMs);
        expect(calendarPeriodAt(start, unit, zone)).toEqual({ start, end });
        expect(calendarPeriodAt(new Date(end.getTime() - 1), unit, zone)).toEqual({ start, end });
        expect(calendarPeriodAt(end, unit, zone).start).toEqual(end);
        if (unit === 'hour') expect(end.getTime() - start.getTime()).toBeLessThanOrEqual(HOUR);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a scaled integer of plain digits', () => {
  it.each`
    text                                     | scaled
    ${'0'}                                   | ${'0'}
    ${'-0.25'}                               | ${'-0.25'}
    ${'12.500'}                              | ${'12.5'}
    ${'0.000000000000000000000001'}          | ${'0.000000000000000000000001'}
    ${'1.0000000000000000000000000000'}      | ${'1'}
    ${'-123456789012345.123456789012345678'} | ${'-123456789012345.123456789012345678'}
  `('$text', ({ text, scaled }) => expect(scaledText(scaledFromText(text))).toBe(scaled));

  it('is that of the decimal', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), (scaled) => {
        const text = scaledText(scaled);
        expect(scaledFromText(text)).toBe(scaled);
        expect(scaledFromText(text)).toBe(scaledFromDecimal(new Decimal(text)));
      }),
    );
  });

  it('refuses digits that it would lose', () => {
    expect(() => scaledFromText('0.0000000000000000000000001')).toThrow('more than 24 digits');
  });
});
