import { hash } from 'node:crypto';
import type { Micros } from '../../kernel';
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
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}
