import fc from 'fast-check';
import { timeProblem } from './time-rule';

const HOUR = 3_600_000_000;
const NOW = Date.UTC(2026, 10, 21) * 1_000;
const LIMITS = { maxAgeMs: 35 * 86_400_000, maxFutureMs: 5 * 60_000 };
const OLDEST = NOW - 35 * 24 * HOUR;
const NEWEST = NOW + HOUR / 12;

it.each`
  time          | clock                     | code                 | because
  ${NOW}        | ${null}                   | ${null}              | ${'now'}
  ${OLDEST}     | ${null}                   | ${null}              | ${'the oldest is still fine'}
  ${OLDEST - 1} | ${null}                   | ${'event_too_old'}   | ${'a microsecond older is not'}
  ${NEWEST}     | ${null}                   | ${null}              | ${'clocks may differ by minutes'}
  ${NEWEST + 1} | ${null}                   | ${'event_in_future'} | ${'and no more'}
  ${0}          | ${null}                   | ${'event_too_old'}   | ${'1970'}
  ${OLDEST - 1} | ${NOW - HOUR}             | ${null}              | ${'the test clock stands an hour back'}
  ${NEWEST + 1} | ${NOW + HOUR}             | ${null}              | ${'the test clock is an hour ahead'}
  ${NOW}        | ${NOW - 1000 * 24 * HOUR} | ${null}              | ${'the real time counts beside a clock in the past'}
  ${NOW}        | ${NOW + 1000 * 24 * HOUR} | ${null}              | ${'and beside one in the future'}
  ${NEWEST + 1} | ${NOW - HOUR}             | ${'event_in_future'} | ${'a clock in the past allows no future'}
  ${OLDEST - 1} | ${NOW + HOUR}             | ${'event_too_old'}   | ${'a clock in the future makes nothing younger'}
`('$code: $because', ({ time, clock, code }) => {
  const problem = timeProblem(time, clock === null ? [NOW] : [NOW, clock], LIMITS);
  expect(problem?.code ?? null).toBe(code);
  expect(problem?.field ?? 'time').toBe('time');
});

it.each`
  maxAgeMs           | words
  ${86_400_000}      | ${'1 days'}
  ${35 * 86_400_000} | ${'35 days'}
  ${5_400_000}       | ${'90 minutes'}
  ${7_200_000}       | ${'2 hours'}
  ${1_500}           | ${'1500 milliseconds'}
  ${0}               | ${'0 milliseconds'}
`('says the limit in words: $words', ({ maxAgeMs, words }) => {
  const problem = timeProblem(0, [NOW], { ...LIMITS, maxAgeMs });
  expect(problem!.detail).toContain(`is longer ago than ${words}`);
});

it('a second clock only allows more', () => {
  const time = fc.integer({ min: NOW - 100 * 24 * HOUR, max: NOW + 100 * 24 * HOUR });
  fc.assert(
    fc.property(time, time, (at, clock) => {
      if (timeProblem(at, [NOW], LIMITS) !== null && timeProblem(at, [clock], LIMITS) !== null) return;
      expect(timeProblem(at, [NOW, clock], LIMITS)).toBeNull();
    }),
  );
});
