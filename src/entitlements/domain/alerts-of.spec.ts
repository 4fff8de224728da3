import { alertsOf, forecastOf } from './alerts-of';
import type { Cap } from './cap';
import { newCounter } from './counter';

const DAY_MICROS = 86_400_000_000;
const cap = (more: Partial<Cap> = {}): Cap => ({
  id: 'cap-1', key: 'cap', name: 'cap', setBy: 'vendor', scope: { customer: 'a' }, each: ['session'], measure: 'cost',
  currency: 'USD', meterId: null, period: 'day', rollingSeconds: null, kind: 'hard', models: [], limit: 100n, raises: [],
  thresholds: [50, 80, 100], forecast: false, fromBatch: 0, active: true, ...more,
}); // prettier-ignore
const begun = (of: Cap) => newCounter({ id: 'c', cap: of, eachValues: ['s'], period: { start: 0, end: of.rollingSeconds === null ? DAY_MICROS : null } }); // prettier-ignore
const at = (hours: number): Date => new Date(hours * 3_600_000);

it.each`
  before | after   | limit   | told                   | because
  ${0n}  | ${49n}  | ${100n} | ${[]}                  | ${'not half yet'}
  ${49n} | ${50n}  | ${100n} | ${['50']}              | ${'exactly half is half'}
  ${0n}  | ${100n} | ${100n} | ${['50', '80', '100']} | ${'all at once'}
  ${0n}  | ${0n}   | ${0n}   | ${[]}                  | ${'nothing used of nothing'}
  ${0n}  | ${1n}   | ${0n}   | ${['50', '80', '100']} | ${'anything is too much of nothing'}
`('from $before to $after of $limit: $because', ({ before, after, limit, told }) => {
  const counter = begun(cap());
  const move = { before, after, limit };
  expect(alertsOf(cap(), counter, move, at(1)).map(({ detail }) => detail['threshold'])).toEqual(told);
  expect(alertsOf(cap(), counter, move, at(2))).toEqual([]);
});

it('tells whose it is, and nothing of a cap that is still being filled', () => {
  const move = { before: 0n, after: 60n, limit: 100n };
  expect(alertsOf(cap(), begun(cap()), move, at(1))).toMatchObject([{ subject: 'c 50', customerId: 'a', capId: 'cap-1', session: 's' }]); // prettier-ignore
  expect(alertsOf(cap({ active: false }), begun(cap()), move, at(1))).toEqual([]);
});

it('a rolling window may pass a threshold again once it has fallen below, as another alert after its length', () => {
  const rolling = cap({ rollingSeconds: 3_600, thresholds: [50] });
  const counter = begun(rolling);
  const tell = (before: bigint, after: bigint, hours: number) =>
    alertsOf(rolling, counter, { before, after, limit: 100n }, at(hours)).map(({ subject }) => subject);
  expect(tell(0n, 60n, 10)).toEqual(['c 50 10']);
  expect(tell(60n, 70n, 10.1)).toEqual([]);
  expect(tell(20n, 55n, 12)).toEqual(['c 50 12']);
});

it('foretells by the rate since the period began: 30 in six of 24 hours are 120 at its end', () => {
  expect(forecastOf(begun(cap()), 30n, at(6))).toBe(120n);
  expect(forecastOf(begun(cap()), 30n, at(24))).toBe(30n);
  expect(forecastOf(begun(cap({ rollingSeconds: 60 })), 30n, at(6))).toBeNull();
  const foretelling = cap({ thresholds: [], forecast: true });
  const tell = (before: bigint, after: bigint, hours: number) =>
    alertsOf(foretelling, begun(foretelling), { before, after, limit: 100n }, at(hours)).map(({ kind }) => kind);
  expect(tell(0n, 24n, 1)).toEqual([]); // too little used to tell
  expect(tell(20n, 25n, 6)).toEqual([]); // 100 is not more than 100
  expect(tell(25n, 26n, 6)).toEqual(['forecast']);
  expect(tell(26n, 27n, 6)).toEqual([]); // told when it began
});
