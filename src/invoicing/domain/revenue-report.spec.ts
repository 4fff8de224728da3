import { Decimal } from '../../kernel';
import { type BookedMonth, monthsOf, revenueReport } from '.';

/** `month: earned, taken back; added, released` */
function booked(text: string, currency = 'USD'): BookedMonth {
  const [, month = '', ...amounts] = /^(\S+): (\S+), (\S+); (\S+), (\S+)$/.exec(text)!;
  const [revenueCredits, revenueDebits, deferredCredits, deferredDebits] = amounts.map((each) => new Decimal(each)) as [
    Decimal,
    Decimal,
    Decimal,
    Decimal,
  ];
  return { currency, month, revenueCredits, revenueDebits, deferredCredits, deferredDebits };
}

const scheduled = (month: string, amount: string, currency = 'USD') => ({ currency, month, amount: new Decimal(amount) }); // prettier-ignore

it('a year ahead, and a credit note over half of what is left', () => {
  const [usd] = revenueReport(
    [
      booked('2025-12: 7, 0; 0, 0'),
      booked('2026-01: 101.92, 0; 1098.08, 0'),
      booked('2026-02: 92.05, 0; 0, 92.05'),
      booked('2026-03: 101.92, 10; 0, 601.92'),
    ],
    [scheduled('2026-05', '98.63'), scheduled('2026-06', '300')],
    '2026-01',
    '2026-05',
  );
  const shown = usd!.months.map((each) => Object.values(each).map((value) => (typeof value === 'string' ? value : value.toFixed(2))).join(' ')); // prettier-ignore
  expect(shown).toEqual([
    '2026-01 101.92 1098.08 0.00 1098.08 0.00',
    '2026-02 92.05 0.00 92.05 1006.03 0.00',
    '2026-03 91.92 0.00 601.92 404.11 0.00',
    '2026-04 0.00 0.00 0.00 404.11 0.00',
    '2026-05 0.00 0.00 0.00 404.11 98.63',
  ]);
  expect(usd!.scheduledLater.toFixed(2)).toBe('300.00');
});

it('what was deferred before the report is still there, and currencies are apart', () => {
  const report = revenueReport(
    [booked('2025-06: 1, 0; 50, 0'), booked('2025-09: 5, 0; 0, 5'), booked('2026-01: 9, 0; 0, 0', 'EUR')],
    [scheduled('2026-03', '1', 'JPY')],
    '2026-01',
    '2026-01',
  );
  expect(
    report.map(({ currency, months }) => [currency, months[0]!.deferred.toFixed(), months[0]!.recognised.toFixed()]),
  ).toEqual([
    ['EUR', '0', '9'],
    ['JPY', '0', '0'],
    ['USD', '45', '0'],
  ]);
});

it.each`
  from         | to           | months
  ${'2026-01'} | ${'2026-01'} | ${['2026-01']}
  ${'2025-11'} | ${'2026-02'} | ${['2025-11', '2025-12', '2026-01', '2026-02']}
  ${'2026-02'} | ${'2026-01'} | ${[]}
`('from $from to $to', ({ from, to, months }) => {
  expect(monthsOf(from, to)).toEqual(months);
});
