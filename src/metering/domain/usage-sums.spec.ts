import fc from 'fast-check';
import { ALL_EVENTS_METER_ID, type Meter } from '../../catalog/domain';
import { scaledText } from '../../kernel';
import { compileMeter, type MeteredEvent } from './compile-meter';
import { HOUR_MICROS, meteringProblem, metersByType, UsageSums } from './usage-sums';

const base: Meter = {
  id: 'requests',
  key: 'requests',
  name: 'Requests',
  eventType: 'llm.request',
  aggregation: 'count',
  valueField: null,
  timeUnit: null,
  filters: [],
  groupBy: [],
};
const METERS = metersByType(
  [
    base,
    { ...base, id: 'tokens', key: 'tokens', aggregation: 'sum' as const, valueField: 'data.tokens', groupBy: ['feature'] },
    { ...base, id: 'small', key: 'small', filters: [{ field: 'data.tokens', operator: 'less_than' as const, value: 10 }] },
    { ...base, id: 'others', key: 'others', eventType: 'other' },
  ].map(compileMeter),
); // prettier-ignore

interface Fact {
  customer: string;
  time: number;
  event: MeteredEvent;
  cost: { amount: bigint | null; pending: boolean };
}

function event(data: Record<string, unknown> | null, changes: Partial<MeteredEvent> = {}): MeteredEvent {
  const nobody = {
    session: null,
    task: null,
    agent: null,
    feature: null,
    department: null,
    user: null,
    parent: null,
    step: null,
  };
  return { type: 'llm.request', source: 'api', ...nobody, data, ...changes };
}

function sumsOf(facts: readonly Fact[]): string[] {
  const sums = new UsageSums();
  for (const { customer, time, event: each, cost } of facts) sums.add(customer, time, 'key', each, METERS, cost);
  return lines(sums);
}

/** One line for each sum, sorted, so that two sets of sums can be compared. */
function lines(sums: UsageSums): string[] {
  return sums
    .all()
    .map(
      ({ customerId, meterId, hour, dimensions, quantity, cost, events, pendingEvents }) =>
        `${customerId} ${meterId} ${hour / HOUR_MICROS} ${dimensions}: ${scaledText(quantity)} for ${scaledText(cost)}, ${events} (${pendingEvents})`,
    )
    .sort();
}

const FREE = { amount: null, pending: false };
const ONE_CENT = { amount: 10n ** 22n, pending: false };
const UNKNOWN = { amount: null, pending: true };

describe('an event', () => {
  it('counts in its hour: for the built-in meter, and for each meter of its type whose filters hold', () => {
    const time = 5 * HOUR_MICROS + 1;
    const chat = { feature: 'chat' };
    expect(sumsOf([{ customer: 'ada', time, event: event({ tokens: '2.5' }, chat), cost: ONE_CENT }])).toEqual([
      `ada ${ALL_EVENTS_METER_ID} 5 : 1 for 0.01, 1 (0)`,
      'ada requests 5 : 1 for 0.01, 1 (0)',
      'ada small 5 : 1 for 0.01, 1 (0)',
      'ada tokens 5 ["chat"]: 2.5 for 0.01, 1 (0)',
    ]);
  });

  it.each`
    time               | hour  | because
    ${0}               | ${0}  | ${'1970 begins an hour'}
    ${HOUR_MICROS - 1} | ${0}  | ${'the last microsecond of an hour'}
    ${HOUR_MICROS}     | ${1}  | ${'an hour begins on the hour'}
    ${-1}              | ${-1} | ${'before 1970 hours begin earlier, too'}
  `('at $time is in hour $hour: $because', ({ time, hour }) => {
    expect(sumsOf([{ customer: 'ada', time, event: event(null, { type: 'unmetered' }), cost: FREE }])).toEqual([
      `ada ${ALL_EVENTS_METER_ID} ${hour} : 1 for 0, 1 (0)`,
    ]);
  });

  it('without the value is not counted by a sum, and one without a known cost is counted as pending', () => {
    expect(sumsOf([{ customer: 'ada', time: 0, event: event({}), cost: UNKNOWN }])).toEqual([
      `ada ${ALL_EVENTS_METER_ID} 0 : 1 for 0, 1 (1)`,
      'ada requests 0 : 1 for 0, 1 (1)',
    ]);
  });
});

describe('meteringProblem', () => {
  it.each`
    tokens               | refused  | because
    ${7}                 | ${false} | ${'a number'}
    ${0}                 | ${false} | ${'zero is a quantity'}
    ${'0.000000000001'}  | ${false} | ${'twelve decimals'}
    ${0.0000001}         | ${false} | ${'a JSON number that JavaScript prints as 1e-7'}
    ${'999999999999999'} | ${false} | ${'fifteen digits'}
    ${undefined}         | ${false} | ${'nothing to sum'}
    ${null}              | ${false} | ${'nothing to sum'}
    ${-1}                | ${true}  | ${'less than nothing'}
    ${'-0.5'}            | ${true}  | ${'less than nothing, as text'}
    ${1e15}              | ${true}  | ${'sixteen digits'}
    ${'0.0000000000001'} | ${true}  | ${'thirteen decimals'}
    ${'1e3'}             | ${true}  | ${'an exponent'}
    ${'many'}            | ${true}  | ${'no number'}
    ${''}                | ${true}  | ${'the empty text is not zero'}
    ${true}              | ${true}  | ${'no number'}
    ${[1]}               | ${true}  | ${'a list'}
    ${{ amount: 1 }}     | ${true}  | ${'an object'}
  `('of tokens $tokens: $because', ({ tokens, refused }) => {
    const problem = meteringProblem(event({ tokens }), METERS);
    if (refused) expect(problem).toMatchObject({ code: 'invalid_event', field: 'data.tokens' });
    else expect(problem).toBeNull();
  });

  it('is none for a type or a field that no meter sums', () => {
    expect(meteringProblem(event({ tokens: 'many' }, { type: 'other' }), METERS)).toBeNull();
    expect(meteringProblem(event({ other: 'many' }), METERS)).toBeNull();
  });
});

const fact: fc.Arbitrary<Fact> = fc.record({
  customer: fc.constantFrom('ada', 'ben'),
  time: fc.integer({ min: 0, max: 6 * HOUR_MICROS }),
  event: fc
    .record({
      type: fc.constantFrom('llm.request', 'other', 'unmetered'),
      feature: fc.constantFrom('chat', 'search', null),
      tokens: fc.constantFrom(0, 1, 9, 10, 3_000, '0.000000000001', '999999999999999', undefined),
    })
    .map(({ type, feature, tokens }) => event({ tokens }, { type, feature })),
  cost: fc.oneof(
    fc.bigInt({ min: 0n, max: 10n ** 30n }).map((amount) => ({ amount, pending: false })),
    fc.constantFrom(FREE, UNKNOWN),
  ),
});

describe('sums', () => {
  it('do not depend on the order of the events', () => {
    const shuffled = fc
      .array(fact, { maxLength: 40 })
      .chain((facts) => fc.tuple(fc.constant(facts), fc.shuffledSubarray(facts, { minLength: facts.length })));
    fc.assert(fc.property(shuffled, ([facts, others]) => expect(sumsOf(others)).toEqual(sumsOf(facts))));
  });

  it('of two parts add up to the sums of the whole', () => {
    fc.assert(
      fc.property(fc.array(fact, { maxLength: 40 }), fc.nat(40), (facts, cut) => {
        const total = new Map<string, bigint[]>();
        for (const part of [facts.slice(0, cut), facts.slice(cut)]) {
          const sums = new UsageSums();
          for (const { customer, time, event: each, cost } of part) sums.add(customer, time, 'key', each, METERS, cost);
          for (const sum of sums.all()) {
            const key = [sum.customerId, sum.meterId, sum.hour, sum.dimensions].join('|');
            const [quantity = 0n, cost = 0n, events = 0n, pending = 0n] = total.get(key) ?? [];
            total.set(key, [quantity + sum.quantity, cost + sum.cost, events + BigInt(sum.events), pending + BigInt(sum.pendingEvents)]); // prettier-ignore
          }
        }
        const whole = new UsageSums();
        for (const { customer, time, event: each, cost } of facts) whole.add(customer, time, 'key', each, METERS, cost);
        expect(total.size).toBe(whole.all().length);
        for (const sum of whole.all()) {
          const key = [sum.customerId, sum.meterId, sum.hour, sum.dimensions].join('|');
          expect(total.get(key)).toEqual([sum.quantity, sum.cost, BigInt(sum.events), BigInt(sum.pendingEvents)]);
        }
      }),
    );
  });
});
