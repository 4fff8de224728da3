import { hash } from 'node:crypto';
import { type Micros, uuidOfHex } from '../../kernel';
import type { Cap } from './cap';

/** From and until when a counter counts. `end` null: not known beforehand, such as a session's. */
export interface CounterPeriod {
  readonly start: Micros;
  readonly end: Micros | null;
}

/** Which counter of a cap some work counts in. */
export interface CounterRef {
  readonly id: string;
  readonly cap: Cap;
  readonly eachValues: readonly string[];
  readonly period: CounterPeriod;
}

/** A counter as it is locked, decided by and written. Amounts count 10^-24. */
export interface Counter {
  readonly id: string;
  readonly capId: string;
  /** Of the cap's "each" fields, in their order. */
  readonly eachValues: readonly string[];
  readonly period: CounterPeriod;
  settled: bigint;
  held: bigint;
  /** Part of `settled`: what was booked above what had been held. */
  overrun: bigint;
  /** Of a rolling window: start of the bucket in seconds since 1970 and its amount, the oldest first; their sum is `settled`. */
  buckets: [number, bigint][] | null;
  /** The largest threshold that was told, in per cent. */
  alerted: number;
  /** Written by the transaction. */
  changed: boolean;
}

/**
 * The key of a counter, as a uuid: 16 bytes of a SHA-256 over the cap, the values, and the period's start. A rolling
 * window has one counter, whose `start` is 0; so have sessions, tasks and lifetimes.
 */
export function counterId(capId: string, eachValues: readonly string[], start: Micros): string {
  const hex = hash('sha256', JSON.stringify([capId, start, ...eachValues]), 'hex');
  return uuidOfHex(hex);
}

/** A counter as it begins. */
export function newCounter({ id, cap, eachValues, period }: CounterRef): Counter {
  const buckets: [number, bigint][] | null = cap.rollingSeconds === null ? null : [];
  return {
    ...{ id, capId: cap.id, eachValues, period, settled: 0n, held: 0n, overrun: 0n },
    ...{ buckets, alerted: 0, changed: false },
  };
}

/** Buckets in a rolling window; so it is exact to a sixtieth of its length, or to a minute. */
const BUCKETS = 60;
const SHORTEST_BUCKET_SECONDS = 60;

/** How long a bucket of a rolling window is, in seconds. */
export function bucketSeconds(rollingSeconds: number): number {
  return Math.max(SHORTEST_BUCKET_SECONDS, Math.ceil(rollingSeconds / BUCKETS));
}

/**
 * Counts an amount, which is below zero where something is taken back. In a rolling window it goes into the bucket of its
 * time; what is older than the window counts no more.
 *
 * @param at  of the event, or the hold's `countsAt`; in seconds since 1970, fractions welcome
 * @param now by the clock of the cap's customer; the real one where the cap is not one customer's
 */
export function book(counter: Counter, cap: Cap, amount: bigint, at: { seconds: number; nowSeconds: number }): void {
  if (amount === 0n) return;
  if (cap.rollingSeconds === null) {
    counter.settled += amount;
    counter.changed = true;
    return;
  }
  dropOver(counter, cap, at.nowSeconds);
  const length = bucketSeconds(cap.rollingSeconds);
  const start = Math.floor(at.seconds / length) * length;
  if (isOver(start, cap.rollingSeconds, at.nowSeconds)) return;

  const buckets = (counter.buckets ??= []);
  const place = buckets.findIndex(([each]) => each >= start);
  const there = place < 0 ? undefined : buckets[place];
  if (there?.[0] === start) there[1] += amount;
  else buckets.splice(place < 0 ? buckets.length : place, 0, [start, amount]);
  counter.settled += amount;
  counter.changed = true;
}

/**
 * Lets go of what has left a rolling window; does nothing to others. A bucket goes once all of it is older than the
 * window, so that never less is counted than the window holds:
 *
 * ```
 * 24 hours         |--------------------------------|            now 10:10
 * buckets   |.24m.|.24m.|.24m. …                                 the first one ended at 10:00 yesterday, and is let go;
 *          9:36  10:00  10:24                                    the second counts whole until 10:24
 * ```
 */
export function dropOver(counter: Counter, { rollingSeconds }: Cap, nowSeconds: number): void {
  if (rollingSeconds === null || counter.buckets === null) return;
  const kept = counter.buckets.filter(([start]) => !isOver(start, rollingSeconds, nowSeconds));
  if (kept.length === counter.buckets.length) return;
  counter.buckets = kept;
  counter.settled = kept.reduce((sum, [, amount]) => sum + amount, 0n);
  counter.changed = true;
}

function isOver(bucketStart: number, rollingSeconds: number, nowSeconds: number): boolean {
  return bucketStart + bucketSeconds(rollingSeconds) <= nowSeconds - rollingSeconds;
}
