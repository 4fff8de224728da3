import type { Charge, ChargeModel, Discount, PlanTerms, PriceTerms } from '../../../src/catalog/domain';
import type { Decimal } from '../../../src/kernel';

/**
 * Definitions as text, as they would stand in a request: the shapes are the catalog's, and nothing but shapes is taken
 * from `src/`. Every decimal is text, which the reference reads as a fraction and the engine as a `Decimal`.
 */
export type InText<T> = T extends Decimal
  ? string
  : T extends string | number | boolean | null | undefined
    ? T
    : T extends readonly (infer U)[]
      ? readonly InText<U>[]
      : { readonly [K in keyof T]: InText<T[K]> };

export type ReferenceCharge = InText<Charge>;
export type ReferenceChargeOf<M extends ChargeModel> = InText<Extract<Charge, { model: M }>>;
export type ReferenceQuantityCharge = ReferenceChargeOf<'unit' | 'graduated' | 'volume' | 'package' | 'stair_step'>;
export type ReferenceDiscount = InText<Discount>;
export type ReferencePriceTerms = InText<PriceTerms>;

export interface ReferencePrice {
  readonly key: string;
  readonly charge: ReferenceCharge;
  readonly allowance: string | null;
  readonly terms: ReferencePriceTerms;
}

export interface ReferencePlan {
  readonly currency: string;
  readonly prices: readonly ReferencePrice[];
  readonly terms: InText<PlanTerms>;
}

/** One use, as a product reported it; what its meter adds for it is `value`. */
export interface ReferenceEvent {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly value: string;
  readonly cost: string;
  /** What its fields say: `model`, `task`, `data.outcome`, … */
  readonly fields: Readonly<Record<string, string | number | boolean | null>>;
}

/** What is rated: a stretch of a billing period, and where in a subscription's life it lies. */
export interface ReferenceSegment {
  readonly start: number;
  readonly end: number;
  /** The stretch is `part / whole` of the period. */
  readonly share: { readonly part: number; readonly whole: number };
  readonly periodIndex: number;
  readonly first: boolean;
  readonly last: boolean;
  readonly trial: 'base_fee' | 'everything' | null;
  readonly timeZone: string;
  /** When it and the stretches before it begin: what was rated by itself earlier. */
  readonly stretches: readonly number[];
}
