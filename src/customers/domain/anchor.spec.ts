import fc from 'fast-check';
import type { Plan } from '../../catalog/domain';
import { BILLING_INTERVALS, billingPeriod, PERIOD_ANCHORS, type PeriodAnchor, wholePeriod } from '../../kernel';
import { anchorOf } from './anchor';
import { shareOf } from './cycles';
import { segmentsOf, type SubscriptionInTime } from './segments';

const DAY_MS = 86_400_000;

function subscribed(
  startAt: string,
  { interval = 'month', intervalCount }: Partial<Plan>,
  anchor?: PeriodAnchor,
): SubscriptionInTime {
  const start = new Date(startAt);
  const plan: Plan = {
    ...{ id: 'v1', key: 'pro', version: 1, name: 'Pro', currency: 'USD', status: 'published', prices: [] },
    ...{ interval, intervalCount },
  };
  return {
    subscription: { startAt: start, currency: null, anchor },
    customer: { timeZone: 'UTC' },
    phases: [{ fromAt: start, plan, moveId: null }],
    overrides: [],
  };
}

// Days of the first period, and of the whole one that it is a part of.
it.each`
  startAt                | interval       | intervalCount | anchor           | part    | whole  | because
  ${'2024-02-20T00:00Z'} | ${'month'}     | ${1}          | ${'calendar'}    | ${10}   | ${29}  | ${'20 to 29 February of a leap year'}
  ${'2023-02-20T12:00Z'} | ${'month'}     | ${1}          | ${'calendar'}    | ${8.5}  | ${28}  | ${'half of the 20th, and eight days'}
  ${'2024-02-15T00:00Z'} | ${'month'}     | ${2}          | ${'calendar'}    | ${46}   | ${60}  | ${'February and March'}
  ${'2024-02-15T00:00Z'} | ${'quarter'}   | ${1}          | ${'calendar'}    | ${46}   | ${91}  | ${'31 + 29 + 31'}
  ${'2024-06-30T00:00Z'} | ${'half_year'} | ${1}          | ${'calendar'}    | ${1}    | ${182} | ${'the last day of the half-year'}
  ${'2024-12-31T00:00Z'} | ${'year'}      | ${1}          | ${'calendar'}    | ${1}    | ${366} | ${'the last day of the year'}
  ${'2024-03-02T00:00Z'} | ${'week'}      | ${1}          | ${'calendar'}    | ${2}    | ${7}   | ${'a Saturday and a Sunday'}
  ${'2024-03-02T18:00Z'} | ${'day'}       | ${1}          | ${'calendar'}    | ${0.25} | ${1}   | ${'the evening'}
  ${'2024-02-01T00:00Z'} | ${'month'}     | ${1}          | ${'calendar'}    | ${1}    | ${1}   | ${'all of it'}
  ${'2024-02-20T18:00Z'} | ${'quarter'}   | ${1}          | ${'anniversary'} | ${1}    | ${1}   | ${'an anniversary is whole from the start'}
  ${'2024-02-20T18:00Z'} | ${'month'}     | ${undefined}  | ${undefined}     | ${1}    | ${1}   | ${'what is said of neither'}
`('$intervalCount $interval from $startAt: $part of $whole days, $because', ({ startAt, anchor, part, whole, ...plan }) => {
  const about = subscribed(startAt, plan, anchor);
  const period = billingPeriod(anchorOf(about), 0);
  const share = part === whole ? { part: 1, whole: 1 } : { part: part * DAY_MS, whole: whole * DAY_MS };
  expect(shareOf(about, period)).toEqual(share);
  expect(segmentsOf(about, period)).toMatchObject([{ period, share }]);
}); // prettier-ignore

it('shares of a period that is cut add up to that of the period', () => {
  const offsets = fc.integer({ min: 1, max: 400 * DAY_MS });
  fc.assert(
    fc.property(
      fc.date({ min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true }),
      fc.constantFrom(...BILLING_INTERVALS),
      fc.integer({ min: 1, max: 3 }),
      fc.constantFrom(...PERIOD_ANCHORS),
      fc.array(offsets, { maxLength: 3 }),
      fc.integer({ min: 0, max: 3 }),
      (start, interval, intervalCount, anchor, moves, index) => {
        const about = subscribed(start.toISOString(), { interval, intervalCount }, anchor);
        const { plan } = about.phases[0]!;
        const later = moves.sort((a, b) => a - b).map((offset, nth) => ({
          fromAt: new Date(start.getTime() + offset),
          plan: { ...plan, id: `later-${nth}` },
          moveId: 'move',
        })); // prettier-ignore
        const moved = { ...about, phases: [...about.phases, ...later] };
        const period = billingPeriod(anchorOf(moved), index);
        const whole = wholePeriod(anchorOf(moved), index);

        const segments = segmentsOf(moved, period);
        const length = whole.end.getTime() - whole.start.getTime();
        const parts = segments.map(({ share }) => (share.part / share.whole) * length);
        const sum = parts.reduce((all, part) => all + part, 0);
        expect(sum).toBeCloseTo(period.end.getTime() - period.start.getTime(), 3);
      },
    ),
  );
});
