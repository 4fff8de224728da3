import { Decimal, InvariantError, sum, type Period } from '../../kernel';
import type { OutcomeCharge } from '../../catalog/domain';
import { chargeOutcome } from './charge-outcome';
import type { OutcomeEvent } from './usage';

const d = (text: string): Decimal => new Decimal(text);
const JUNE: Period = { start: new Date('2026-06-01T00:00Z'), end: new Date('2026-07-01T00:00Z') };

const TICKETS: OutcomeCharge = {
  model: 'outcome',
  prices: [
    { type: 'resolved', unitPrice: d('0.99') },
    { type: 'booked', unitPrice: d('5') },
  ],
  success: [{ field: 'data.ok', equals: true }],
};

/** `12 T resolved` is a success on 12 June, `fail` a failed attempt, `undo` a reversal. */
const events = (...texts: string[]): OutcomeEvent[] =>
  texts.map((text, index) => {
    const [day = '', task = '', what = ''] = text.split(' ');
    const isOutcome = what !== 'fail' && what !== 'undo';
    return {
      key: String(index).padStart(3, '0'),
      id: text,
      time: (JUNE.start.getTime() + (Number(day) - 1) * 86_400_000) * 1_000,
      task,
      type: isOutcome ? what : null,
      success: isOutcome,
      reversal: what === 'undo',
    };
  });

const told = (rest: Partial<OutcomeCharge>, of: string[], cost = '0'): string[] =>
  chargeOutcome(
    { ...TICKETS, ...rest },
    { outcomes: events(...of), floorCost: { cost: d(cost), pendingEvents: 0 } },
    JUNE,
  ).map(({ description, amount }) => `${description} = ${amount.toFixed()}`);

const TRIES = { attemptPrice: d('0.10'), failurePrice: d('0.02') };

it.each`
  of                                                                  | rest                                        | expected                                                                                                                  | because
  ${[]}                                                               | ${TRIES}                                    | ${[]}                                                                                                                     | ${'nothing happened, nothing is charged'}
  ${['1 a fail', '2 b fail']}                                         | ${{}}                                       | ${[]}                                                                                                                     | ${'failures are free, unless they have a price'}
  ${['1 a fail', '2 a fail', '3 a resolved', '4 b fail', '5 b fail']} | ${{ attemptPrice: d('0.10') }}              | ${['resolved: billed once for each task = 0.99', 'Attempts, whatever came of them = 0.5']}                                | ${'0.99 + 5 × 0.10 = 1.49'}
  ${['1 a fail', '3 a resolved']}                                     | ${TRIES}                                    | ${['resolved: billed once for each task = 0.99', 'Attempts, whatever came of them = 0.2', 'Attempts that failed = 0.02']} | ${'a failure pays for the attempt, and for failing'}
  ${['1 a booked', '2 b resolved', '3 c booked']}                     | ${{}}                                       | ${['resolved: billed once for each task = 0.99', 'booked: billed once for each task = 10']}                               | ${'in the order of the prices'}
  ${['1 a refund', '2 b upsell', '3 c booked']}                       | ${{ otherwise: d('1') }}                    | ${['booked: billed once for each task = 5', 'Other outcomes: billed once for each task = 2']}                             | ${'others have one row'}
  ${['1 a refund']}                                                   | ${{}}                                       | ${[]}                                                                                                                     | ${'and none where they have no price'}
  ${['1 a resolved', '2 a resolved']}                                 | ${{}}                                       | ${['resolved: billed once for each task = 0.99', 'Successes of tasks that were billed in the same period = 0']}           | ${'the second is told, and free'}
  ${['1 a resolved', '3 a undo']}                                     | ${{}}                                       | ${['resolved: billed once for each task = 0.99', 'resolved: taken back, and credited = -0.99']}                           | ${'charged and credited'}
  ${['-5 a booked', '3 a undo']}                                      | ${{}}                                       | ${['booked: taken back, and credited = -5']}                                                                              | ${'a credit alone is below zero'}
  ${['1 a resolved', '3 a undo']}                                     | ${{ disputeHours: 24 }}                     | ${['resolved: billed once for each task = 0.99', 'Reversals that came too late, or had nothing to take back = 0']}        | ${'too late'}
  ${['1 a resolved', '1 a undo']}                                     | ${{ confirmationHours: 24 }}                | ${['Successes taken back before they counted = 0']}                                                                       | ${'never charged'}
  ${['30 a resolved']}                                                | ${{ confirmationHours: 24 }}                | ${['Successes that wait for their confirmation and count later = 0']}                                                     | ${'charged in July'}
  ${['1 a resolved', '5 a resolved']}                                 | ${{ window: { hours: 24 }, maxPerTask: 1 }} | ${['resolved: billed once for each task = 0.99', 'Successes beyond the 1 that a task is billed for in a period = 0']}     | ${'the cap'}
`('$of: $because', ({ of, rest, expected }) => {
  expect(told(rest, of)).toEqual(expected);
});

describe('a floor of the cost', () => {
  const FLOOR = { costFloor: { factor: d('1.25') } };

  it.each`
    of                             | cost       | expected                                                                                                   | because
    ${['1 a resolved']}            | ${'0.5'}   | ${['resolved: billed once for each task = 0.99']}                                                          | ${'0.625 is below what is charged'}
    ${['1 a resolved']}            | ${'0.792'} | ${['resolved: billed once for each task = 0.99']}                                                          | ${'the floor itself'}
    ${['1 a resolved']}            | ${'4'}     | ${['resolved: billed once for each task = 0.99', 'Raised to 5, at least 1.25 times the cost of 4 = 4.01']} | ${'4 × 1.25 = 5'}
    ${['1 a fail']}                | ${'4'}     | ${['Raised to 5, at least 1.25 times the cost of 4 = 5']}                                                  | ${'a month of failures costs its floor'}
    ${[]}                          | ${'0'}     | ${[]}                                                                                                      | ${'nothing spent'}
    ${['-5 a booked', '3 a undo']} | ${'4'}     | ${['Raised to 5, at least 1.25 times the cost of 4 = 5', 'booked: taken back, and credited = -5']}         | ${'credits are outside of it'}
  `('$of at a cost of $cost: $because', ({ of, cost, expected }) => {
    expect(told(FLOOR, of, cost)).toEqual(expected);
  });

  it('needs the cost', () => {
    expect(() => chargeOutcome({ ...TICKETS, ...FLOOR }, { outcomes: [] }, JUNE)).toThrow(InvariantError);
  });
});

it('needs the attempts', () => {
  expect(() => chargeOutcome(TICKETS, {}, JUNE)).toThrow(InvariantError);
});

it('counts a million tasks to the cent', () => {
  const many = Array.from({ length: 1_000_000 }, (_, index): OutcomeEvent => ({
    key: String(index),
    id: String(index),
    time: JUNE.start.getTime() * 1_000 + index,
    task: `t${index}`,
    type: 'resolved',
    success: true,
    reversal: false,
  }));
  const rows = chargeOutcome(TICKETS, { outcomes: many }, JUNE);
  expect(sum(rows.map(({ amount }) => amount)).toFixed()).toBe('990000');
});

it('says quantity × unit price in every row', () => {
  const rows = chargeOutcome(
    { ...TICKETS, ...TRIES },
    { outcomes: events('1 a fail', '2 a resolved', '3 a undo', '4 b booked') },
    JUNE,
  );
  for (const row of rows) expect(row.quantity.times(row.unitPrice!)).toEqual(row.amount);
  expect(rows.map(({ kind, quantity }) => `${kind} ${quantity.toFixed()}`)).toEqual([
    'outcome 1',
    'outcome 1',
    'attempt 3',
    'failure 1',
    'credit 1',
  ]);
});
