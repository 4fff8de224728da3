import type { CurrencyVariant, Plan, PlanTerms, PriceTerms } from './domain';
import type { Plain } from './plain';

/** A plan with when it was made, and what became of it. */
export interface StoredPlan extends Plan {
  readonly createdAt: Date;
  readonly publishedAt: Date | null;
  readonly archivedAt: Date | null;
  /** Why it was published although its margin would have been below the organisation's floor. */
  readonly publishReason: string | null;
  /** Whether single requests made it, or a file of plans. */
  readonly source: PlanSource;
}

export type PlanSource = 'api' | 'code';

/** What a plan says of one other currency, as the API has it: its terms are flat. */
export type StoredVariant = Plain<Omit<CurrencyVariant, 'terms'> & NonNullable<CurrencyVariant['terms']>>;
export type StoredCurrencies = Record<string, StoredVariant>;
export type StoredPlanTerms = Plain<PlanTerms>;
export type StoredPriceTerms = Plain<PriceTerms>;
