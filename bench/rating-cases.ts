import { Decimal } from '../src/kernel';
import type { Charge, ChargeModel, Price, QuantityCharge } from '../src/catalog/domain';
import type { OutcomeEvent, Transaction, UsageGroup, UsageToRate } from '../src/rating';

/** A charge with a month's usage, and the same by a loop in plain numbers, as one would write it without thinking of money. */
export interface RatingCase {
  readonly name: string;
  readonly charge: Charge;
  readonly usage: UsageToRate;
  readonly naive: () => number;
}

export const MONTH = { start: new Date('2026-10-01T00:00:00Z'), end: new Date('2026-11-01T00:00:00Z') };
const START_US = MONTH.start.getTime() * 1_000;
const HOUR_US = 3_600_000_000;

const decimal = (value: number | string): Decimal => new Decimal(value);
const totals = (quantity: number, cost = 0): UsageToRate => ({
  quantity: decimal(quantity),
  cost: decimal(cost),
  events: 1_000,
  pendingEvents: 0,
});

/** @param count bands of ten units, the last one open, each a little cheaper */
export function tiersOf(count: number): { upTo: Decimal | null; unitPrice: Decimal }[] {
  return Array.from({ length: count }, (_, index) => ({
    upTo: index === count - 1 ? null : decimal((index + 1) * 10),
    unitPrice: decimal(2).minus(decimal(index).dividedBy(count)),
  }));
}

const plainTiers = (tiers: ReturnType<typeof tiersOf>) =>
  // eslint-disable-next-line no-restricted-syntax -- plain numbers are what the engine is measured against
  tiers.map(({ upTo, unitPrice }) => ({ upTo: upTo?.toNumber() ?? Infinity, unitPrice: unitPrice.toNumber() }));

function naiveGraduated(tiers: ReturnType<typeof plainTiers>, quantity: number): number {
  let amount = 0;
  let from = 0;
  for (const { upTo, unitPrice } of tiers) {
    if (quantity <= from) break;
    amount += (Math.min(quantity, upTo) - from) * unitPrice;
    from = upTo;
  }
  return amount;
}

/** @param count groups, each of ten units and a cost of one, by a model's name */
export function groupsOf(count: number): UsageGroup[] {
  return Array.from({ length: count }, (_, index) => ({ ...totals(10, 1), events: 10, values: [`model-${index}`] }));
}

const sumOf = (groups: readonly UsageGroup[]): UsageToRate => ({
  quantity: decimal(groups.length * 10),
  cost: decimal(groups.length),
  events: groups.length * 10,
  pendingEvents: 0,
  groups,
});

const FIVE_TIERS = tiersOf(5);
const FIVE_PLAIN = plainTiers(FIVE_TIERS);
const PER_UNIT: QuantityCharge = { model: 'unit', unitPrice: decimal('0.002') };
const SIX_GROUPS = groupsOf(6);

const TRANSACTIONS: readonly Transaction[] = Array.from({ length: 100 }, (_, index) => ({
  value: decimal(((index * 37) % 101) + 0.5),
  time: START_US + index * HOUR_US,
  key: String(index).padStart(4, '0'),
}));
// eslint-disable-next-line no-restricted-syntax -- plain numbers are what the engine is measured against
const VALUES = TRANSACTIONS.map(({ value }) => value.toNumber());

/** A hundred attempts at twenty-five tasks, every other one a success. */
const OUTCOMES: readonly OutcomeEvent[] = Array.from({ length: 100 }, (_, index) => ({
  key: String(index).padStart(4, '0'),
  id: String(index),
  time: START_US + index * HOUR_US,
  task: `task-${index % 25}`,
  type: 'resolved',
  success: index % 2 === 1,
  reversal: false,
}));

/** One for each charge model, of an ordinary size. */
export const CASES: { readonly [M in ChargeModel]: Omit<RatingCase, 'name'> } = {
  flat: { charge: { model: 'flat', amount: decimal(20) }, usage: totals(0), naive: () => 20 },
  unit: { charge: PER_UNIT, usage: totals(3_500), naive: () => 3_500 * 0.002 },
  graduated: {
    charge: { model: 'graduated', tiers: FIVE_TIERS },
    usage: totals(47.5),
    naive: () => naiveGraduated(FIVE_PLAIN, 47.5),
  },
  volume: {
    charge: { model: 'volume', tiers: FIVE_TIERS },
    usage: totals(47.5),
    naive: () => 47.5 * FIVE_PLAIN.find(({ upTo }) => 47.5 <= upTo)!.unitPrice,
  },
  package: {
    charge: { model: 'package', packageSize: decimal(100), packagePrice: decimal(5) },
    usage: totals(201),
    naive: () => Math.ceil(201 / 100) * 5,
  },
  stair_step: {
    charge: {
      model: 'stair_step',
      steps: FIVE_TIERS.map(({ upTo }, index) => ({ upTo, amount: decimal(index * 10) })),
    },
    usage: totals(47.5),
    naive: () => FIVE_PLAIN.findIndex(({ upTo }) => 47.5 <= upTo) * 10,
  },
  percentage: {
    charge: {
      model: 'percentage',
      percent: decimal('1.2'),
      fixedPerEvent: decimal('0.1'),
      freeEvents: 3,
      freeAmount: decimal(500),
    },
    usage: { ...totals(VALUES.reduce((sum, value) => sum + value, 0)), transactions: TRANSACTIONS },
    naive: naivePercentage,
  },
  graduated_percentage: {
    charge: {
      model: 'graduated_percentage',
      tiers: FIVE_TIERS.map(({ upTo, unitPrice }) => ({ upTo, percent: unitPrice })),
    },
    usage: totals(47.5),
    naive: () => naiveGraduated(FIVE_PLAIN, 47.5) / 100,
  },
  matrix: {
    charge: {
      model: 'matrix',
      dimensions: ['model'],
      cells: SIX_GROUPS.slice(1).map(({ values }) => ({ match: { model: values[0]! }, unitPrice: decimal('0.3') })),
      fallback: decimal('0.2'),
    },
    usage: sumOf(SIX_GROUPS),
    naive: () => 50 * 0.3 + 10 * 0.2,
  },
  event_amount: { charge: { model: 'event_amount' }, usage: totals(123.45), naive: () => 123.45 },
  scheduled: {
    charge: {
      model: 'scheduled',
      timeZone: 'UTC',
      windows: [
        {
          name: 'night',
          hours: { from: '22:00', to: '06:00' },
          charge: { model: 'unit', unitPrice: decimal('0.001') },
        },
      ],
      otherwise: PER_UNIT,
    },
    usage: { ...totals(3_500), windows: [totals(1_000), totals(2_500)] },
    naive: () => 1_000 * 0.001 + 2_500 * 0.002,
  },
  recurring: {
    charge: { model: 'recurring', unitPrice: decimal(15), quantity: decimal(7) },
    usage: totals(0),
    naive: () => 7 * 15,
  },
  consumption_margin: {
    charge: { model: 'consumption_margin', grossMarginPercent: decimal(30) },
    usage: totals(1_000, 70),
    naive: () => 70 / (1 - 0.3),
  },
  outcome: {
    charge: {
      model: 'outcome',
      prices: [{ type: 'resolved', unitPrice: decimal('0.99') }],
      success: [{ field: 'data.success', equals: true }],
    },
    usage: { ...totals(100), outcomes: OUTCOMES },
    naive: () => new Set(OUTCOMES.filter(({ success }) => success).map(({ task }) => task)).size * 0.99,
  },
  per_group: {
    charge: { model: 'per_group', dimensions: ['model'], charge: { model: 'graduated', tiers: tiersOf(2) } },
    usage: sumOf(SIX_GROUPS),
    naive: () => SIX_GROUPS.length * naiveGraduated(plainTiers(tiersOf(2)), 10),
  },
};

function naivePercentage(): number {
  let amount = 0;
  let events = 3;
  let left = 500;
  for (const value of [...VALUES].sort((a, b) => b - a)) {
    if (events > 0 && value <= left) {
      events -= 1;
      left -= value;
      continue;
    }
    const part = events > 0 ? left : 0;
    if (part > 0) {
      events -= 1;
      left = 0;
    }
    amount += (value - part) * 0.012 + 0.1;
  }
  return amount;
}

/** Whether time grows with tiers and groups as they do, and not faster. */
export const SIZES = [1, 100, 10_000] as const;

export function tierCase(count: number): RatingCase {
  const tiers = tiersOf(count);
  const plain = plainTiers(tiers);
  const quantity = count * 10 - 5;
  const charge: Charge = { model: 'graduated', tiers };
  return { name: `${count} tiers`, charge, usage: totals(quantity), naive: () => naiveGraduated(plain, quantity) };
}

export function groupCase(count: number): RatingCase {
  const groups = groupsOf(count);
  const cells = groups
    .slice(0, 1_000)
    .map(({ values }) => ({ match: { model: values[0]! }, unitPrice: decimal('0.3') }));
  const charge: Charge = { model: 'matrix', dimensions: ['model'], cells, fallback: decimal('0.2') };
  const naive = (): number => {
    let amount = 0;
    for (let index = 0; index < count; index += 1) amount += 10 * (index < 1_000 ? 0.3 : 0.2);
    return amount;
  };
  return { name: `${count} groups`, charge, usage: sumOf(groups), naive };
}

export function priceOf(key: string, charge: Charge, terms: Price['terms'] = {}): Price {
  return { id: key, key, name: key, meterId: charge.model === 'flat' ? null : 'meter', allowance: null, charge, terms };
}

/** Usage for prices of the templates, whatever they need. */
export function usageFor({ charge }: Price): UsageToRate {
  const { usage } = CASES[charge.model];
  const floorCost = { cost: decimal(3), pendingEvents: 0 };
  const groups = charge.model === 'consumption_margin' ? groupsOf(6) : usage.groups;
  return groups === undefined ? { ...usage, floorCost } : { ...sumOf(groups), floorCost };
}
