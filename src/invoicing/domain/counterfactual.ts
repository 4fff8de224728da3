import { type Charge, type Price, usageNeeds } from '../../catalog/domain';
import { type Decimal, invariant, sum, ZERO } from '../../kernel';
import type { UsageToRate } from '../../rating/domain';
import { draftInvoice, type DraftLine } from './draft-invoice';
import { type Before, rateSegments, type SegmentToRate } from './rate-segments';

/** Less usage than there was. */
export interface LessUsage {
  /** Above zero, in the line's own unit: units of the meter; of a charge by cost, money it cost. */
  readonly less: Decimal;
  /** Of which of the charge's groups or windows, by its place; null where the charge knows none. */
  readonly place: number | null;
}

/** What a billing period would have come to with less of one line's usage. */
export interface Counterfactual {
  readonly line: DraftLine;
  readonly would: DraftLine;
  /** By how much the line would be less. */
  readonly saved: Decimal;
  /** By how much all charges of the period would: discounts, minimums and maximums of the plan follow. */
  readonly savedInPeriod: Decimal;
}

/**
 * Whether a line can be told with less usage. Not where outcomes are told from single events, some of them of earlier
 * periods, and not where nothing is measured.
 */
export function canBeLess({ meterId, charge }: Pick<Price, 'meterId' | 'charge'>): boolean {
  return meterId !== null && usageNeeds(charge).outcomes === null;
}

/**
 * The same period, rated a second time with less usage of one price: the very code that made the bill.
 *
 * ```
 * 1,200 requests, 1,000 included, then 0.05      10.00
 * 10 fewer                                        9.50      saved 0.50
 * 300 fewer                                       0.00      saved 10.00, and not 15.00
 * ```
 *
 * @param start of the segment the line is of
 */
export function withLessUsage(
  segments: readonly SegmentToRate[],
  before: Before,
  { key, start }: { readonly key: string; readonly start: Date },
  less: LessUsage,
): Counterfactual {
  const asked = segments.findIndex(({ period }) => period.start.getTime() === start.getTime());
  invariant(asked !== -1, 'a line is of a segment of its period');
  const otherwise = segments.map((segment, place): SegmentToRate => {
    if (place !== asked) return segment;
    const of = (price: Price): UsageToRate => {
      const usage = segment.usage.of(price);
      return price.key === key ? lessUsage(usage, price.charge, less) : usage;
    };
    return { ...segment, usage: { of } };
  });
  const was = linesOf(segments, before);
  const would = linesOf(otherwise, before);
  const own = (lines: readonly DraftLine[]): DraftLine => {
    return lines.find((line) => line.key === key && line.servicePeriod.start.getTime() === start.getTime())!;
  };
  const [line, then] = [own(was), own(would)];
  return {
    line,
    would: then,
    saved: line.amount.minus(then.amount),
    savedInPeriod: amountOf(was).minus(amountOf(would)),
  };
}

/** How much less there can be of a usage: of the group or window that is asked for, or of all of it. */
export function mostLess(usage: UsageToRate, charge: Charge, place: number | null): Decimal {
  return measuredOf(place === null ? usage : (usage.groups ?? usage.windows)![place]!, charge);
}

type PartOfUsage = Pick<UsageToRate, 'quantity' | 'cost' | 'events' | 'pendingEvents'>;

export function lessUsage(usage: UsageToRate, charge: Charge, { less, place }: LessUsage): UsageToRate {
  const lower = <U extends PartOfUsage>(of: U): U =>
    charge.model === 'consumption_margin'
      ? { ...of, cost: of.cost.minus(less) }
      : { ...of, quantity: of.quantity.minus(less) };
  const at = <U extends PartOfUsage>(all: readonly U[]): U[] => all.map((each, index) => (index === place ? lower(each) : each)); // prettier-ignore
  return {
    ...lower(usage),
    ...(usage.groups === undefined ? {} : { groups: at(usage.groups) }),
    ...(usage.windows === undefined ? {} : { windows: at(usage.windows) }),
    ...(usage.transactions === undefined ? {} : { transactions: withoutLast(usage.transactions, less) }),
  };
}

/** Without the last ones that come to so much; of the last of them a part may be left. */
function withoutLast(all: NonNullable<UsageToRate['transactions']>, less: Decimal): UsageToRate['transactions'] {
  const kept = [...all];
  let rest = less;
  while (rest.greaterThan(0)) {
    const last = kept.pop();
    if (last === undefined) break;
    if (last.value.greaterThan(rest)) kept.push({ ...last, value: last.value.minus(rest) });
    rest = rest.minus(last.value);
  }
  return kept;
}

function measuredOf({ cost, quantity }: PartOfUsage, { model }: Charge): Decimal {
  return model === 'consumption_margin' ? cost : quantity;
}

function linesOf(segments: readonly SegmentToRate[], before: Before): readonly DraftLine[] {
  const nothing = segments.map(() => ({ cost: ZERO, pendingEvents: 0 }));
  return draftInvoice(rateSegments(segments, before), nothing).lines;
}

function amountOf(lines: readonly DraftLine[]): Decimal {
  return sum(lines.map(({ amount }) => amount));
}
