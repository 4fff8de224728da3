import { RefCustomer, type RefPlan, type Settle } from './billing-reference';

/** The reference is held against figures that were worked by hand, so that what it judges by is judged itself. */
const at = (text: string): number => Date.parse(text.includes('T') ? `${text}Z` : `${text}T00:00Z`);

const fee = (base: string, more: Partial<RefPlan> = {}): RefPlan => ({
  key: base,
  interval: 'month',
  proration: 'second',
  ahead: 1,
  base,
  seatPrice: '0',
  seats: '1',
  callPrice: '0.1',
  allowance: '100',
  ...more,
});

function customer(start: string, plan: RefPlan): RefCustomer {
  const one = new RefCustomer('UTC', 2, '0', at(start));
  one.subscribe('main', plan, false, false);
  return one;
}

/** `base 04-16 05-01 -1500` for each line that isn't nothing, by invoice. */
const told = ({ invoices }: RefCustomer): string[][] =>
  invoices.map(({ lines }) =>
    lines
      .filter(({ amount }) => amount !== 0n)
      .map(({ key, from, to, amount }) => `${key} ${day(from)} ${day(to)} ${amount}`),
  );
const day = (instant: number): string => new Date(instant).toISOString().slice(5, 10);

it.each([
  ['second', ['base 04-16 05-01 -1450', 'base 04-16 05-01 2900', 'base 05-01 06-01 6000']],
  ['day', ['base 04-16 05-01 -1500', 'base 04-16 05-01 3000', 'base 05-01 06-01 6000']],
  ['none', ['base 05-01 06-01 6000']],
] as const)('30.00 become 60.00 on 16 April at noon, by %s', (proration, lines) => {
  const one = customer('2026-04-01', fee('30', { proration }));
  one.advance(at('2026-04-16T12:00'));
  one.changePlan(one.subscriptions[0]!, fee('60', { proration }), 'now');
  one.advance(at('2026-05-01'));
  expect(told(one)).toEqual([['base 04-01 05-01 3000'], lines]);
});

it('a year of 1,200.00 that is cancelled after 181 of 365 days', () => {
  const one = customer('2026-01-01', fee('1200', { ahead: 12 }));
  one.advance(at('2026-06-20'));
  one.subscriptions[0]!.cycles[0]!.ending = {
    endAt: at('2026-07-01'),
    cancelledAt: one.now,
    settle: 'invoice_and_credit',
  };
  one.advance(at('2026-08-01'));
  expect(told(one).flat()).toEqual(['base 01-01 01-01 120000', 'base 07-01 01-01 -60493']);
  expect(one.invoices).toHaveLength(7);
  expect(one.credit).toBe(60_493n);
});

it('a pause from 11 April to 21 May', () => {
  const one = customer('2026-04-01', fee('30'));
  one.advance(at('2026-04-11'));
  one.pause(one.subscriptions[0]!, 'nothing');
  one.events.push({ id: 'free', at: at('2026-04-20'), calls: 900, isVoid: false });
  one.advance(at('2026-05-21'));
  one.resume(one.subscriptions[0]!);
  one.advance(at('2026-06-02'));
  expect(told(one)).toEqual([
    ['base 04-01 05-01 3000'],
    ['base 04-11 05-01 -2000'],
    ['base 05-21 06-01 1065', 'base 06-01 07-01 3000'],
  ]);
  expect(one.invoices.map(({ creditApplied }) => creditApplied)).toEqual([0n, 0n, 2000n]);
});

it.each([
  ['invoice', [['base 04-01 05-01 3000'], ['calls 04-01 04-16 300']]],
  ['invoice_and_credit', [['base 04-01 05-01 3000'], ['base 04-16 05-01 -1500', 'calls 04-01 04-16 300']]],
  ['nothing', [['base 04-01 05-01 3000']]],
] as const)('cancelled on 16 April, %s, and back on the 20th', (settle: Settle, invoices) => {
  const one = customer('2026-04-01', fee('30'));
  one.advance(at('2026-04-10'));
  one.events.push({ id: 'one', at: one.now, calls: 80, isVoid: false });
  one.advance(at('2026-04-16'));
  one.cancel(one.subscriptions[0]!, 'now', settle);
  one.advance(at('2026-04-20'));
  one.reactivate(one.subscriptions[0]!);
  one.advance(at('2026-05-22'));
  expect(told(one)).toEqual([...invoices, ['base 04-20 05-20 3000'], ['base 05-20 06-20 3000']]);
});

it('ended in a pause on 16 April, and back on the 20th: in use from then on, and nothing is asked for the time between', () => {
  const one = customer('2026-04-01', fee('30'));
  one.advance(at('2026-04-11'));
  one.pause(one.subscriptions[0]!, 'nothing');
  one.advance(at('2026-04-16'));
  one.cancel(one.subscriptions[0]!, 'now', 'invoice');
  one.advance(at('2026-04-20'));
  one.reactivate(one.subscriptions[0]!);
  one.advance(at('2026-05-22'));
  expect(told(one)).toEqual([
    ['base 04-01 05-01 3000'],
    ['base 04-11 05-01 -2000'],
    ['base 04-20 05-20 3000'],
    ['base 05-20 06-20 3000'],
  ]);
});

it('late calls of two months, each by the allowance of its own', () => {
  const one = customer('2026-01-31', fee('30', { ahead: 0 }));
  one.advance(at('2026-03-05'));
  one.events.push({ id: 'late', at: at('2026-02-01'), calls: 130, isVoid: false });
  one.advance(at('2026-04-02'));
  expect(told(one)).toEqual([['base 01-31 02-28 3000'], ['base 02-28 03-31 3000', 'calls 01-31 02-28 300']]);
});

it('a voided invoice is taken back for good; issued anew it says what is right now', () => {
  const one = customer('2026-04-01', fee('30'));
  one.advance(at('2026-04-03'));
  one.void(one.invoices[0]!);
  one.advance(at('2026-05-03'));
  expect(told(one)).toEqual([['base 04-01 05-01 3000'], ['base 05-01 06-01 3000']]);
  one.events.push({ id: 'late', at: at('2026-04-20'), calls: 120, isVoid: false });
  one.finalize(one.reissue(one.invoices[1]!));
  expect(told(one)[2]).toEqual(['base 05-01 06-01 3000', 'calls 04-01 05-01 200']);
});

it('months of the 31st, weeks by the calendar and an hour that is lost', () => {
  const berlin = new RefCustomer('Europe/Berlin', 2, '0', Date.parse('2024-01-30T23:00Z'));
  berlin.subscribe('months', fee('31'), false, false);
  berlin.advance(Date.parse('2024-04-01T00:00Z'));
  const starts = berlin.invoices.flatMap(({ lines }) => lines.filter(({ key }) => key === 'base')).map(({ from }) => new Date(from).toISOString()); // prettier-ignore
  expect(starts).toEqual(['2024-01-30T23:00:00.000Z', '2024-02-28T23:00:00.000Z', '2024-03-30T23:00:00.000Z']);
  const weeks = new RefCustomer('UTC', 2, '0', at('2024-02-21'));
  weeks.subscribe('weeks', fee('7', { interval: 'week' }), true, false);
  weeks.advance(at('2024-02-27'));
  expect(told(weeks)).toEqual([['base 02-21 02-26 500'], ['base 02-26 03-04 700']]);
});
