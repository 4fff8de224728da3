import { createHash } from 'node:crypto';
import { periodOf } from './scenario';
import { parseTrace, type Request, traceText } from './trace';
import { makeWorkload } from './workload';

const tokensOf = (requests: readonly Request[], pick: (request: Request) => number) => {
  const sorted = requests.map(pick).sort((a, b) => a - b);
  const mean = sorted.reduce((total, tokens) => total + tokens, 0) / sorted.length;
  const quantile = (share: number) => sorted[Math.floor(sorted.length * share)]!;
  return { mean, median: quantile(0.5), p99: quantile(0.99), least: sorted[0]! };
};

describe.each([1, 2, 3, 7, 4_294_967_295])('the made-up workload of seed %i has the published shape', (seed) => {
  const requests = makeWorkload(20_000, seed);
  const input = tokensOf(requests, ({ inputTokens }) => inputTokens);
  const output = tokensOf(requests, ({ outputTokens }) => outputTokens);

  it('means: 1,155 tokens in and 211 out, within 2 %', () => {
    expect(Math.abs(input.mean / 1155 - 1)).toBeLessThan(0.02);
    expect(Math.abs(output.mean / 211 - 1)).toBeLessThan(0.02);
  });

  it('heavy tails: the 99th percentile is three to five times the mean in, two to four times out', () => {
    expect(input.p99 / input.mean).toBeGreaterThan(3);
    expect(input.p99 / input.mean).toBeLessThan(5);
    expect(output.p99 / output.mean).toBeGreaterThan(2);
    expect(output.p99 / output.mean).toBeLessThan(4);
  });

  it('the median lies below the mean, and every request has tokens', () => {
    expect(input.median).toBeLessThan(input.mean);
    expect(output.median).toBeLessThan(output.mean);
    expect(Math.min(input.least, output.least)).toBeGreaterThanOrEqual(1);
  });

  it('time only goes on, for about an hour, inside one calendar month', () => {
    const times = requests.map(({ time }) => time);
    expect(times.findIndex((time, row) => row > 0 && time < times[row - 1]!)).toBe(-1);
    const hours = (Date.parse(times.at(-1)!) - Date.parse(times[0]!)) / 3_600_000;
    expect(hours).toBeGreaterThan(0.9);
    expect(hours).toBeLessThan(1.1);
    expect(periodOf(requests)).toEqual({ start: '2025-06-01T00:00:00.000Z', end: '2025-07-01T00:00:00.000Z' });
  });
});

describe('the made-up workload is the same everywhere', () => {
  it('the same seed gives the same rows, which are pinned here', () => {
    const digest = createHash('sha256')
      .update(traceText(makeWorkload(20_000, 1)))
      .digest('hex');
    expect(digest).toBe('ff8ee96f769dcae00951b389c1e28605442c5ae86c40885e2144a9db463e9409');
  });

  it('another seed gives other rows', () => {
    expect(makeWorkload(10, 1)).not.toEqual(makeWorkload(10, 2));
  });

  it('fewer rows are the beginning of more', () => {
    expect(makeWorkload(500, 1)).toEqual(makeWorkload(5_000, 1).slice(0, 500));
  });

  it('written as a trace and read back, the rows are the same', () => {
    const requests = makeWorkload(100, 9);
    expect(parseTrace(traceText(requests))).toEqual(requests);
  });

  it('the longest workload still ends in the month it began in', () => {
    const meanGapMs = 180;
    expect(Date.parse('2025-06-10T09:00:00Z') + 2_000_000 * meanGapMs * 1.1).toBeLessThan(Date.parse('2025-07-01'));
  });
});
