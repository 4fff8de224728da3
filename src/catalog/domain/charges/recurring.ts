import type { Decimal, FieldProblem } from '../../../kernel';
import { notBelowZero, tierProblems } from './problem-kit';
import type { Tier } from './tier';

/** Seats and other units that are held for a period, not used up. Has a unit price or tiers, not both. */
export interface RecurringCharge {
  readonly model: 'recurring';
  readonly unitPrice?: Decimal | undefined;
  readonly tiers?: readonly Tier[] | undefined;
  /** How tiers are read; `graduated` when it is left out. */
  readonly tierMode?: 'graduated' | 'volume' | undefined;
  /** How many, where no meter says it. A subscription may have its own number. */
  readonly quantity?: Decimal | undefined;
  /**
   * Whether a part of a period pays its share of the time; `time` when it is left out. A meter that weighs by time
   * has done so already, so there it is `none`.
   */
  readonly proration?: 'none' | 'time' | undefined;
}

/** A unit price or tiers, one of them; how tiers are read is said only where there are some. */
export function recurringProblems(charge: RecurringCharge, at: string): FieldProblem[] {
  const { unitPrice, tiers, tierMode, quantity } = charge;
  return [
    ...oneWayToPrice(charge, at),
    ...(unitPrice === undefined ? [] : notBelowZero(`${at}.unitPrice`, unitPrice)),
    ...(tiers === undefined ? [] : tierProblems(`${at}.tiers`, tiers)),
    ...(tierMode !== undefined && tiers === undefined
      ? [{ field: `${at}.tierMode`, detail: 'must be left out: there are no tiers' }]
      : []),
    ...(quantity === undefined ? [] : notBelowZero(`${at}.quantity`, quantity)),
  ];
}

function oneWayToPrice({ unitPrice, tiers }: RecurringCharge, at: string): FieldProblem[] {
  if (unitPrice === undefined && tiers === undefined) {
    return [{ field: `${at}.unitPrice`, detail: 'is missing: a recurring charge has a unit price or tiers' }];
  }
  if (unitPrice !== undefined && tiers !== undefined) {
    return [{ field: `${at}.unitPrice`, detail: 'must be left out: the tiers say what a unit costs' }];
  }
  return [];
}
