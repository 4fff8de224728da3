import type { Measured } from './amounts';
import type { ScopeField } from './scope';

export const CAP_PERIODS = [
  'session',
  'task',
  'hour',
  'day',
  'week',
  'month',
  'billing_period',
  'lifetime',
  'rolling',
] as const;
export type CapPeriod = (typeof CAP_PERIODS)[number];

/** What happens at the limit: refuse, tell, offer a cheaper model, stop the session with its state kept. */
export const CAP_KINDS = ['hard', 'soft', 'downgrade', 'pause'] as const;
export type CapKind = (typeof CAP_KINDS)[number];

export const SET_BY = ['vendor', 'customer'] as const;
export type SetBy = (typeof SET_BY)[number];

/** A higher limit for a while; the largest that is running counts. */
export interface CapRaise {
  /** Counts 10^-24. */
  readonly limit: bigint;
  /** In milliseconds since 1970, by the customer's clock. */
  readonly until: number;
}

/** A cap as it is kept in memory to count and decide by. What it measures, its scope and its period never change. */
export interface Cap extends Measured {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  readonly setBy: SetBy;
  /** Values that work must have; customer and subscription are uuids. */
  readonly scope: Readonly<Partial<Record<ScopeField, string>>>;
  /** Each value of these has a counter of its own; in the order of `SCOPE_FIELDS`. */
  readonly each: readonly ScopeField[];
  readonly period: CapPeriod;
  /** Of a rolling window; null for other periods. */
  readonly rollingSeconds: number | null;
  readonly kind: CapKind;
  /** Of a downgrade, in the order in which they are offered. */
  readonly models: readonly string[];
  /** Counts 10^-24; without raises (`limitAt`). */
  readonly limit: bigint;
  readonly raises: readonly CapRaise[];
  /** In per cent of the limit, ascending. */
  readonly thresholds: readonly number[];
  readonly forecast: boolean;
  /** Pending rows of this batch and later are counted to it. */
  readonly fromBatch: number;
  /** False while what its running period had already is being counted; until then it refuses nothing. */
  readonly active: boolean;
}

/** The limit that counts at an instant. @param nowMs by the customer's clock */
export function limitAt({ limit, raises }: Pick<Cap, 'limit' | 'raises'>, nowMs: number): bigint {
  let highest = limit;
  for (const raise of raises) if (raise.until > nowMs && raise.limit > highest) highest = raise.limit;
  return highest;
}
