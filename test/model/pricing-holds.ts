import fc from 'fast-check';
import { Decimal, ONE, ZERO } from '../../src/kernel';
import type { Charge, ChargeModel, Price, PriceTerms } from '../../src/catalog/domain';
import { ratePlan, UnpricedUsageError, type RatedCharge, type UsageToRate } from '../../src/rating';
import { CHARGES, said } from './pricing-charges';
import { rateOverTime, toCharge, toPlan, toUsage } from './pricing-engine';
import { eventsFor, segments } from './pricing-events';
import type { ReferenceCharge, ReferenceEvent, ReferenceSegment } from './rating-reference/index';

/** What the promises about charges and plans are tested with. A failure is repeated by giving the printed seed. */
export const CASES = Math.min(400, Math.ceil(Number(process.env['WEIR_MODEL_CASES'] ?? 500) / 5));
export const SEED = Number(process.env['WEIR_MODEL_SEED'] ?? Date.now() % 2 ** 31);

export const holds = <T>(drawn: fc.Arbitrary<T>, property: (value: T) => void): void =>
  fc.assert(fc.property(drawn, property), { numRuns: CASES, seed: SEED });

export interface Used {
  readonly charge: ReferenceCharge;
  readonly events: readonly ReferenceEvent[];
  readonly segment: ReferenceSegment;
}

export const A_MONTH = segments({ maxPeriods: 1, cuts: false, trials: false }).map(([month]) => month!);

/** A charge with a whole month's usage. */
export const usedOf = (charges: fc.Arbitrary<ReferenceCharge>): fc.Arbitrary<Used> =>
  fc
    .tuple(charges, A_MONTH)
    .chain(([charge, segment]) =>
      eventsFor(charge, null, segment.start, segment.end).map((events) => ({ charge, events, segment })),
    );
export const used = (...models: ReferenceCharge['model'][]): fc.Arbitrary<Used> =>
  usedOf(fc.oneof(...models.map((model): fc.Arbitrary<ReferenceCharge> => CHARGES[model])));
export const ALL = Object.keys(CHARGES) as ChargeModel[];
export const NOT_NEGATIVE = ALL.filter((model) => model !== 'outcome');

export const priceOf = (charge: Charge, terms: PriceTerms = {}, allowance: Decimal | null = null): Price => ({
  id: 'price',
  key: 'price',
  name: 'Price',
  meterId: 'meter',
  charge,
  allowance,
  terms,
});

/** What the price asks for the events; null for usage that has no price. */
export function rate(
  { charge, events, segment }: Used,
  terms?: PriceTerms,
  allowance?: Decimal | null,
): RatedCharge | null {
  return rateUsage(toCharge(charge), toUsage(toCharge(charge), events, segment), segment, terms, allowance);
}

export function rateUsage(
  charge: Charge,
  usage: UsageToRate,
  segment: ReferenceSegment,
  terms?: PriceTerms,
  allowance?: Decimal | null,
): RatedCharge | null {
  const price = priceOf(charge, terms, allowance);
  const plan = { ...toPlan({ currency: 'USD', prices: [], terms: {} }), prices: [price] };
  try {
    return ratePlan(plan, { of: () => usage }, wholePeriod(segment)).lines[0]!;
  } catch (error) {
    if (error instanceof UnpricedUsageError) return null;
    throw error;
  }
}

export const wholePeriod = (segment: ReferenceSegment) => ({
  servicePeriod: { start: new Date(segment.start), end: new Date(segment.end) },
  share: segment.share,
  periodIndex: 0,
  trial: null,
  pools: [],
  chargedInTerm: ZERO,
  lastOfTerm: true,
  firstSegment: true,
  lastSegment: true,
});

export const amountOf = (what: Used, terms?: PriceTerms): string | undefined => rate(what, terms)?.amount.toFixed();

/** Quotients end at 120 digits, so two of them may differ in the last. */
export function expectNear(a: Decimal, b: Decimal): void {
  const off = a.minus(b).abs();
  const size = Decimal.max(ONE, a.abs(), b.abs());
  if (off.greaterThan(size.times('1e-60'))) throw new Error(`${a.toFixed()} is not ${b.toFixed()}`);
}

/** Null for plans that have usage without a price. */
export function ratedOverTime(...given: Parameters<typeof rateOverTime>): ReturnType<typeof rateOverTime> {
  try {
    return rateOverTime(...given);
  } catch (error) {
    if (error instanceof UnpricedUsageError) return [];
    throw error;
  }
}

export const totals = (quantity: string, cost = '0'): UsageToRate => ({
  quantity: new Decimal(quantity),
  cost: new Decimal(cost),
  events: 1,
  pendingEvents: 0,
});

/** The charge without what is counted or bounded over a whole period: then the same usage costs the same in any parts. */
export function linear(charge: ReferenceCharge): ReferenceCharge {
  if (charge.model === 'percentage') {
    const { percent, fixedPerEvent, minPerEvent, maxPerEvent } = charge;
    return said({ model: 'percentage', percent, fixedPerEvent, minPerEvent, maxPerEvent });
  }
  if (charge.model !== 'consumption_margin') return charge;
  const { tiers, floorPerUnit: _floor, ceilingPerUnit: _ceiling, ...rest } = charge;
  return tiers === undefined ? rest : { ...rest, ...said({ ...tiers.bands[0]!, upToCost: undefined }) };
}
