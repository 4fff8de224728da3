import fc from 'fast-check';
import { addLocalDays, Decimal, instantOfLocal, localTimeOf, sum } from '../../kernel';
import { deferRevenue, totalDeferred } from '.';

/** `2026-04-16` or `2026-04-16T12:00`, as the clock on the wall of the zone shows it. */
function local(text: string, timeZone: string): Date {
  const [date = '', time = '00:00'] = text.split('T');
  const [hours, minutes] = time.split(':').map(Number) as [number, number];
  return instantOfLocal(date, hours * 60 + minutes, timeZone);
}

it.each`
  net         | currency | from                  | to                    | issued                | zone                  | earned     | later                         | because
  ${'10.00'}  | ${'USD'} | ${'2026-01-15'}       | ${'2026-02-15'}       | ${'2026-01-15'}       | ${'UTC'}              | ${'5.48'}  | ${'2026-02 4.52'}             | ${'17 of 31 days are in January'}
  ${'10.00'}  | ${'USD'} | ${'2026-01-15'}       | ${'2026-02-15'}       | ${'2026-02-01'}       | ${'UTC'}              | ${'10'}    | ${''}                         | ${'the month of issue and those before are earned'}
  ${'10.00'}  | ${'USD'} | ${'2026-01-01'}       | ${'2026-02-01'}       | ${'2026-01-01'}       | ${'UTC'}              | ${'10'}    | ${''}                         | ${'the end of a service is not a day of it'}
  ${'30.00'}  | ${'USD'} | ${'2026-02-01'}       | ${'2026-03-01'}       | ${'2026-01-20'}       | ${'UTC'}              | ${'0'}     | ${'2026-02 30'}               | ${'all of it is still to come'}
  ${'90.00'}  | ${'USD'} | ${'2026-01-01'}       | ${'2026-04-01'}       | ${'2026-02-10'}       | ${'UTC'}              | ${'59'}    | ${'2026-03 31'}               | ${'January 31 days and February 28 are earned'}
  ${'-90.00'} | ${'USD'} | ${'2026-01-01'}       | ${'2026-04-01'}       | ${'2026-01-10'}       | ${'UTC'}              | ${'-31'}   | ${'2026-02 -28, 2026-03 -31'} | ${'what is given back is taken off its months'}
  ${'100'}    | ${'JPY'} | ${'2026-01-31'}       | ${'2026-03-02'}       | ${'2026-01-31'}       | ${'Asia/Tokyo'}       | ${'4'}     | ${'2026-02 93, 2026-03 3'}    | ${'1, 28 and 1 of 30 days in whole yen: all remainders are a third, so the first has the yen that is over'}
  ${'1.000'}  | ${'KWD'} | ${'2026-01-31'}       | ${'2026-02-03'}       | ${'2026-01-31'}       | ${'Asia/Kuwait'}      | ${'0.333'} | ${'2026-02 0.667'}            | ${'a third to three decimals'}
  ${'0.01'}   | ${'USD'} | ${'2026-01-01'}       | ${'2026-04-01'}       | ${'2026-01-01'}       | ${'UTC'}              | ${'0.01'}  | ${''}                         | ${'one cent is earned by one month, the first of the longest'}
  ${'2.00'}   | ${'USD'} | ${'2026-01-31T12:00'} | ${'2026-02-01T12:00'} | ${'2026-01-31T12:00'} | ${'UTC'}              | ${'2'}     | ${''}                         | ${'a day belongs to the service that begins on it'}
  ${'2.00'}   | ${'USD'} | ${'2026-02-01T10:00'} | ${'2026-02-01T12:00'} | ${'2026-01-31T12:00'} | ${'UTC'}              | ${'0'}     | ${'2026-02 2'}                | ${'two hours are of their day'}
  ${'31.00'}  | ${'USD'} | ${'2026-03-15'}       | ${'2026-04-15'}       | ${'2026-03-15'}       | ${'Europe/Berlin'}    | ${'17'}    | ${'2026-04 14'}               | ${'a day of 23 hours is a day'}
  ${'30.00'}  | ${'USD'} | ${'2026-04-01'}       | ${'2026-05-01'}       | ${'2026-03-31T23:30'} | ${'Pacific/Auckland'} | ${'0'}     | ${'2026-04 30'}               | ${'it is issued half an hour before April begins, there'}
  ${'0'}      | ${'USD'} | ${'2026-01-01'}       | ${'2027-01-01'}       | ${'2026-01-01'}       | ${'UTC'}              | ${'0'}     | ${''}                         | ${'nothing is nothing in every month'}
`(
  '$net $currency for $from to $to, issued $issued: $because',
  ({ net, currency, from, to, issued, zone, earned, later }) => {
    const service = { start: local(from, zone), end: local(to, zone) };
    const deferred = deferRevenue(new Decimal(net), service, local(issued, zone), zone, currency);
    expect(deferred.earned.toFixed()).toBe(earned);
    expect(deferred.later.map(({ month, amount }) => `${month} ${amount.toFixed()}`).join(', ')).toBe(later);
  },
);

it('1,200.00 for a year from 15 January: each month by its days', () => {
  const service = { start: local('2026-01-15', 'Europe/Berlin'), end: local('2027-01-15', 'Europe/Berlin') };
  const { earned, later } = deferRevenue(new Decimal(1200), service, service.start, 'Europe/Berlin', 'EUR');
  expect(earned.toFixed(2)).toBe('55.89');
  // 1200 × days ÷ 365: 17 days 55.8904…, 28 days 92.0547…, 31 days 101.9178…, 30 days 98.6301…, 14 days 46.0273…
  // Rounded down they are 0.06 short of 1,200.00, which go to the largest remainders: the six months of 31 days.
  expect(later.map(({ month, amount }) => `${month} ${amount.toFixed(2)}`)).toEqual([
    '2026-02 92.05',
    '2026-03 101.92',
    '2026-04 98.63',
    '2026-05 101.92',
    '2026-06 98.63',
    '2026-07 101.92',
    '2026-08 101.92',
    '2026-09 98.63',
    '2026-10 101.92',
    '2026-11 98.63',
    '2026-12 101.92',
    '2027-01 46.02',
  ]);
  expect(totalDeferred([{ earned, later }]).deferred.toFixed(2)).toBe('1144.11');
  expect(later[1]!.recogniseAt.toISOString()).toBe('2026-02-28T23:00:00.000Z');
  expect(later[2]!.recogniseAt.toISOString()).toBe('2026-03-31T22:00:00.000Z');
});

const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/Sao_Paulo', 'Pacific/Auckland', 'America/St_Johns');
const currency = fc.constantFrom(['USD', 2] as const, ['JPY', 0] as const, ['KWD', 3] as const);
const minutes = (from: string, to: string) =>
  fc.integer({ min: Date.parse(from) / 60_000, max: Date.parse(to) / 60_000 }).map((at) => new Date(at * 60_000));
const start = minutes('2025-11-01T00:00Z', '2026-06-01T00:00Z');
const lengthDays = fc.oneof(fc.constantFrom(1, 28, 30, 31, 365, 366, 730), fc.integer({ min: 1, max: 800 }));
const service = fc.record({ start, lengthDays, zone }).map((each) => ({
  zone: each.zone,
  period: { start: each.start, end: addLocalDays(each.start, each.lengthDays, each.zone) },
}));
const net = fc.record({ units: fc.integer({ min: -5_000_000, max: 5_000_000 }), currency });

it('months add up to the line; each is within a minor unit of its days; later ones are after the month of issue', () => {
  fc.assert(
    fc.property(service, net, minutes('2025-10-01T00:00Z', '2027-12-01T00:00Z'), (about, amount, issuedAt) => {
      const [code, decimals] = amount.currency;
      const whole = new Decimal(amount.units).times(new Decimal(10).pow(-decimals));
      const { earned, later } = deferRevenue(whole, about.period, issuedAt, about.zone, code);
      expect(earned.plus(sum(later.map((each) => each.amount))).equals(whole)).toBe(true);

      const first = Date.parse(localTimeOf(about.period.start, about.zone).date);
      const days = Math.round((Date.parse(localTimeOf(about.period.end, about.zone).date) - first) / 86_400_000);
      const issuedIn = localTimeOf(issuedAt, about.zone).date.slice(0, 7);
      for (const each of later) {
        expect(each.month > issuedIn).toBe(true);
        expect(each.recogniseAt > issuedAt).toBe(true);
        expect(each.amount.isZero()).toBe(false);
        const local = localTimeOf(each.recogniseAt, about.zone);
        expect(local.date).toBe(`${each.month}-01`);
        // Counted day by day, the long way.
        let inMonth = 0;
        for (let day = 0; day < days; day += 1) {
          const date = new Date(first + day * 86_400_000);
          if (date.toISOString().startsWith(each.month)) inMonth += 1;
        }
        const exact = whole.times(inMonth).dividedBy(days);
        const unit = new Decimal(10).pow(-decimals);
        expect(each.amount.minus(exact).abs().lessThan(unit)).toBe(true);
      }
    }),
    { numRuns: 200 },
  );
});

it('a line and the credit that takes it back are nothing in every month', () => {
  fc.assert(
    fc.property(service, net, (about, amount) => {
      const [code, decimals] = amount.currency;
      const whole = new Decimal(amount.units).times(new Decimal(10).pow(-decimals));
      const [there, back] = [whole, whole.negated()].map((each) =>
        deferRevenue(each, about.period, about.period.start, about.zone, code),
      );
      expect(back!.earned.plus(there!.earned).isZero()).toBe(true);
      expect(back!.later.map((each) => each.amount.negated().toFixed())).toEqual(
        there!.later.map((each) => each.amount.toFixed()),
      );
    }),
    { numRuns: 100 },
  );
});
