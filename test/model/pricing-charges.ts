import fc from 'fast-check';
import { chargeProblems } from '../../src/catalog/domain';
import { toCharge } from './pricing-engine';
import { of, plus, isNothing, isLess } from './rating-reference/rational';
import type { ReferenceCharge, ReferenceChargeOf, ReferenceQuantityCharge } from './rating-reference/definitions';
import { decimals } from './rating-arbitraries';

/** Random charges of every model, as text. Bounds are small, so that usage meets their edges. */

export const DIMENSIONS: Readonly<Record<string, readonly string[]>> = {
  model: ['a', 'b', 'gpt-4o'],
  'data.region': ['eu', 'us'],
};
const FIELDS = Object.keys(DIMENSIONS);

const prices = decimals(20);
const percents = fc.oneof(
  fc.integer({ min: 0, max: 100 }).map(String),
  fc.constantFrom('0.5', '1.25', '33.333333333333'),
);
const below100 = fc.oneof(fc.integer({ min: 0, max: 99 }).map(String), fc.constantFrom('12.5', '99.9', '66.6666'));
const steps = decimals(20).filter((step) => !isNothing(of(step)) && isLess(of(step), of('1000000000000')));
export const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 2 });

/** The same without the keys that say nothing. */
export function said<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as T;
}

/** Bands that begin where the one before ends, the last one open. */
export function bands<T extends object, N extends string>(
  one: fc.Arbitrary<T>,
  name: N,
): fc.Arbitrary<(T & Record<N, string | null>)[]> {
  return fc.array(fc.tuple(steps, one), { minLength: 1, maxLength: 5 }).map((drawn) => {
    let bound = of('0');
    return drawn.map(([step, rest], index) => {
      bound = plus(bound, of(step));
      const edge = index === drawn.length - 1 ? null : textOf(bound);
      return said({ [name]: edge, ...rest }) as T & Record<N, string | null>;
    });
  });
}

/** A bound as text; all bounds are sums of decimals with at most twelve places. */
function textOf({ over, under }: { over: bigint; under: bigint }): string {
  const units = ((over * 10n ** 12n) / under).toString().padStart(13, '0');
  return `${units.slice(0, -12)}.${units.slice(-12)}`.replace(/\.?0+$/, '');
}

const tiers = bands(fc.record({ unitPrice: prices, flatFee: maybe(prices) }), 'upTo');

const quantityModels = {
  unit: prices.map((unitPrice): ReferenceQuantityCharge => ({ model: 'unit', unitPrice })),
  graduated: tiers.map((drawn): ReferenceQuantityCharge => ({ model: 'graduated', tiers: drawn })),
  volume: tiers.map((drawn): ReferenceQuantityCharge => ({ model: 'volume', tiers: drawn })),
  package: fc
    .record({ packageSize: steps, packagePrice: prices })
    .map((drawn): ReferenceQuantityCharge => ({ model: 'package', ...drawn })),
  stair_step: fc
    .record({ steps: bands(fc.record({ amount: prices }), 'upTo'), chargeZero: maybe(fc.boolean()) })
    .map((drawn): ReferenceQuantityCharge => said({ model: 'stair_step', ...drawn })),
};
export const quantityCharges = fc.oneof(...Object.values(quantityModels));

const flat = prices.map((amount): ReferenceCharge => ({ model: 'flat', amount }));

const percentage = fc
  .record({
    percent: percents,
    fixedPerEvent: maybe(prices),
    freeEvents: maybe(fc.integer({ min: 1, max: 4 })),
    freeAmount: maybe(decimals(60).filter((text) => !isNothing(of(text)))),
    bounds: fc.tuple(maybe(decimals(3)), maybe(decimals(6))),
    freeFirst: maybe(fc.constantFrom('largest' as const, 'earliest' as const)),
  })
  .map(({ bounds: [low, high], ...drawn }): ReferenceChargeOf<'percentage'> => {
    const crossed = low !== undefined && high !== undefined && isLess(of(high), of(low));
    const [minPerEvent, maxPerEvent] = crossed ? [high, low] : [low, high];
    return said({ model: 'percentage', ...drawn, minPerEvent, maxPerEvent });
  });

const graduatedPercentage = bands(fc.record({ percent: percents, flatFee: maybe(prices) }), 'upTo').map(
  (drawn): ReferenceCharge => ({ model: 'graduated_percentage', tiers: drawn }),
);

/** Rules by the values of some dimensions, no two with the same match, none for nothing. */
function rules<T extends object>(one: fc.Arbitrary<T>, dimensions: readonly string[]) {
  const match = fc
    .record(
      Object.fromEntries(dimensions.map((dimension) => [dimension, maybe(fc.constantFrom(...DIMENSIONS[dimension]!))])),
    )
    .map((drawn) => said(drawn) as Record<string, string>)
    .filter((drawn) => Object.keys(drawn).length > 0);
  return fc
    .uniqueArray(fc.tuple(match, one), {
      minLength: 1,
      maxLength: 6,
      selector: ([drawn]) => JSON.stringify(dimensions.map((dimension) => drawn[dimension] ?? null)),
    })
    .map((drawn) => withoutTies(drawn).map(([matched, rest]) => ({ match: matched, ...rest })));
}

/** Without rules that name as many dimensions as an earlier one and may fit the same usage: nobody could say which wins. */
function withoutTies<T>(drawn: [Record<string, string>, T][]): [Record<string, string>, T][] {
  const kept: [Record<string, string>, T][] = [];
  for (const one of drawn) {
    const clashes = kept.some(([other]) => {
      const mine = one[0];
      const same = Object.keys(other).length === Object.keys(mine).length;
      return same && Object.keys(mine).every((name) => other[name] === undefined || other[name] === mine[name]);
    });
    if (!clashes) kept.push(one);
  }
  return kept;
}

const dimensionSets = fc.constantFrom<string[]>([FIELDS[0]!], [FIELDS[1]!], [...FIELDS]);

const matrix = dimensionSets.chain((dimensions) =>
  fc
    .record({
      cells: rules(fc.record({ unitPrice: prices }), dimensions),
      fallback: fc.option(prices, { nil: null, freq: 4 }),
    })
    .map((drawn): ReferenceCharge => ({ model: 'matrix', dimensions, ...drawn })),
);

const perGroup = dimensionSets.chain((dimensions) =>
  fc
    .record({
      charge: quantityCharges,
      byValue: maybe(rules(fc.record({ charge: quantityCharges }), dimensions)),
    })
    .map((drawn): ReferenceCharge => said({ model: 'per_group', dimensions, ...drawn })),
);

const clock = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.constantFrom('00', '30', '17'))
  .map(([hour, minute]) => `${String(hour).padStart(2, '0')}:${minute}`);
const hours = fc.record({ from: clock, to: clock }).filter(({ from, to }) => from !== to);
const weekdays = fc.uniqueArray(fc.constantFrom('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun' as const), {
  minLength: 1,
  maxLength: 4,
});
const days = fc.integer({ min: 1, max: 28 }).map((day) => `2026-03-${String(day).padStart(2, '0')}`);
const dates = fc
  .tuple(days, days)
  .map(([a, b]) => (a <= b ? { from: a, to: `${b.slice(0, 8)}29` } : { from: b, to: a }));

const scheduled = fc
  .record({
    timeZone: fc.constantFrom('customer', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata'),
    windows: fc.uniqueArray(
      fc
        .record({ charge: quantityCharges, hours: maybe(hours), weekdays: maybe(weekdays), dates: maybe(dates) })
        .map((drawn) => said(drawn))
        .filter(({ hours: h, weekdays: w, dates: d }) => h !== undefined || w !== undefined || d !== undefined),
      {
        minLength: 1,
        maxLength: 3,
        // A window like an earlier one would never be reached.
        selector: ({ hours: h, weekdays: w, dates: d }) => JSON.stringify([h, w === undefined ? 0 : [...w].sort(), d]),
      },
    ),
    otherwise: quantityCharges,
  })
  .map(({ windows, ...drawn }): ReferenceCharge => ({
    model: 'scheduled',
    ...drawn,
    windows: windows.map((window, index) => ({ name: `window ${index}`, ...window })),
  }))
  // A window that is shut out by those before it is refused by the catalog.
  .filter((charge) => chargeProblems({ charge: toCharge(charge), allowance: null }).length === 0);

const recurring = fc
  .record({
    priced: fc.oneof(
      prices.map((unitPrice) => ({ unitPrice })),
      fc
        .record({ tiers, tierMode: maybe(fc.constantFrom('graduated' as const, 'volume' as const)) })
        .map((drawn) => said(drawn)),
    ),
    quantity: maybe(decimals(30)),
    proration: maybe(fc.constantFrom('none' as const, 'time' as const)),
  })
  .map(({ priced, ...drawn }): ReferenceCharge => said({ model: 'recurring', ...priced, ...drawn }));

const marginRules = fc.oneof(
  decimals(300).map((markupPercent) => ({ markupPercent })),
  below100.map((grossMarginPercent) => ({ grossMarginPercent })),
);

const margin = fc
  .record({
    kind: fc.oneof(
      { weight: 2, arbitrary: marginRules },
      {
        weight: 2,
        arbitrary: fc
          .tuple(
            marginRules,
            dimensionSets.chain((dimensions) =>
              rules(marginRules, dimensions).map((drawn) => ({ byDimension: { dimensions, rules: drawn } })),
            ),
          )
          .map(([rule, byDimension]) => ({ ...rule, ...byDimension })),
      },
      {
        weight: 2,
        arbitrary: fc
          .record({
            mode: fc.constantFrom('graduated' as const, 'whole' as const),
            bands: bands(marginRules, 'upToCost'),
          })
          .map((drawn) => ({ tiers: drawn })),
      },
    ),
    fixedPerUnit: maybe(decimals(3)),
    bounds: fc.tuple(maybe(decimals(3)), maybe(decimals(20))),
  })
  .map(({ kind, fixedPerUnit, bounds: [low, high] }): ReferenceCharge => {
    const crossed = low !== undefined && high !== undefined && isLess(of(high), of(low));
    const [floorPerUnit, ceilingPerUnit] = crossed ? [high, low] : [low, high];
    return said({ model: 'consumption_margin', ...kind, fixedPerUnit, floorPerUnit, ceilingPerUnit });
  });

const outcome = fc
  .record({
    prices: fc
      .uniqueArray(fc.constantFrom('solved', 'escalated', 'refund'), { minLength: 1, maxLength: 2 })
      .chain((types) => fc.tuple(...types.map((type) => prices.map((unitPrice) => ({ type, unitPrice }))))),
    otherwise: maybe(prices),
    success: fc.constantFrom(
      [{ field: 'data.verdict', equals: 'ok' }],
      [{ field: 'data.score', atLeast: '0.5' }],
      [{ humanAccepted: true as const }],
      [{ field: 'data.verdict', equals: 'ok' }, { humanAccepted: true as const }],
    ),
    window: maybe(fc.oneof(fc.constant('period' as const), fc.constantFrom({ hours: 24 }, { hours: 100 }))),
    maxPerTask: maybe(fc.integer({ min: 1, max: 3 })),
    attemptPrice: maybe(prices),
    failurePrice: maybe(prices),
    confirmationHours: maybe(fc.constantFrom(24, 72)),
    disputeHours: maybe(fc.constantFrom(0, 48, 300)),
    costFloor: maybe(fc.constantFrom('1', '1.25', '0.001').map((factor) => ({ factor }))),
  })
  .map((drawn): ReferenceChargeOf<'outcome'> => said({ model: 'outcome', ...drawn }));

const eventAmount = fc.constant<ReferenceCharge>({ model: 'event_amount' });

/** One arbitrary for each model. */
export const CHARGES = {
  flat,
  ...quantityModels,
  percentage,
  graduated_percentage: graduatedPercentage,
  matrix,
  event_amount: eventAmount,
  scheduled,
  recurring,
  consumption_margin: margin,
  outcome,
  per_group: perGroup,
} as const satisfies Record<ReferenceCharge['model'], fc.Arbitrary<ReferenceCharge>>;

export const anyCharge: fc.Arbitrary<ReferenceCharge> = fc.oneof(...Object.values(CHARGES));
