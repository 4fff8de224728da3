import fc from 'fast-check';
import { Decimal, HUNDRED, sum, ZERO } from '../../src/kernel';
import type { ChargeModel } from '../../src/catalog/domain';
import { rateCharge, type UsageToRate } from '../../src/rating';
import { quantityCharges } from './pricing-charges';
import { toCharge, toUsage } from './pricing-engine';
import { cases, chargesUnits } from './pricing-plans';
import {
  ALL,
  amountOf,
  CASES,
  expectNear,
  holds,
  linear,
  NOT_NEGATIVE,
  priceOf,
  rate,
  ratedOverTime,
  rateUsage,
  SEED,
  totals,
  used,
  usedOf,
} from './pricing-holds';
import { decimals } from './rating-arbitraries';
import type { ReferenceCharge, ReferenceEvent, ReferenceSegment } from './rating-reference/index';

/** Promises about every charge model, whatever its figures; those about whole plans are in `pricing-plan-properties.spec.ts`. */
beforeAll(() => {
  process.stderr.write(`pricing properties: ${CASES} cases each, WEIR_MODEL_SEED=${SEED}\n`);
});

describe('1: the breakdown', () => {
  it.each(ALL)('of %s adds up to the amount, and each row is its quantity times its price', (model) => {
    holds(used(model), (what) => {
      const charge = rate(what);
      if (charge === null) return;
      expect(sum(charge.breakdown.map(({ amount }) => amount)).toFixed()).toBe(charge.amount.toFixed());
      for (const { quantity, unitPrice, amount } of charge.breakdown) {
        if (unitPrice !== null) expect(quantity.times(unitPrice).toFixed()).toBe(amount.toFixed());
      }
    });
  });

  it('of whole plans adds up, too, in every line', () => {
    holds(cases, ({ plan, usage, time }) => {
      for (const { lines } of ratedOverTime(plan, usage, time)) {
        for (const { breakdown, amount } of lines) {
          expect(sum(breakdown.map((row) => row.amount)).toFixed()).toBe(amount.toFixed());
          for (const row of breakdown) {
            if (row.unitPrice !== null) expect(row.quantity.times(row.unitPrice).toFixed()).toBe(row.amount.toFixed());
          }
        }
      }
    });
  });
});

describe('2: nothing is negative', () => {
  it.each(NOT_NEGATIVE)('neither the amount of %s nor one of its rows', (model) => {
    holds(used(model), (what) => {
      const charge = rate(what);
      if (charge === null) return;
      expect(charge.amount.lessThan(0)).toBe(false);
      const lowering = charge.breakdown.filter(({ kind, amount }) => amount.lessThan(0) && !LOWERING.includes(kind));
      expect(lowering).toEqual([]);
    });
  });

  it('an outcome charge goes below zero by credits alone', () => {
    holds(used('outcome'), (what) => {
      const rows = rate(what)!.breakdown;
      expect(rows.filter(({ kind, amount }) => kind !== 'credit' && amount.lessThan(0))).toEqual([]);
    });
  });
});
const LOWERING = ['maximum', 'ceiling', 'discount', 'credit', 'trial'];

describe('3: more usage never costs less', () => {
  const steadily: ChargeModel[] = [
    'flat',
    'unit',
    'graduated',
    'package',
    'graduated_percentage',
    'percentage',
    'matrix',
    'event_amount',
    'per_group',
    'scheduled',
    'recurring',
    'consumption_margin',
  ];

  it.each(steadily)('%s', (model) => {
    holds(fc.tuple(used(model), decimals(10), fc.nat()), ([what, more, place]) => {
      if (!promisesMonotony(what.charge) || what.events.length === 0) return;
      const bigger = what.events.map((event, index) =>
        index === place % what.events.length
          ? { ...event, value: new Decimal(event.value).plus(more).toFixed() }
          : event,
      );
      const dearer = what.events.map((event, index) =>
        index === place % what.events.length ? { ...event, cost: new Decimal(event.cost).plus(more).toFixed() } : event,
      );
      const before = rate(what);
      const after = rate({ ...what, events: model === 'consumption_margin' ? dearer : bigger });
      if (before !== null && after !== null) expect(after.amount.lessThan(before.amount)).toBe(false);
    });
  });

  it.each(['stair_step', 'volume'] as const)('%s, where each step is dearer than the one before', (model) => {
    holds(fc.tuple(used(model), decimals(10)), ([what, more]) => {
      const charge = ascending(what.charge);
      const less = { ...what, charge };
      const extra = { ...what.events[0]!, id: 'extra', value: more };
      if (what.events.length === 0) return;
      const before = rate(less)!.amount;
      const after = rate({ ...less, events: [...what.events, extra] })!.amount;
      expect(after.lessThan(before)).toBe(false);
    });
  });

  it('volume has cliffs where its tiers get cheaper, by definition', () => {
    const charge: ReferenceCharge = { model: 'volume', tiers: [{ upTo: '10', unitPrice: '2' }, { upTo: null, unitPrice: '1' }] }; // prettier-ignore
    const at = (quantity: string) => rateCharge(priceOf(toCharge(charge)), totals(quantity)).amount.toFixed();
    expect([at('10'), at('15')]).toEqual(['20', '15']);
  });
});

/** Volume and steps may fall by definition, a whole margin band may be cheaper than the one below it. */
function promisesMonotony(charge: ReferenceCharge): boolean {
  switch (charge.model) {
    case 'volume':
    case 'stair_step':
      return false;
    case 'percentage':
      return charge.freeFirst !== 'earliest';
    case 'scheduled':
      return [charge.otherwise, ...charge.windows.map((window) => window.charge)].every(promisesMonotony);
    case 'per_group':
      return [charge.charge, ...(charge.byValue ?? []).map((one) => one.charge)].every(promisesMonotony);
    case 'recurring':
      return charge.tierMode !== 'volume';
    case 'consumption_margin':
      return charge.tiers?.mode !== 'whole';
    default:
      return true;
  }
}

function ascending(charge: ReferenceCharge): ReferenceCharge {
  const inOrder = (texts: readonly string[]): string[] => [...texts].sort((a, b) => new Decimal(a).comparedTo(b));
  if (charge.model === 'stair_step') {
    const amounts = inOrder(charge.steps.map(({ amount }) => amount));
    return { ...charge, steps: charge.steps.map((step, index) => ({ ...step, amount: amounts[index]! })) };
  }
  if (charge.model !== 'volume') return charge;
  const prices = inOrder(charge.tiers.map(({ unitPrice }) => unitPrice));
  const fees = inOrder(charge.tiers.map(({ flatFee }) => flatFee ?? '0'));
  return {
    ...charge,
    tiers: charge.tiers.map((tier, index) => ({ ...tier, unitPrice: prices[index]!, flatFee: fees[index]! })),
  };
}

describe('4: the parts cost what the whole costs', () => {
  it.each(['unit', 'matrix', 'event_amount', 'percentage', 'consumption_margin'] as const)('%s', (model) => {
    holds(fc.tuple(used(model), fc.nat()), ([drawn, place]) => {
      const what = { ...drawn, charge: linear(drawn.charge) };
      const cut = place % (what.events.length + 1);
      const whole = rate(what);
      const parts = [what.events.slice(0, cut), what.events.slice(cut)].map((events) => rate({ ...what, events }));
      if (whole !== null) expectNear(sum(parts.map((part) => part!.amount)), whole.amount);
    });
  });

  it('graduated without fees, tier by tier', () => {
    holds(used('graduated'), (what) => {
      if (what.charge.model !== 'graduated') return;
      const charge = { ...what.charge, tiers: what.charge.tiers.map(({ flatFee: _, ...tier }) => tier) };
      const whole = rate({ ...what, charge })!.amount;
      const quantity = sum(what.events.map(({ value }) => new Decimal(value)));
      const edges = ['0', ...charge.tiers.flatMap(({ upTo }) => upTo ?? [])].map((edge) => new Decimal(edge));
      const byTier = charge.tiers.map(({ unitPrice }, index) => {
        const end = edges[index + 1] === undefined ? quantity : Decimal.min(edges[index + 1]!, quantity);
        return Decimal.max(end.minus(edges[index]!), ZERO).times(unitPrice);
      });
      expect(sum(byTier).toFixed()).toBe(whole.toFixed());
    });
  });
});

describe('5: scale', () => {
  const scaled = fc.constantFrom('2', '0.01', '1000', '0.5');

  /** Every amount of money in a definition, k times; percentages, sizes and bounds of units stay. */
  function inMoney(charge: ReferenceCharge, k: string): ReferenceCharge {
    const money = new Set(
      'amount unitPrice flatFee packagePrice fixedPerEvent minPerEvent maxPerEvent fallback fixedPerUnit floorPerUnit ceilingPerUnit attemptPrice failurePrice otherwise'.split(' '), // prettier-ignore
    );
    const times = (value: unknown, name: string): unknown => {
      if (typeof value === 'string') return money.has(name) ? new Decimal(value).times(k).toFixed() : value;
      if (Array.isArray(value)) return value.map((one) => times(one, ''));
      if (value === null || typeof value !== 'object') return value;
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, times(inner, key)]));
    };
    return times(charge, '') as ReferenceCharge;
  }

  const byQuantity = ALL.filter(
    (model) => !['percentage', 'graduated_percentage', 'event_amount', 'consumption_margin', 'outcome'].includes(model),
  );
  it.each(byQuantity)('%s in a currency worth k times less is k times as much', (model) => {
    holds(fc.tuple(used(model), scaled), ([what, k]) => {
      const before = rate(what);
      const after = rate({ ...what, charge: inMoney(what.charge, k) });
      if (before !== null) expectNear(after!.amount, before.amount.times(k));
    });
  });

  // Where the usage is money itself, it is in the other currency, too, and so are bounds of it.
  it.each(['percentage', 'graduated_percentage', 'event_amount', 'consumption_margin'] as const)(
    '%s, with its usage',
    (model) => {
      holds(fc.tuple(used(model), scaled), ([what, k]) => {
        const bounds = new Set(['freeAmount', 'upTo', 'upToCost']);
        const moved = JSON.parse(
          JSON.stringify(inMoney(what.charge, k), (name, value: unknown) =>
            bounds.has(name) && typeof value === 'string' ? new Decimal(value).times(k).toFixed() : value,
          ),
        ) as ReferenceCharge;
        const events = what.events.map((event) => ({
          ...event,
          value: model === 'consumption_margin' ? event.value : new Decimal(event.value).times(k).toFixed(),
          cost: new Decimal(event.cost).times(k).toFixed(),
        }));
        expectNear(rate({ ...what, charge: moved, events })!.amount, rate(what)!.amount.times(k));
      });
    },
  );

  it('units counted in thousands cost the same at a thousand times the price', () => {
    holds(usedOf(quantityCharges), (what) => {
      const inThousands = JSON.parse(
        JSON.stringify(what.charge, (name, value: unknown) => {
          if (typeof value !== 'string') return value;
          if (name === 'unitPrice') return new Decimal(value).times(1_000).toFixed();
          return name === 'upTo' || name === 'packageSize' ? new Decimal(value).dividedBy(1_000).toFixed() : value;
        }),
      ) as ReferenceCharge;
      const events = what.events.map((event) => ({
        ...event,
        value: new Decimal(event.value).dividedBy(1_000).toFixed(),
      }));
      expect(amountOf({ ...what, charge: inThousands, events })).toBe(amountOf(what));
    });
  });
});

describe('6: what is charged step by step', () => {
  it.each(ALL)('adds up to the charge of the whole: %s', (model) => {
    holds(used(model), (what) => {
      const whole = rate(what);
      if (whole === null) return;
      const charge = toCharge(what.charge);
      const inTime = [...what.events].sort((a, b) => a.at - b.at);
      let usage = toUsage(charge, [], what.segment);
      let before = rateUsage(charge, usage, what.segment)!.amount;
      let charged = before;
      for (const event of inTime) {
        usage = addUsage(usage, toUsage(charge, [event], what.segment));
        const now = rateUsage(charge, usage, what.segment)!.amount;
        charged = charged.plus(now.minus(before));
        before = now;
      }
      expectNear(charged, whole.amount);
    });
  });

  /** Two usages of the same charge as one, group by group and window by window. */
  function addUsage(one: UsageToRate, other: UsageToRate): UsageToRate {
    const totalsOf = (a: UsageToRate, b: UsageToRate): UsageToRate => ({
      quantity: a.quantity.plus(b.quantity),
      cost: a.cost.plus(b.cost),
      events: a.events + b.events,
      pendingEvents: a.pendingEvents + b.pendingEvents,
    });
    const groups = [...(one.groups ?? [])];
    for (const group of other.groups ?? []) {
      const place = groups.findIndex(({ values }) => JSON.stringify(values) === JSON.stringify(group.values));
      if (place === -1) groups.push(group);
      else groups[place] = { ...totalsOf(groups[place]!, group), values: group.values };
    }
    return {
      ...totalsOf(one, other),
      groups: one.groups && groups,
      windows: one.windows?.map((window, index) => totalsOf(window, other.windows![index]!)),
      transactions: one.transactions && [...one.transactions, ...other.transactions!],
      outcomes: one.outcomes && [...one.outcomes, ...other.outcomes!],
      floorCost: one.floorCost && { cost: one.floorCost.cost.plus(other.floorCost!.cost), pendingEvents: 0 },
    };
  }
});

describe('7: the order in which usage came in', () => {
  it.each(ALL)('changes nothing: %s', (model) => {
    const shuffled = used(model).chain((what) =>
      fc.shuffledSubarray([...what.events], { minLength: what.events.length }).map((events) => ({ what, events })),
    );
    holds(shuffled, ({ what, events }) => {
      const usage = toUsage(toCharge(what.charge), events, what.segment);
      // Groups and transactions as they come, not in the order in which they are kept.
      const turned: UsageToRate = {
        ...usage,
        ...(usage.groups && { groups: [...usage.groups].reverse() }),
        ...(usage.transactions && { transactions: [...usage.transactions].reverse() }),
        ...(usage.outcomes && { outcomes: [...usage.outcomes].reverse() }),
      };
      const allowance = chargesUnits(what.charge) ? new Decimal(7) : null;
      const expected = rate(what, {}, allowance);
      expect(rateUsage(toCharge(what.charge), turned, what.segment, {}, allowance)?.amount.toFixed()).toBe(
        expected?.amount.toFixed(),
      );
    });
  });

  it('moves a percentage among single transactions neither, the largest being free first', () => {
    // 22 transactions, of which one has been free: the fault this stands for made 0.07 or 10.07 of the same usage.
    const charge = { model: 'percentage', percent: '1', freeAmount: '10', fixedPerEvent: '0.1' } as const;
    const month: ReferenceSegment = { start: 0, end: 1e10, share: { part: 1, whole: 1 }, periodIndex: 0, first: true, last: true, trial: null, timeZone: 'UTC', stretches: [0] }; // prettier-ignore
    const event = (value: string, at: number): ReferenceEvent => ({ id: `${at}`, at, value, cost: '0', fields: {} });
    const up = ['1', '2', '9', '12'].map((value, index) => event(value, index));
    const down = ['12', '9', '2', '1'].map((value, index) => event(value, index));
    expect(amountOf({ charge, events: up, segment: month })).toBe(amountOf({ charge, events: down, segment: month }));
  });
});

describe('8: what never binds changes nothing', () => {
  const HUGE = '999999999999999';

  it.each(ALL)('bounds and discounts around %s', (model) => {
    holds(used(model), (what) => {
      const plain = rate(what);
      if (plain === null) return;
      const maximum = plain.amount.lessThan(HUGE) ? new Decimal(HUGE) : undefined;
      const minimum = plain.amount.lessThan(0) ? undefined : ZERO;
      const later = { key: 'later', name: 'Later', percent: HUNDRED, fromPeriod: 5 };
      const none = { key: 'none', name: 'None', percent: ZERO };
      const charge = rate(what, { minimum, maximum, discounts: [later, none] })!;
      expect(charge.amount.toFixed()).toBe(plain.amount.toFixed());
    });
  });

  it.each(ALL.filter((model) => chargesUnits({ model } as ReferenceCharge)))(
    'no allowance is an allowance of 0: %s',
    (model) => {
      holds(used(model), (what) => {
        expect(rate(what, {}, ZERO)?.amount.toFixed()).toBe(amountOf(what));
        expect(rate(what, { discounts: [{ key: 'd', name: 'D', freeUnits: ZERO }] })?.amount.toFixed()).toBe(
          amountOf(what),
        );
      });
    },
  );

  it('limits of a transaction', () => {
    holds(used('percentage'), (what) => {
      if (what.charge.model !== 'percentage') return;
      const { minPerEvent: _least, maxPerEvent: _most, ...charge } = what.charge;
      const unbounded = amountOf({ ...what, charge });
      expect(amountOf({ ...what, charge: { ...charge, minPerEvent: '0' } })).toBe(unbounded);
      if (what.events.every(({ value }) => new Decimal(value).lessThan(1_000_000))) {
        expect(amountOf({ ...what, charge: { ...charge, maxPerEvent: HUGE } })).toBe(unbounded);
      }
    });
  });

  it('free events beyond the transactions there are, beside a free amount', () => {
    holds(used('percentage'), (what) => {
      if (what.charge.model !== 'percentage' || what.charge.freeAmount === undefined) return;
      const { freeEvents: _, ...charge } = what.charge;
      expect(amountOf({ ...what, charge: { ...charge, freeEvents: 1_000 } })).toBe(amountOf({ ...what, charge }));
    });
  });

  it('a task’s cap that is never reached, a floor and a ceiling that don’t touch', () => {
    holds(used('outcome'), (what) => {
      if (what.charge.model !== 'outcome') return;
      const { maxPerTask: _, ...charge } = what.charge;
      expect(amountOf({ ...what, charge: { ...charge, maxPerTask: 1_000 } })).toBe(amountOf({ ...what, charge }));
    });
    holds(used('consumption_margin'), (what) => {
      if (what.charge.model !== 'consumption_margin') return;
      const { floorPerUnit: _floor, ceilingPerUnit: _ceiling, ...charge } = what.charge;
      expect(amountOf({ ...what, charge: { ...charge, floorPerUnit: '0' } })).toBe(amountOf({ ...what, charge }));
    });
  });
});
