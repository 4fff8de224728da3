import type { Currency, Decimal, Period } from '../../kernel';
import type { Price } from '../../catalog/domain';
import type { Share } from './model';
import type { PoolBalance } from './pool-balance';
import type { RatedCharge } from './rated-charge';
import type { UsedUnits } from './used-units';

/** What rating a plan depends on besides its usage. */
export interface RatingContext {
  /** The segment that is rated; the whole billing period, unless something changed within it. */
  readonly servicePeriod: Period;
  /** How much of the billing period the segment is. */
  readonly share: Share;
  /** How much of a base fee the segment pays; as its share when it is left out. */
  readonly feeShare?: Share | undefined;
  /** How much of allowances, free units and grants of pools it has; as the plan says of its share when it is left out. */
  readonly unitShare?: Share | undefined;
  /** What earlier segments of the billing period used of allowances and free units, by the key of their price. */
  readonly used?: ReadonlyMap<string, UsedUnits> | undefined;
  /** The billing period's number in the subscription, from 0. */
  readonly periodIndex: number;
  /** What a trial gives away in this segment; null when there is none. */
  readonly trial: 'base_fee' | 'everything' | null;
  /** What each pool holds when the segment begins; a pool that is missing begins with its grant. */
  readonly pools: readonly PoolBalance[];
  /** Exact charges of the commitment's term so far: of its earlier periods, and of this period's earlier segments. */
  readonly chargedInTerm: Decimal;
  /** Whether the commitment's term ends with this billing period. */
  readonly lastOfTerm: boolean;
  /** Periods of the term that were promised before this segment, parts included; all of them when it is left out. */
  readonly promisedPeriods?: Decimal | undefined;
  readonly firstSegment: boolean;
  readonly lastSegment: boolean;
  /** Where earlier segments and billing periods began, newest first, as far as outcomes look back; calendar months without it. */
  readonly earlierStarts?: readonly Date[] | undefined;
  /** Since when there were outcomes to bill, by the key of their price: what happened before, none of its prices billed. */
  readonly outcomesSince?: ReadonlyMap<string, Date> | undefined;
  /** Whether sentences are made; true unless nobody reads them. */
  readonly explain?: boolean | undefined;
}

/** What a line is: the charge of a price, or something agreed for the plan as a whole. */
export type LineKind = 'price' | 'discount' | 'minimum' | 'maximum' | 'true_up';

/** One charge as it goes on an invoice. */
export interface RatedLine extends RatedCharge {
  readonly kind: LineKind;
  /** Null where the line is the plan's. */
  readonly price: Price | null;
  /** The price's key, or `plan:discount:KEY`, `plan:minimum`, `plan:maximum`, `plan:true_up`. */
  readonly key: string;
  readonly name: string;
  /** The amount, rounded once to the currency's minor unit. */
  readonly rounded: Decimal;
  /** Events behind the quantity. */
  readonly events: number;
}

/** What a plan charges for one segment. */
export interface RatedPlan {
  readonly currency: Currency;
  readonly lines: readonly RatedLine[];
  /** Sum of the lines' exact amounts. */
  readonly exactTotal: Decimal;
  /** Sum of the lines' rounded amounts. */
  readonly total: Decimal;
  /** Each pool of the plan as the segment leaves it. */
  readonly pools: readonly PoolBalance[];
}
