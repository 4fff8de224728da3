import type { Charge, ChargeModel, ChargeOf } from './charge';
import { OUTCOME_DEFAULTS, type OutcomeCharge } from './charges/outcome';
import { looksAtTransactions } from './charges/percentage';
import type { ScheduledCharge } from './charges/scheduled';

/** What has to be known of a period's usage to rate a charge, beside the meter's quantity. */
export interface UsageNeeds {
  /** Usage is wanted for each combination of these fields' values; none: only all of it together. */
  readonly dimensions: readonly string[];
  /** Usage is wanted for each window of this schedule. */
  readonly schedule: ScheduledCharge | null;
  /** Single events are wanted, each with its value. */
  readonly transactions: boolean;
  /** Single events are wanted with their verdicts, from so long before the period on. */
  readonly outcomes: { readonly lookBackMs: number } | null;
  /** The amount depends on what the usage cost. */
  readonly cost: boolean;
  /** Whether the price must have a meter, may have one, or must not. */
  readonly meter: 'needed' | 'optional' | 'none';
}

/**
 * Says what a charge needs to know about usage. Reading, simulating and previewing ask here, so that a model's needs
 * are written once.
 */
export function usageNeeds(charge: Charge): UsageNeeds {
  // The registry has a rule for each model, and this one is the charge's own.
  const needs = NEEDS[charge.model] as (of: Charge) => Partial<UsageNeeds>;
  return { ...PLAIN, ...needs(charge) };
}

const PLAIN: UsageNeeds = {
  dimensions: [],
  schedule: null,
  transactions: false,
  outcomes: null,
  cost: false,
  meter: 'needed',
};

const nothingMore = (): Partial<UsageNeeds> => ({});

const NEEDS: { readonly [M in ChargeModel]: (charge: ChargeOf<M>) => Partial<UsageNeeds> } = {
  flat: () => ({ meter: 'none' }),
  unit: nothingMore,
  graduated: nothingMore,
  volume: nothingMore,
  package: nothingMore,
  stair_step: nothingMore,
  percentage: (charge) => ({ transactions: looksAtTransactions(charge) }),
  graduated_percentage: nothingMore,
  matrix: ({ dimensions }) => ({ dimensions }),
  event_amount: nothingMore,
  scheduled: (charge) => ({ schedule: charge }),
  recurring: ({ quantity }) => ({ meter: quantity === undefined ? 'optional' : 'none' }),
  consumption_margin: ({ byDimension }) => ({ cost: true, dimensions: byDimension?.dimensions ?? [] }),
  outcome: (charge) => ({
    outcomes: { lookBackMs: lookBackMs(charge) },
    cost: charge.costFloor !== undefined,
  }),
  per_group: ({ dimensions }) => ({ dimensions }),
};

const HOUR_MS = 3_600_000;
const LONGEST_MONTH_HOURS = 31 * 24;

/**
 * How long before a period the events begin that may decide something in it. An outcome waits for its confirmation and
 * may be disputed after that; and whether it was billed at all depends on what came before it in the month that it
 * counted in. At most 400 days.
 */
function lookBackMs(charge: OutcomeCharge): number {
  const { confirmationHours = 0, disputeHours = OUTCOME_DEFAULTS.disputeHours } = charge;
  return Math.ceil((confirmationHours + disputeHours + LONGEST_MONTH_HOURS) * HOUR_MS);
}
