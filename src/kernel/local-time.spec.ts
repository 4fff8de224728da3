import fc from 'fast-check';
import { addLocalDays, instantOfLocal, localTimeOf, steadyClocks } from './local-time';

const instant = (text: string): Date => new Date(text);

// Worked by hand from the IANA zone data: Berlin changes at 01:00 UTC on the last Sundays of March and October.
describe('what a clock on the wall shows', () => {
  it.each`
    at                            | timeZone              | date            | minutes | weekday | because
    ${'2026-03-29T00:59:59.999Z'} | ${'Europe/Berlin'}    | ${'2026-03-29'} | ${119}  | ${7}    | ${'the last minute of winter is 01:59'}
    ${'2026-03-29T01:00:00Z'}     | ${'Europe/Berlin'}    | ${'2026-03-29'} | ${180}  | ${7}    | ${'and the next is 03:00: an hour is skipped'}
    ${'2026-10-25T00:30:00Z'}     | ${'Europe/Berlin'}    | ${'2026-10-25'} | ${150}  | ${7}    | ${'02:30, the first time'}
    ${'2026-10-25T01:30:00Z'}     | ${'Europe/Berlin'}    | ${'2026-10-25'} | ${150}  | ${7}    | ${'02:30, the second time'}
    ${'2026-12-31T23:00:00Z'}     | ${'Europe/Berlin'}    | ${'2027-01-01'} | ${0}    | ${5}    | ${'a new year, and a Friday'}
    ${'2026-06-30T18:30:00Z'}     | ${'Asia/Kolkata'}     | ${'2026-07-01'} | ${0}    | ${3}    | ${'half an hour off'}
    ${'2026-01-01T04:59:00Z'}     | ${'America/New_York'} | ${'2025-12-31'} | ${1439} | ${3}    | ${'the last minute of a day'}
    ${'2026-11-22T05:00:00Z'}     | ${'UTC'}              | ${'2026-11-22'} | ${300}  | ${7}    | ${'UTC as it is'}
  `('$at in $timeZone: $because', ({ at, timeZone, date, minutes, weekday }) => {
    expect(localTimeOf(instant(at), timeZone)).toEqual({ date, minutes, weekday });
  });
});

describe('the instant of a local time', () => {
  it.each`
    date            | minutes | timeZone               | expected                  | because
    ${'2026-07-01'} | ${0}    | ${'Europe/Berlin'}     | ${'2026-06-30T22:00:00Z'} | ${'midnight in summer'}
    ${'2026-03-29'} | ${150}  | ${'Europe/Berlin'}     | ${'2026-03-29T01:30:00Z'} | ${'02:30 is skipped: the same time behind the gap, 03:30'}
    ${'2026-10-25'} | ${150}  | ${'Europe/Berlin'}     | ${'2026-10-25T00:30:00Z'} | ${'02:30 is there twice: the first'}
    ${'2026-12-31'} | ${1440} | ${'UTC'}               | ${'2027-01-01T00:00:00Z'} | ${'24:00 is the next day'}
    ${'2026-03-29'} | ${1440} | ${'Europe/Berlin'}     | ${'2026-03-29T22:00:00Z'} | ${'on a day of 23 hours, too'}
    ${'2017-10-15'} | ${0}    | ${'America/Sao_Paulo'} | ${'2017-10-15T03:00:00Z'} | ${'a day without midnight begins at 01:00'}
  `('$date, minute $minutes, in $timeZone: $because', ({ date, minutes, timeZone, expected }) => {
    expect(instantOfLocal(date, minutes, timeZone)).toEqual(instant(expected));
  });
});

describe('days added on the wall’s calendar', () => {
  it.each`
    at                        | days  | timeZone           | expected                  | because
    ${'2026-03-28T12:00:00Z'} | ${1}  | ${'Europe/Berlin'} | ${'2026-03-29T11:00:00Z'} | ${'13:00 stays 13:00, 23 hours later'}
    ${'2026-10-24T12:00:00Z'} | ${1}  | ${'Europe/Berlin'} | ${'2026-10-25T13:00:00Z'} | ${'14:00 stays 14:00, 25 hours later'}
    ${'2026-01-31T00:00:00Z'} | ${14} | ${'UTC'}           | ${'2026-02-14T00:00:00Z'} | ${'a trial of 14 days'}
    ${'2026-01-31T08:15:00Z'} | ${0}  | ${'Asia/Kolkata'}  | ${'2026-01-31T08:15:00Z'} | ${'none'}
  `('$days after $at in $timeZone: $because', ({ at, days, timeZone, expected }) => {
    expect(addLocalDays(instant(at), days, timeZone)).toEqual(instant(expected));
  });
});

describe('stretches of a steady clock', () => {
  const stretches = (start: string, end: string, timeZone: string): string[] =>
    steadyClocks({ start: instant(start), end: instant(end) }, timeZone).map(
      (clock) => `${clock.start.toISOString()} ${clock.offsetMs / 3_600_000}h`,
    );

  it('part a year in Berlin in three', () => {
    expect(stretches('2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z', 'Europe/Berlin')).toEqual([
      '2026-01-01T00:00:00.000Z 1h',
      '2026-03-29T01:00:00.000Z 2h',
      '2026-10-25T01:00:00.000Z 1h',
    ]);
  });

  it('are one in a zone that changes nothing, and where the change is the period’s edge', () => {
    expect(stretches('2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z', 'Asia/Kolkata')).toHaveLength(1);
    expect(stretches('2026-03-29T01:00:00Z', '2026-10-25T01:00:00Z', 'Europe/Berlin')).toHaveLength(1);
    expect(stretches('2026-03-29T00:00:00Z', '2026-03-29T01:00:00Z', 'Europe/Berlin')).toHaveLength(1);
  });

  it('show what the clock shows', () => {
    const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu');
    const at = fc.date({
      min: instant('1985-01-01T00:00:00Z'),
      max: instant('2037-01-01T00:00:00Z'),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(zones, at, fc.integer({ min: 0, max: 400 * 86_400_000 }), (timeZone, moment, before) => {
        const start = new Date(moment.getTime() - before);
        const { offsetMs } = steadyClocks({ start, end: new Date(moment.getTime() + 1) }, timeZone).at(-1)!;
        const shown = new Date(moment.getTime() + offsetMs).toISOString();
        const { date, minutes } = localTimeOf(moment, timeZone);
        expect(shown.slice(0, 10)).toBe(date);
        expect(Number(shown.slice(11, 13)) * 60 + Number(shown.slice(14, 16))).toBe(minutes);
      }),
    );
  });
});
