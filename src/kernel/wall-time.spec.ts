import { instantOfWallTime } from './wall-time';

it.each`
  text                             | zone               | instant                          | because
  ${'2026-11-21 09:30:00'}         | ${'UTC'}           | ${'2026-11-21T09:30:00.000000Z'} | ${'as it stands'}
  ${'2026-11-21T09:30'}            | ${'UTC'}           | ${'2026-11-21T09:30:00.000000Z'} | ${'seconds may be left out'}
  ${'2023-11-16 18:17:03.9799600'} | ${'UTC'}           | ${'2023-11-16T18:17:03.979960Z'} | ${'seven decimals, as the Azure traces have'}
  ${'2026-11-21 09:30:00.25'}      | ${'Europe/Berlin'} | ${'2026-11-21T08:30:00.250000Z'} | ${'an hour east in winter'}
  ${'2026-07-01'}                  | ${'Europe/Berlin'} | ${'2026-06-30T22:00:00.000000Z'} | ${'a day begins at its midnight, two hours east in summer'}
  ${'2026-10-25 02:30:00'}         | ${'Europe/Berlin'} | ${'2026-10-25T00:30:00.000000Z'} | ${'shown twice: the earlier'}
  ${'2026-03-29 02:30:00'}         | ${'Europe/Berlin'} | ${'2026-03-29T01:30:00.000000Z'} | ${'skipped: after the gap'}
  ${'2026-11-21 09:30:00'}         | ${'Asia/Kolkata'}  | ${'2026-11-21T04:00:00.000000Z'} | ${'half an hour'}
  ${'2026-02-30 00:00:00'}         | ${'UTC'}           | ${null}                          | ${'no such day'}
  ${'2026-11-21 24:00:00'}         | ${'UTC'}           | ${null}                          | ${'no such hour'}
  ${'2026-11-21 09:30:60'}         | ${'UTC'}           | ${null}                          | ${'no leap seconds, as in events'}
  ${'21.11.2026 09:30'}            | ${'UTC'}           | ${null}                          | ${'days and months are not guessed'}
  ${'2026-11-21T09:30:00Z'}        | ${'UTC'}           | ${null}                          | ${'has a zone of its own'}
  ${''}                            | ${'UTC'}           | ${null}                          | ${'nothing'}
`('$text in $zone: $because', ({ text, zone, instant }) => {
  expect(instantOfWallTime(text, zone)).toBe(instant);
});
