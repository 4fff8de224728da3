import fc from 'fast-check';
import { Decimal, minorUnitDecimals } from '../../src/kernel';
import { chargeProblems, planProblems, usageNeeds, type MeterDefinition } from '../../src/catalog/domain';
import { ChargeSchema } from '../../src/catalog';
import { roundLine } from '../../src/rating';
import { CHARGES } from './pricing-charges';
import { rateOverTime, toCharge, toPlan } from './pricing-engine';
import { eventsFor, segments } from './pricing-events';
import { cases } from './pricing-plans';
import {
  rational as r,
  referencePlan,
  Unpriced,
  type ReferenceCharge,
  type ReferencePlan,
  type ReferenceSegment,
} from './rating-reference/index';

/** How many cases, and which ones. A failure is repeated by giving the printed seed. */
const CASES = Number(process.env['WEIR_MODEL_CASES'] ?? 500);
const SEED = Number(process.env['WEIR_MODEL_SEED'] ?? Date.now() % 2 ** 31);
const MODELS = Object.keys(CHARGES) as ReferenceCharge['model'][];

/**
 * Decimals keep 120 digits, so a third is a third to sixty places and more, also where large amounts were taken off.
 * Where nothing was divided, amounts are met exactly.
 */
function expectSame(ours: Decimal, theirs: r.Rational, what: string, divided: boolean): void {
  const value = r.of(ours.toFixed());
  if (r.isSame(value, theirs)) return;
  const size = r.most(r.of(1), theirs.over < 0n ? r.minus(r.NOTHING, theirs) : theirs);
  const off = r.minus(value, theirs);
  const slack = r.times(size, r.fraction(1n, 10n ** 60n));
  const near = r.isLess(off.over < 0n ? r.minus(r.NOTHING, off) : off, slack);
  if (near && divided) return;
  throw new Error(
    `${what}: the engine says ${ours.toFixed()}, the reference ${r.text(theirs)}${near ? ' exactly' : ''}`,
  );
}

/** Shares of a period, gross margins, and what is agreed for a plan in such a period are quotients. */
const divides = (charge: ReferenceCharge | null, { share }: ReferenceSegment): boolean =>
  charge === null || share.part !== share.whole || charge.model === 'consumption_margin';

/** What the catalog finds wrong with a plan over one meter that keeps all that prices may ask for. */
function problemsOf(plan: ReferencePlan): unknown {
  const ours = toPlan(plan);
  const prices = ours.prices.map((price) => ({
    ...price,
    meter: usageNeeds(price.charge).meter === 'none' ? null : 'meter',
  }));
  const meter: MeterDefinition = { eventType: 'use', aggregation: 'sum', valueField: 'data.value', timeUnit: null, filters: [], groupBy: ['model', 'data.region'] }; // prettier-ignore
  const world = { meters: new Map([['meter', meter]]), features: new Set<string>(), costCurrency: plan.currency };
  return planProblems({ ...ours, prices }, world);
}

/** What the reference makes of it; null where nothing has a price for some of the usage. */
function referred(...given: Parameters<typeof referencePlan>): ReturnType<typeof referencePlan> | null {
  try {
    return referencePlan(...given);
  } catch (error) {
    if (error instanceof Unpriced) return null;
    throw error;
  }
}

describe('the engine and its reference', () => {
  beforeAll(() => {
    process.stderr.write(`pricing model: ${CASES} cases, WEIR_MODEL_SEED=${SEED}\n`);
  });

  const seen = new Map<string, number>();
  const see = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1);

  it('agree on a price of every model, to the last digit', () => {
    const drawn = fc
      .tuple(fc.oneof(...Object.values(CHARGES)), segments({ maxPeriods: 1, cuts: true, trials: false }))
      .chain(([charge, [segment]]) =>
        eventsFor(charge, null, segment!.start, segment!.end).map((events) => ({ charge, segment: segment!, events })),
      );
    fc.assert(
      fc.property(drawn, ({ charge, segment, events }) => {
        const price = { key: 'price', charge, allowance: null, terms: {} };
        const plan: ReferencePlan = { currency: 'USD', prices: [price], terms: {} };
        const ours = toCharge(charge);
        expect(chargeProblems({ charge: ours, allowance: null })).toEqual([]);
        expect(ChargeSchema.parse(charge)).toEqual(ours);

        const expected = referred(plan, new Map([['price', events]]), [segment]);
        const rate = () => rateOverTime(plan, new Map([['price', events]]), [segment])[0]!.lines[0]!;
        if (expected === null) {
          see('unpriced');
          expect(rate).toThrow('price');
          return;
        }
        see(charge.model);
        const { amount } = rate();
        const reference = expected[0]!.lines.get('price')!;
        expectSame(amount, reference, charge.model, divides(charge, segment));
        for (const currency of ['USD', 'JPY', 'KWD']) {
          const decimals = minorUnitDecimals(currency);
          expect(roundLine(amount, currency).toFixed(decimals)).toBe(r.asLine(reference, decimals));
        }
      }),
      { numRuns: CASES, seed: SEED },
    );
    if (CASES >= 500) expect([...seen.keys()].sort()).toEqual([...MODELS, 'unpriced'].sort());
  });

  it('agree on every line of whole plans over several periods, and on what pools have left', () => {
    fc.assert(
      fc.property(cases, ({ plan, time, usage }) => {
        expect(problemsOf(plan)).toEqual([]);
        const expected = referred(plan, usage, time);
        if (expected === null) {
          expect(() => rateOverTime(plan, usage, time)).toThrow('price');
          return;
        }
        const decimals = minorUnitDecimals(plan.currency);
        rateOverTime(plan, usage, time).forEach((rated, index) => {
          const { lines, total, left } = expected[index]!;
          expect(rated.lines.map(({ key }) => key)).toEqual([...lines.keys()]);
          let running = r.NOTHING;
          let invoiced = new Decimal(0);
          for (const line of rated.lines) {
            const reference = lines.get(line.key)!;
            const what = `segment ${index}, ${line.key}`;
            const { charge } =
              line.price === null ? { charge: null } : plan.prices.find(({ key }) => key === line.key)!;
            expectSame(line.amount, reference, what, divides(charge, time[index]!));
            running = r.plus(running, reference);
            if (line.kind === 'price') {
              expect([what, line.rounded.toFixed(decimals)]).toEqual([what, r.asLine(reference, decimals)]);
            } else if (line.kind !== 'discount') {
              // Bounds hold for the invoice to the minor unit, not only before its lines are rounded.
              const together = invoiced.plus(line.rounded).toFixed(decimals);
              expect([what, together]).toEqual([what, r.asLine(running, decimals)]);
            }
            invoiced = invoiced.plus(line.rounded);
          }
          expectSame(rated.exactTotal, total, `segment ${index}, total`, true);
          expect(rated.total.toFixed()).toBe(invoiced.toFixed());
          for (const pool of rated.pools) {
            const inLots = pool.lots.reduce((sum, { amount }) => sum.plus(amount), new Decimal(0));
            expectSame(inLots, left.get(pool.pool)!, `segment ${index}, pool ${pool.pool}`, false);
          }
        });
      }),
      { numRuns: CASES, seed: SEED },
    );
  });
});
