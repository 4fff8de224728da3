import fc from 'fast-check';
import { Decimal, minorUnitDecimals, ONE, sum, ZERO } from '../../src/kernel';
import type { Charge, ChargeModel } from '../../src/catalog/domain';
import { rateCharge, ratePlan } from '../../src/rating';
import { CHARGES, said } from './pricing-charges';
import { rateOverTime, toPlan } from './pricing-engine';
import { eventsFor, segments } from './pricing-events';
import {
  CASES,
  expectNear,
  holds,
  linear,
  NOT_NEGATIVE,
  priceOf,
  rate,
  ratedOverTime,
  SEED,
  totals,
  used,
  wholePeriod,
} from './pricing-holds';
import { cases } from './pricing-plans';
import { decimals } from './rating-arbitraries';
import type {
  ReferenceCharge,
  ReferenceChargeOf,
  ReferenceEvent,
  ReferencePlan,
  ReferenceSegment,
} from './rating-reference/index';

/** Promises about whole plans, and about charges over time, whatever their figures. */
beforeAll(() => {
  process.stderr.write(`pricing plan properties: ${CASES} cases each, WEIR_MODEL_SEED=${SEED}\n`);
});

describe('9: pools', () => {
  it('what was used and what is left is what was granted and rolled in; nothing rolls above the limit', () => {
    holds(cases, ({ plan, usage, time }) => {
      const byKey = new Map((plan.terms.pools ?? []).map((pool) => [pool.key, pool]));
      let before = new Map<string, Decimal>();
      for (const [index, { pools }] of ratedOverTime(plan, usage, time).entries()) {
        for (const { pool, lots, granted, rolledIn, used: taken } of pools) {
          const left = sum(lots.map(({ amount }) => amount));
          expect(taken.plus(left).toFixed()).toBe(granted.plus(rolledIn).toFixed());
          expect(lots.every(({ amount }) => !amount.lessThan(0))).toBe(true);
          expect(granted.greaterThan(byKey.get(pool)!.amount)).toBe(false);
          const { rollover } = byKey.get(pool)!;
          if (rollover?.limit !== undefined) expect(rolledIn.greaterThan(rollover.limit)).toBe(false);
          if (rollover === undefined) expect(rolledIn.isZero()).toBe(true);
          if (time[index]!.first && before.has(pool)) expect(rolledIn.greaterThan(before.get(pool)!)).toBe(false);
        }
        before = new Map(pools.map(({ pool, lots }) => [pool, sum(lots.map(({ amount }) => amount))]));
      }
    });
  });

  it('a unit uses its weight: twice the weight is half the units', () => {
    const drawn = fc.tuple(
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 0, max: 500 }),
      fc.integer({ min: 0, max: 500 }),
    );
    holds(drawn, ([weight, size, quantity]) => {
      const rated = ratePlan(
        toPlan({
          currency: 'USD',
          prices: [
            {
              key: 'p',
              charge: { model: 'unit', unitPrice: '1' },
              allowance: null,
              terms: { pool: { key: 'pool', weight: String(weight) } },
            },
          ],
          terms: { pools: [{ key: 'pool', name: 'Pool', amount: String(size) }] },
        }),
        { of: () => totals(String(quantity)) },
        wholePeriod(JANUARY),
      );
      const covered = Decimal.min(
        quantity,
        new Decimal(size).dividedBy(weight).toDecimalPlaces(12, Decimal.ROUND_DOWN),
      );
      expect(rated.lines[0]!.amount.toFixed()).toBe(new Decimal(quantity).minus(covered).toFixed());
      const asked = quantity * weight;
      expect(rated.pools[0]!.used.toFixed()).toBe(String(Math.min(asked, size)));
    });
  });
});

const JANUARY: ReferenceSegment = { start: Date.UTC(2026, 0), end: Date.UTC(2026, 1), share: { part: 1, whole: 1 }, periodIndex: 0, first: true, last: true, trial: null, timeZone: 'UTC', stretches: [] }; // prettier-ignore

describe('10: bounds and commitments', () => {
  it.each(NOT_NEGATIVE)('%s lies between its minimum and its maximum', (model) => {
    holds(fc.tuple(used(model), decimals(20), decimals(80)), ([what, low, more]) => {
      const minimum = new Decimal(low);
      const maximum = minimum.plus(more);
      const charge = rate(what, { minimum, maximum });
      if (charge === null) return;
      expect(charge.amount.lessThan(minimum)).toBe(false);
      expect(charge.amount.greaterThan(maximum)).toBe(false);
    });
  });

  it('a plan asks its minimum at least, its maximum at most, and over a term what was committed', () => {
    holds(cases, ({ plan, usage, time }) => {
      const { minimum, maximum, commitment } = plan.terms;
      let inTerm = ZERO;
      let trial = false;
      for (const [index, { lines, exactTotal }] of ratedOverTime(plan, usage, time).entries()) {
        const segment = time[index]!;
        const share = new Decimal(segment.share.part).dividedBy(segment.share.whole);
        const bounded = sum(lines.filter(({ kind }) => kind !== 'true_up').map(({ amount }) => amount));
        if (minimum !== undefined && segment.trial === null) atLeast(bounded, share.times(minimum));
        if (maximum !== undefined) atLeast(share.times(maximum), bounded);
        if (commitment === undefined) continue;
        const place = segment.periodIndex % commitment.periods;
        if (place === 0 && segment.first) [inTerm, trial] = [ZERO, false];
        trial ||= segment.trial !== null;
        inTerm = inTerm.plus(exactTotal);
        const isEnd = place === commitment.periods - 1 && segment.last;
        if (isEnd && !trial) atLeast(inTerm, new Decimal(commitment.amount));
      }
    });
  });

  function atLeast(amount: Decimal, bound: Decimal): void {
    const slack = Decimal.max(ONE, amount.abs(), bound.abs()).times('1e-60');
    expect(amount.plus(slack).lessThan(bound)).toBe(false);
  }
});

/** Charges that ask for two parts of a month what they ask for all of it. */
const steady = (model: ChargeModel): fc.Arbitrary<ReferenceCharge> =>
  (CHARGES[model] as fc.Arbitrary<ReferenceCharge>).map((charge) => {
    if (charge.model !== 'recurring') return linear(charge);
    const { proration: _, quantity = '3', ...rest } = charge;
    return { ...rest, quantity };
  });

describe('11: a month in two segments of the same plan', () => {
  it.each(['flat', 'unit', 'matrix', 'event_amount', 'percentage', 'consumption_margin', 'recurring'] as const)(
    '%s asks what it asks for the whole',
    (model) => {
      const cut = fc
        .tuple(steady(model), segments({ maxPeriods: 1, cuts: true, trials: false }))
        .filter(([, time]) => time.length === 2)
        .chain(([charge, time]) =>
          eventsFor(charge, null, time[0]!.start, time[1]!.end).map((events) => ({ charge, time, events })),
        );
      holds(cut, ({ charge, time, events }) => {
        const plan: ReferencePlan = {
          currency: 'USD',
          prices: [{ key: 'p', charge, allowance: null, terms: {} }],
          terms: {},
        };
        const whole: ReferenceSegment = { ...time[0]!, end: time[1]!.end, share: { part: 1, whole: 1 }, last: true };
        const amounts = (stretches: readonly ReferenceSegment[]): Decimal[] =>
          ratedOverTime(plan, new Map([['p', events]]), stretches).map(({ exactTotal }) => exactTotal);
        const [once] = amounts([whole]);
        if (once !== undefined) expectNear(sum(amounts(time)), once);
      });
    },
  );
});

describe('12: margins', () => {
  it('a gross margin is what is left of the charge, and a markup what comes on top of the cost', () => {
    const drawn = fc.tuple(
      decimals(99).filter((text) => new Decimal(text).lessThan(100)),
      decimals(500),
    );
    holds(drawn, ([percent, cost]) => {
      const asked = (charge: Charge) => rateCharge(priceOf(charge), totals('1', cost)).amount;
      const gross = asked({ model: 'consumption_margin', grossMarginPercent: new Decimal(percent) });
      expectNear(gross.times(new Decimal(100).minus(percent)), new Decimal(cost).times(100));
      const markup = asked({ model: 'consumption_margin', markupPercent: new Decimal(percent) });
      expect(markup.minus(cost).times(100).toFixed()).toBe(new Decimal(cost).times(percent).toFixed());
    });
  });
});

describe('13: outcomes', () => {
  const TASKS = ['t1', 't2'];
  /** Few tasks that succeed and are reversed again and again, at 1 each. */
  const drawn = fc
    .tuple(CHARGES.outcome, segments({ maxPeriods: 3, cuts: true, trials: false }))
    .chain(([charge, time]) => {
      const [from, to] = [time[0]!.start, time.at(-1)!.end];
      const event = fc
        .record({ at: fc.integer({ min: from, max: to - 1 }), task: fc.constantFrom(...TASKS), reversed: fc.boolean() })
        .map(({ at, task, reversed }): ReferenceEvent => ({
          id: '',
          at,
          value: '1',
          cost: '0',
          fields: { task, 'data.verdict': 'ok', 'data.outcome': 'solved', 'data.reversed': reversed },
        }));
      return fc.array(event, { maxLength: 12 }).map((events) => {
        const { window, maxPerTask, confirmationHours, disputeHours } = charge;
        const simple: ReferenceChargeOf<'outcome'> = said({
          model: 'outcome' as const,
          prices: [{ type: 'solved', unitPrice: '1' }],
          success: [{ field: 'data.verdict', equals: 'ok' }],
          ...said({ window, maxPerTask, confirmationHours, disputeHours }),
        });
        return { charge: simple, time, events: events.map((one, index) => ({ ...one, id: `e${index}` })) };
      });
    });

  it('a task is billed once in a window, and a credit gives back no more than was billed', () => {
    holds(drawn, ({ charge, time, events }) => {
      const price = { key: 'p', charge, allowance: null, terms: {} };
      const plan: ReferencePlan = { currency: 'USD', prices: [price], terms: {} };
      let running = ZERO;
      rateOverTime(plan, new Map([['p', events]]), time).forEach(({ lines }, index) => {
        const rows = lines[0]!.breakdown;
        const billed = sum(rows.filter(({ kind }) => kind === 'outcome').map(({ amount }) => amount));
        expect(billed.lessThanOrEqualTo(TASKS.length * mostFor(charge, time[index]!))).toBe(true);
        running = running.plus(lines[0]!.amount);
        expect(running.lessThan(0)).toBe(false);
      });
    });
  });

  /** Windows that fit in a segment, the first and the last of them partly, or the cap. */
  function mostFor(
    { window = 'period', maxPerTask = Infinity }: ReferenceChargeOf<'outcome'>,
    { start, end }: ReferenceSegment,
  ): number {
    return window === 'period' ? 1 : Math.min(maxPerTask, Math.ceil((end - start) / (window.hours * 3_600_000)));
  }
});

describe('14: rounded lines', () => {
  it('add up to the total, and each is its amount to the minor unit', () => {
    holds(cases, ({ plan, usage, time }) => {
      for (const { lines, total } of ratedOverTime(plan, usage, time)) {
        expect(total.toFixed()).toBe(sum(lines.map(({ rounded }) => rounded)).toFixed());
        const unit = new Decimal(10).pow(-minorUnitDecimals(plan.currency));
        for (const { kind, rounded, amount } of lines) {
          expect(rounded.mod(unit).isZero()).toBe(true);
          if (kind === 'price') expect(rounded.minus(amount).abs().greaterThan(unit.dividedBy(2))).toBe(false);
        }
      }
    });
  });
});
