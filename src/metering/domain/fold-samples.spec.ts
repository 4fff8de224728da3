import { foldHeldLevel, foldSamples, type ListedSample } from './fold-samples';

const HOUR = 3_600_000_000;
const ONE = 10n ** 24n;

function sample(hour: number, quantity: number, options: Partial<ListedSample> = {}): ListedSample {
  return { time: hour * HOUR, key: '5', series: '', quantity: BigInt(quantity) * ONE, value: null, ...options };
}
const named = (hour: number, value: string): ListedSample => sample(hour, 0, { quantity: null, value });

const DAY = { from: 24 * HOUR, to: 48 * HOUR };
const LEVELS = [sample(30, 5), sample(26, 3), sample(20, 90), sample(48, 70)];

it.each`
  aggregation        | samples                                                                     | expected            | because
  ${'max'}           | ${LEVELS}                                                                   | ${'5'}              | ${'the end is not in the stretch, and what was before counts no more'}
  ${'min'}           | ${LEVELS}                                                                   | ${'3'}              | ${'the order they come in means nothing'}
  ${'latest'}        | ${LEVELS}                                                                   | ${'5'}              | ${'it is the last in time'}
  ${'latest'}        | ${[sample(30, 1, { key: 'b' }), sample(30, 2, { key: 'a' })]}               | ${'1'}              | ${'of one instant the greatest key is the last'}
  ${'max'}           | ${[sample(30, -5), sample(31, -7)]}                                         | ${'-5'}             | ${'levels may be below zero'}
  ${'max'}           | ${[sample(20, 90)]}                                                         | ${undefined}        | ${'there is no value in the stretch'}
  ${'unique'}        | ${[named(30, '"a"'), named(31, '"b"'), named(32, '"a"'), named(10, '"c"')]} | ${'2'}              | ${'the same twice is one'}
  ${'time_weighted'} | ${[sample(20, 2), sample(36, 0)]}                                           | ${`${24 * 3600e6}`} | ${'2 of before held for half a day'}
  ${'time_weighted'} | ${[sample(36, 2)]}                                                          | ${`${24 * 3600e6}`} | ${'the last holds until the end'}
  ${'time_weighted'} | ${[sample(20, 1), sample(20, 1, { series: 'x' })]}                          | ${`${48 * 3600e6}`} | ${'each series holds by itself'}
  ${'time_weighted'} | ${[sample(48, 1)]}                                                          | ${undefined}        | ${'nothing was there yet'}
`('$aggregation: $because', ({ aggregation, samples, expected }) => {
  expect(foldSamples({ aggregation }, samples, DAY)?.toFixed()).toBe(expected);
});

it.each`
  aggregation | samples                                          | expected     | because
  ${'latest'} | ${[sample(20, 5)]}                               | ${'5'}       | ${'nobody said otherwise since'}
  ${'latest'} | ${[sample(20, 5), sample(24, 3)]}                | ${'3'}       | ${'somebody said otherwise'}
  ${'max'}    | ${[sample(10, 9), sample(20, 5), sample(30, 3)]} | ${'5'}       | ${'it was five until it was three; nine was before'}
  ${'min'}    | ${[sample(20, 5), sample(30, 7)]}                | ${'5'}       | ${'it was five until it was seven'}
  ${'latest'} | ${[sample(48, 5)]}                               | ${undefined} | ${'nothing was told yet'}
`('what is held counts from the start: $because', ({ aggregation, samples, expected }) => {
  expect(foldHeldLevel({ aggregation }, samples, DAY)?.toFixed()).toBe(expected);
});

it('lets nothing hold for longer than until now', () => {
  expect(foldSamples({ aggregation: 'time_weighted' }, [sample(24, 1)], DAY, 30 * HOUR)?.toFixed()).toBe(`${6 * 3600e6}`); // prettier-ignore
});
