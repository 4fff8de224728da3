import fc from 'fast-check';
import { CHARGES, maybe, quantityCharges, said } from './pricing-charges';
import { eventsFor, segments } from './pricing-events';
import { decimals } from './rating-arbitraries';
import type {
  ReferenceCharge,
  ReferenceDiscount,
  ReferenceEvent,
  ReferencePlan,
  ReferencePrice,
  ReferenceSegment,
} from './rating-reference/index';
import { isLess, isNothing, of } from './rating-reference/rational';

/** Random plans, and customers' time and usage on them. */

const COUNTED: readonly ReferenceCharge['model'][] = ['unit', 'graduated', 'volume', 'package', 'stair_step'];
const IN_PARTS: readonly ReferenceCharge['model'][] = ['matrix', 'scheduled', 'per_group'];
/** Whether a charge is for units, so that some can be free. */
export const chargesUnits = ({ model }: ReferenceCharge): boolean =>
  COUNTED.includes(model) || IN_PARTS.includes(model);

const POOLS = ['tokens', 'actions'] as const;
const positive = (max: number) => decimals(max).filter((text) => !isNothing(of(text)));
const percents = fc.constantFrom('0', '10', '12.5', '33.3', '100');

/** Bounds in order. */
const bounds = (max: number) =>
  fc.tuple(maybe(decimals(max)), maybe(decimals(max * 4))).map(([low, high]) => {
    const crossed = low !== undefined && high !== undefined && isLess(of(high), of(low));
    return { minimum: crossed ? high : low, maximum: crossed ? low : high };
  });

const discounts = (units: boolean): fc.Arbitrary<ReferenceDiscount[]> =>
  fc
    .array(
      fc
        .record({
          value: fc.oneof(
            percents.map((percent) => ({ percent })),
            decimals(40).map((amount) => ({ amount })),
            ...(units ? [decimals(10).map((freeUnits) => ({ freeUnits }))] : []),
          ),
          fromPeriod: maybe(fc.integer({ min: 0, max: 3 })),
          periods: maybe(fc.integer({ min: 1, max: 2 })),
        })
        .map(({ value, ...scope }) => said({ ...scope, ...value })),
      { maxLength: 3 },
    )
    .map((drawn) => drawn.map((one, index) => ({ key: `d${index}`, name: `Discount ${index}`, ...one })));

const rounding = fc.record({
  mode: fc.constantFrom('up' as const, 'down' as const, 'nearest' as const),
  decimals: fc.integer({ min: -2, max: 3 }),
});

/** At most one of them. */
interface Included {
  readonly allowance?: string;
  readonly pool?: { readonly key: string; readonly weight: string };
}

/** What is said around a charge; `later` is a price that units may be moved to. */
function termsFor(
  charge: ReferenceCharge,
  later: string | null,
): fc.Arbitrary<Pick<ReferencePrice, 'allowance' | 'terms'>> {
  const units = chargesUnits(charge);
  const decidedByCost =
    charge.model === 'consumption_margin' || (charge.model === 'outcome' && charge.costFloor !== undefined);
  const mayRound = COUNTED.includes(charge.model) || (charge.model === 'recurring' && charge.quantity === undefined);
  const included: fc.Arbitrary<Included> = units
    ? fc.oneof<fc.Arbitrary<Included>[]>(
        fc.constant({}),
        decimals(40).map((allowance) => ({ allowance })),
        fc
          .record({ key: fc.constantFrom(...POOLS), weight: fc.constantFrom('1', '0.5', '5', '3', '0.07') })
          .map((pool) => ({ pool })),
      )
    : fc.constant({});
  const beyond = fc.constantFrom('overage' as const, 'block' as const, ...(later === null ? [] : [{ price: later }]));
  return fc
    .record({
      included: included,
      beyond: units ? maybe(beyond) : fc.constant(undefined),
      rounding: mayRound ? maybe(rounding) : fc.constant(undefined),
      pricingUnit: decidedByCost ? fc.constant(undefined) : maybe(fc.constant('credit')),
      bounds: fc.oneof(fc.constant({}), bounds(30)),
      discounts: fc.oneof(fc.constant(undefined), discounts(units)),
    })
    .map(({ included: { allowance = null, pool }, bounds: drawn, ...rest }) => ({
      allowance,
      terms: said({ ...rest, ...drawn, pool }),
    }))
    .map(({ allowance, terms }) => {
      const { beyond: behind, ...others } = terms;
      const limited = allowance !== null || terms.pool !== undefined;
      return { allowance, terms: said(limited ? { ...others, beyond: behind } : others) };
    });
}

/** One price; the later one that units may move to is the plan's last. */
const priceOf = (
  charge: fc.Arbitrary<ReferenceCharge>,
  key: string,
  later: string | null,
): fc.Arbitrary<ReferencePrice> =>
  charge.chain((drawn) => termsFor(drawn, later).map((rest) => ({ key, charge: drawn, ...rest })));

const models = Object.keys(CHARGES) as ReferenceCharge['model'][];

export const plans: fc.Arbitrary<ReferencePlan> = fc
  .uniqueArray(fc.constantFrom(...models), { minLength: 1, maxLength: 4 })
  .chain((drawn) =>
    fc.record({
      currency: fc.constantFrom('USD', 'JPY', 'KWD'),
      prices: fc.tuple(
        ...drawn.map((model, index) => priceOf(CHARGES[model], `price_${index}`, 'overflow')),
        // Takes units that others move; has no pool and nothing behind it.
        fc
          .record({
            charge: quantityCharges,
            allowance: fc.option(decimals(10), { freq: 2 }),
            rounding: maybe(rounding),
          })
          .map(({ rounding: drawnRounding, ...rest }): ReferencePrice => ({
            key: 'overflow',
            ...rest,
            terms: said({ rounding: drawnRounding }),
          })),
      ),
      terms: planTerms(drawn.map((_, index) => `price_${index}`)),
    }),
  );

function planTerms(prices: readonly string[]): fc.Arbitrary<ReferencePlan['terms']> {
  const pool = (key: string) =>
    fc
      .record({
        amount: decimals(60),
        rollover: maybe(
          fc
            .record({ limit: maybe(decimals(50)), expiresAfterPeriods: fc.integer({ min: 1, max: 2 }) })
            .map((drawn) => said(drawn)),
        ),
      })
      .map((drawn) => said({ key, name: key, ...drawn }));
  const scoped = discounts(false).chain((drawn) =>
    fc.tuple(
      ...drawn.map((one) =>
        maybe(fc.subarray([...prices], { minLength: 1 })).map((scope) => said({ ...one, prices: scope })),
      ),
    ),
  );
  return fc
    .record({
      pools: fc.tuple(...POOLS.map(pool)),
      rate: positive(3),
      bounds: fc.oneof(fc.constant({}), bounds(100)),
      commitment: maybe(fc.record({ amount: decimals(300), periods: fc.constantFrom(1, 3) })),
      discounts: fc.oneof(fc.constant(undefined), scoped),
    })
    .map(({ rate, bounds: drawn, ...rest }) =>
      said({ ...rest, ...drawn, pricingUnits: [{ key: 'credit', name: 'Credit', rate }] }),
    );
}

/** A plan, a customer's time on it, and what was used, by price. */
export interface Case {
  readonly plan: ReferencePlan;
  readonly time: readonly ReferenceSegment[];
  readonly usage: ReadonlyMap<string, readonly ReferenceEvent[]>;
}

export const cases: fc.Arbitrary<Case> = fc
  .tuple(plans, segments({ maxPeriods: 3, cuts: true, trials: true }))
  .chain(([plan, time]) => usageOf(plan.prices, time).map((usage): Case => ({ plan, time, usage })));

export function usageOf(
  prices: readonly ReferencePrice[],
  time: readonly ReferenceSegment[],
): fc.Arbitrary<Map<string, ReferenceEvent[]>> {
  const lists = prices.flatMap(({ key, charge, allowance }) =>
    time.map(({ start, end }) => eventsFor(charge, allowance, start, end).map((events) => ({ key, events }))),
  );
  return fc.tuple(...lists).map((drawn) => {
    const usage = new Map<string, ReferenceEvent[]>();
    for (const { key, events } of drawn) usage.set(key, [...(usage.get(key) ?? []), ...events]);
    return usage;
  });
}
