import type { Decimal, Period } from '../../kernel';
import type { BreakdownRow } from './rated-charge';
import type { UsageToRate } from './usage';

/** A part of a billing period in milliseconds: `{ part: 1, whole: 2 }` is half of it. */
export interface Share {
  readonly part: number;
  readonly whole: number;
}

export const WHOLE: Share = { part: 1, whole: 1 };
/** What is left to a stretch whose fees the terms before it have paid already. */
export const NOTHING_LEFT: Share = { part: 0, whole: 1 };

export function isWhole({ part, whole }: Share): boolean {
  return part === whole;
}

/** What a charge model is given: the usage that is left to charge, and of which time. */
export interface Billable {
  /** Behind allowance, pool and free units. */
  readonly quantity: Decimal;
  /** Units before these that cost nothing; rows of units begin behind them. */
  readonly included: Decimal;
  /** With groups and windows reduced by what was free. */
  readonly usage: UsageToRate;
  /** Of a fee for a whole billing period. */
  readonly share: Share;
  readonly period: Period;
  /** Where earlier segments and billing periods of the subscription began, newest first, as far as somebody looks back. */
  readonly earlierStarts?: readonly Date[] | undefined;
}

/** What the pipeline must know of a charge model. */
export interface ModelRules<C> {
  /** Which quantity the line shows and the explanation begins with: the meter's, its cost, its value as money, or 1. */
  readonly basis: 'quantity' | 'cost' | 'value' | 'none';
  readonly rate: (charge: C, billable: Billable) => BreakdownRow[];
  /** What the line shows, where that isn't what the basis says. */
  readonly quantity?: (charge: C, usage: UsageToRate) => Decimal;
  /** Events whose unknown cost matters to the amount; without it none do. */
  readonly pending?: (usage: UsageToRate, charge: C) => number;
  /** Whether credits may outweigh what is charged. */
  readonly mayBeNegative?: true;
  /** The first sentence of the explanation, where the basis' own doesn't do; null where it does. */
  readonly opening?: (charge: C, usage: UsageToRate) => string | null;
}
