import type { Request } from './trace';

export const DEFAULT_ROWS = 20_000;
export const DEFAULT_SEED = 1;
/** So many rows take half a gigabyte of memory and four days of the workload's month. */
export const MAX_ROWS = 2_000_000;

/** The first request's moment: a Tuesday morning with three weeks of its month ahead, long enough ago for any clock. */
const FIRST_REQUEST_AT_MS = Date.UTC(2025, 5, 10, 9, 0, 0);
/** 20,000 requests in about an hour, the pace of the published chat trace. */
const MEAN_GAP_MICROS = 180_000;
const GAP_SIGMA = 1;

/** A lognormal: `median × exp(sigma × z)`. */
interface Component {
  /** The share of requests drawn from it; the shares of a mixture sum to 1. */
  readonly share: number;
  /** Tokens. */
  readonly median: number;
  readonly sigma: number;
}

/**
 * Tokens in and out as mixtures of lognormals. What is published of such traces (Azure's chat trace of 2023: mean
 * 1,155 in and 211 out, 99th percentile 3.6 and 2.8 times the mean, median below the mean) is what they were set to;
 * no row of a trace went in. In: short questions, the product's usual prompt, long documents, a few that fill the
 * window. Out: short answers, answers at the length the prompt asks for, a few long ones.
 */
const INPUT_TOKENS: readonly Component[] = [
  { share: 0.42, median: 380, sigma: 0.75 },
  { share: 0.43, median: 1080, sigma: 0.12 },
  { share: 0.146, median: 2960.7, sigma: 0.25 },
  { share: 0.004, median: 7000, sigma: 0.35 },
];
const OUTPUT_TOKENS: readonly Component[] = [
  { share: 0.62, median: 79.6, sigma: 0.5 },
  { share: 0.36, median: 395, sigma: 0.12 },
  { share: 0.02, median: 560, sigma: 0.35 },
];

/**
 * Makes up a workload in the shape of published traces of language-model requests.
 *
 * The same seed gives the same rows on every machine, and fewer rows are the beginning of more: the generator uses
 * integers and the four exact operations of IEEE 754 only, because `Math.exp` and `Math.log` may differ in the last
 * digit between platforms. A normal deviate is the sum of twelve uniforms less six (so it ends at ±6), the
 * exponential is our own series, and gaps between requests are lognormal too, which makes bursts.
 *
 * @param rows how many requests
 * @param seed 0 to 2³² − 1
 */
export function makeWorkload(rows: number, seed: number): Request[] {
  const random = uniforms(seed);
  const meanOfUnitGap = lognormal(1, GAP_SIGMA * GAP_SIGMA * 0.5);
  const medianGap = MEAN_GAP_MICROS / meanOfUnitGap;

  const requests: Request[] = [];
  let micros = 0;
  for (let row = 0; row < rows; row += 1) {
    requests.push({
      time: timeText(micros),
      inputTokens: draw(INPUT_TOKENS, random),
      outputTokens: draw(OUTPUT_TOKENS, random),
    });
    micros += Math.round(lognormal(medianGap, GAP_SIGMA * normal(random)));
  }
  return requests;
}

function draw(mixture: readonly Component[], random: () => number): number {
  let left = random();
  const component = mixture.find(({ share }) => (left -= share) < 0) ?? mixture[mixture.length - 1]!;
  return Math.max(1, Math.round(lognormal(component.median, component.sigma * normal(random))));
}

function lognormal(median: number, exponent: number): number {
  return median * exponential(exponent);
}

/** Mean 0, variance 1, bell-shaped: twelve uniforms have the mean 6 and the variance 1. */
function normal(random: () => number): number {
  let total = 0;
  for (let count = 0; count < 12; count += 1) total += random();
  return total - 6;
}

/** e to the power of x by its series, after halving x until the series is short; for |x| up to some tens. */
function exponential(x: number): number {
  let halvings = 0;
  let reduced = x;
  while (reduced > 0.5 || reduced < -0.5) {
    reduced /= 2;
    halvings += 1;
  }
  let term = 1;
  let value = 1;
  for (let n = 1; n <= 16; n += 1) {
    term = (term * reduced) / n;
    value += term;
  }
  for (; halvings > 0; halvings -= 1) value *= value;
  return value;
}

/** Uniform numbers in [0, 1) from xoshiro128** (Blackman and Vigna), its state filled from the seed by splitmix32. */
function uniforms(seed: number): () => number {
  const { imul } = Math;
  let filling = seed >>> 0;
  const fill = () => {
    filling = (filling + 0x9e3779b9) >>> 0;
    let mixed = imul(filling ^ (filling >>> 16), 0x21f0aaad);
    mixed = imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return mixed ^ (mixed >>> 15);
  };
  const state = Int32Array.of(fill(), fill(), fill(), fill());
  return () => {
    let [a, b, c, d] = [state[0]!, state[1]!, state[2]!, state[3]!];
    const scrambled = imul(rotated(imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotated(d, 11);
    state[0] = a;
    state[1] = b;
    state[2] = c;
    state[3] = d;
    return scrambled / 0x1_0000_0000;
  };
}

function rotated(word: number, left: number): number {
  return (word << left) | (word >>> (32 - left));
}

/** Microseconds after the first request as RFC 3339. */
function timeText(micros: number): string {
  const toTheSecond = new Date(FIRST_REQUEST_AT_MS + Math.floor(micros / 1000)).toISOString().slice(0, 19);
  return `${toTheSecond}.${String(micros % 1_000_000).padStart(6, '0')}Z`;
}
