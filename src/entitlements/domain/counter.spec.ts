import fc from 'fast-check';
import type { Cap } from './cap';
import { book, bucketSeconds, counterId, dropOver, newCounter } from './counter';

const HOUR = 3_600;
const rolling = (rollingSeconds: number | null): Cap => ({
  id: 'cap-1', key: 'cap', name: 'cap', setBy: 'vendor', scope: {}, each: [], measure: 'cost', currency: 'USD', meterId: null,
  period: rollingSeconds === null ? 'day' : 'rolling', rollingSeconds, kind: 'hard', models: [], limit: 100n, raises: [],
  thresholds: [], forecast: false, fromBatch: 0, active: true,
}); // prettier-ignore
const begun = (cap: Cap) => newCounter({ id: 'c', cap, eachValues: [], period: { start: 0, end: null } });

it.each`
  length       | bucket   | because
  ${60}        | ${60}    | ${'the shortest window is a bucket long'}
  ${HOUR}      | ${60}    | ${'a minute of an hour'}
  ${90 * 60}   | ${90}    | ${'a sixtieth'}
  ${24 * HOUR} | ${1_440} | ${'24 minutes of a day'}
  ${100}       | ${60}    | ${'a minute at least'}
  ${3_601}     | ${61}    | ${'rounded up, so that there are sixty at most'}
`('a window of $length seconds has buckets of $bucket: $because', ({ length, bucket }) => {
  expect(bucketSeconds(length)).toBe(bucket);
});

describe('a rolling hour', () => {
  const cap = rolling(HOUR);
  /** 10:00 */
  const ten = 10 * HOUR;

  it('lets go of each minute an hour after it has ended', () => {
    const counter = begun(cap);
    book(counter, cap, 5n, { seconds: ten + 10, nowSeconds: ten + 10 });
    book(counter, cap, 3n, { seconds: ten + 70, nowSeconds: ten + 70 });
    expect(counter).toMatchObject({ settled: 8n, buckets: [[ten, 5n], [ten + 60, 3n]] }); // prettier-ignore

    dropOver(counter, cap, ten + HOUR + 59);
    expect(counter.settled).toBe(8n);
    dropOver(counter, cap, ten + HOUR + 60);
    expect(counter.settled).toBe(3n);
    dropOver(counter, cap, ten + HOUR + 120);
    expect(counter).toMatchObject({ settled: 0n, buckets: [] });
  });

  it('counts a late event in its own minute, and not at all once that is over', () => {
    const counter = begun(cap);
    book(counter, cap, 1n, { seconds: ten, nowSeconds: ten });
    book(counter, cap, 2n, { seconds: ten - 30 * 60, nowSeconds: ten });
    book(counter, cap, 4n, { seconds: ten - 2 * HOUR, nowSeconds: ten });
    expect(counter).toMatchObject({ settled: 3n, buckets: [[ten - 1_800, 2n], [ten, 1n]] }); // prettier-ignore
  });

  it('takes back from the minute it was counted in', () => {
    const counter = begun(cap);
    book(counter, cap, 5n, { seconds: ten, nowSeconds: ten });
    book(counter, cap, -5n, { seconds: ten, nowSeconds: ten + 600 });
    expect(counter.settled).toBe(0n);
  });
});

it('a period that is not rolling keeps what it has', () => {
  const cap = rolling(null);
  const counter = begun(cap);
  book(counter, cap, 5n, { seconds: 0, nowSeconds: 0 });
  dropOver(counter, cap, 10 ** 9);
  expect(counter).toMatchObject({ settled: 5n, buckets: null, changed: true });
});

it('a window holds at least what it should, at most a bucket more, in whichever order it is told', () => {
  const amounts = fc.array(fc.tuple(fc.integer({ min: 0, max: 20_000 }), fc.bigInt({ min: 1n, max: 1_000n })), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(
      amounts,
      fc.integer({ min: 60, max: 9_000 }),
      fc.integer({ min: 20_000, max: 40_000 }),
      (told, length, now) => {
        const cap = rolling(length);
        const counter = begun(cap);
        for (const [seconds, amount] of told)
          book(counter, cap, amount, { seconds, nowSeconds: Math.min(20_000, now) });
        dropOver(counter, cap, now);

        const since = (from: number): bigint =>
          told.reduce((sum, [at, amount]) => (at > from ? sum + amount : sum), 0n);
        const bucket = bucketSeconds(length);
        expect(counter.settled).toBeGreaterThanOrEqual(since(now - length));
        expect(counter.settled).toBeLessThanOrEqual(since(now - length - bucket - 1));
        expect(counter.buckets!.reduce((sum, [, amount]) => sum + amount, 0n)).toBe(counter.settled);
        expect(counter.buckets!.map(([start]) => start)).toEqual(
          [...counter.buckets!].map(([start]) => start).sort((a, b) => a - b),
        );

        const backwards = begun(cap);
        for (const [seconds, amount] of [...told].reverse()) book(backwards, cap, amount, { seconds, nowSeconds: now });
        expect(backwards.settled).toBe(counter.settled);
      },
    ),
  );
});

it('values that are joined differently are different counters', () => {
  expect(counterId('cap', ['a-b', 'c'], 0)).not.toBe(counterId('cap', ['a', 'b-c'], 0));
  expect(counterId('cap', ['a'], 1)).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
});
