import fc from 'fast-check';
import { Decimal, decimalText, parseRfc3339 } from '../../kernel';
import { EventSchema } from '../event.schema';
import { DEEPEST_DATA, DEFAULT_SOURCE, type EventProblem, LARGEST_DATA, LONGEST, type UsageEvent } from './event';
import { isEventProblem, parseEvent } from './parse-event';

const LEAST = { id: 'e-1', type: 'llm.request', customer: 'acme' };

function accepted(value: unknown): UsageEvent {
  const parsed = parseEvent(value);
  if (isEventProblem(parsed)) throw new Error(`${parsed.field}: ${parsed.detail}`);
  return parsed;
}

function refused(value: unknown): EventProblem {
  const parsed = parseEvent(value);
  if (!isEventProblem(parsed)) throw new Error('The event was accepted.');
  return parsed;
}

it('reads the least there is', () => {
  const names = ['session', 'task', 'agent', 'feature', 'department', 'user', 'parent', 'hold', 'step'];
  const nobody = Object.fromEntries(names.map((name) => [name, null]));
  const expected = { ...LEAST, source: 'api', time: null, ...nobody, cost: null, data: null, dataText: null };
  expect(parseEvent(LEAST)).toEqual(expected);
  const nulls = { source: null, time: null, ...nobody, cost: null, data: null };
  expect(parseEvent({ ...LEAST, ...nulls })).toEqual(expected);
});

it('keeps what it reads', () => {
  const person = { department: 'd', user: 'u' };
  const who = {
    ...person,
    session: 's',
    task: 't',
    agent: 'a',
    feature: 'f',
    parent: 'task:p',
    hold: 'hld_1',
    step: 'retry',
  };
  const data = { provider: 'openai', nested: { list: [1, null, true] } };
  const cost = { amount: '0.0125', currency: 'EUR' };
  expect(parseEvent({ ...LEAST, ...who, source: 'app', time: '2026-11-21T09:30:00.250001Z', cost, data })).toEqual({
    ...LEAST,
    ...who,
    source: 'app',
    time: Date.UTC(2026, 10, 21, 9, 30) * 1_000 + 250_001,
    cost,
    data,
    dataText: '{"provider":"openai","nested":{"list":[1,null,true]}}',
  });
});

it.each`
  amount             | kept                 | because
  ${'0.10'}          | ${'0.10'}            | ${'text stays as it was sent'}
  ${0.1}             | ${'0.1'}             | ${'a number becomes its digits'}
  ${5e-7}            | ${'0.0000005'}       | ${'without the exponent that JavaScript prints'}
  ${1e-12}           | ${'0.000000000001'}  | ${'the smallest there is'}
  ${-0}              | ${'0'}               | ${'-0 is zero'}
  ${999999999999999} | ${'999999999999999'} | ${'the largest whole number'}
`('a cost of $amount: $because', ({ amount, kept }) => {
  expect(accepted({ ...LEAST, cost: { amount, currency: 'USD' } }).cost).toEqual({ amount: kept, currency: 'USD' });
});

it.each`
  value                                                                | field              | because
  ${null}                                                              | ${'event'}         | ${'null is an object to JavaScript only'}
  ${[]}                                                                | ${'event'}         | ${'so is a list'}
  ${'e'}                                                               | ${'event'}         | ${'text is not'}
  ${{}}                                                                | ${'id'}            | ${'the first field that is missing'}
  ${{ ...LEAST, ID: 'e' }}                                             | ${'ID'}            | ${'names are written in one way'}
  ${JSON.parse('{"id":"e","type":"t","customer":"c","__proto__":{}}')} | ${'__proto__'}     | ${'JSON can name its fields like that'}
  ${{ ...LEAST, id: 'x'.repeat(LONGEST.id + 1) }}                      | ${'id'}            | ${'one too many'}
  ${{ ...LEAST, type: 'x'.repeat(LONGEST.type + 1) }}                  | ${'type'}          | ${'types are shorter'}
  ${{ ...LEAST, cost: { amount: Infinity, currency: 'USD' } }}         | ${'cost.amount'}   | ${'no JSON says so'}
  ${{ ...LEAST, cost: { amount: NaN, currency: 'USD' } }}              | ${'cost.amount'}   | ${'nor so'}
  ${{ ...LEAST, cost: { amount: '-0', currency: 'USD' } }}             | ${'cost.amount'}   | ${'a sign means somebody subtracted'}
  ${{ ...LEAST, cost: { amount: '1', currency: 'USD ' } }}             | ${'cost.currency'} | ${'three letters and nothing else'}
`('names $field: $because', ({ value, field }) => {
  expect(refused(value)).toMatchObject({ code: 'invalid_event', field });
});

it('takes data as deep and as large as it may be, and no deeper or larger', () => {
  const nested = (levels: number): unknown =>
    levels === 0 ? 1 : levels % 2 === 0 ? { a: nested(levels - 1) } : [nested(levels - 1)];
  expect(DEEPEST_DATA % 2).toBe(0); // so that the outermost level is an object
  expect(accepted({ ...LEAST, data: nested(DEEPEST_DATA) }).data).toEqual(nested(DEEPEST_DATA));
  expect(refused({ ...LEAST, data: { a: nested(DEEPEST_DATA) } }).field).toBe('data');

  const sized = (length: number) => ({ a: 'x'.repeat(length - '{"a":""}'.length) });
  expect(accepted({ ...LEAST, data: sized(LARGEST_DATA) }).dataText).toHaveLength(LARGEST_DATA);
  expect(refused({ ...LEAST, data: sized(LARGEST_DATA + 1) }).field).toBe('data');
});

describe('is held equal to EventSchema, which the reference shows', () => {
  const odd = fc.constantFrom<unknown>(1, 0, -1, 1.5, true, false, [], {}, ['a'], { a: 1 });
  /** Text with all that text may not have, a little of each. */
  const characters = fc.oneof(
    {
      weight: 800,
      arbitrary: fc.constantFrom('a', 'Z', '0', '-', ':', ' ', 'é', '字', '😀', '"', '\\', '/', '\u2028', '\ufeff'),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom('\0', '\n', '\u001f', '\u007f', '\u0080', '\u009f', '\u00a0', '\ud800', '\udfff'),
    },
  );
  const ordinary = fc.string({ unit: characters, minLength: 1, maxLength: 12 });
  const atLimit = (limit: number) => fc.integer({ min: limit - 2, max: limit + 1 }).map((length) => 'x'.repeat(length));
  const nearlyText = (limit: number) =>
    fc.oneof(
      { weight: 80, arbitrary: ordinary },
      { weight: 2, arbitrary: atLimit(limit) },
      // A pair of surrogates is one character, in both.
      { weight: 2, arbitrary: fc.constantFrom(limit >> 1, limit - 1, limit, limit + 1).map((n) => '😀'.repeat(n)) },
      { weight: 1, arbitrary: fc.constant('') },
      { weight: 1, arbitrary: odd },
    );
  const maybe = <T>(arbitrary: fc.Arbitrary<T>) =>
    fc.oneof(
      { weight: 6, arbitrary },
      { weight: 2, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.constant(null) },
    );

  const time = fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .date({ min: new Date(0), max: new Date('2199-12-31'), noInvalidDate: true })
        .map((date) => date.toISOString()),
    },
    {
      weight: 3,
      arbitrary: fc.constantFrom(
        '2026-11-21T09:30:00+05:30',
        '2026-11-21t09:30:00z',
        '2026-11-21T09:30:00.123456789Z',
        '2026-11-21T09:30:00.1234567890Z',
        '2026-11-21T09:30:00',
        '2026-02-29T00:00:00Z',
        '2024-02-29T00:00:00Z',
        '2026-11-21',
        '2200-01-01T00:00:00Z',
        '',
      ),
    },
    { weight: 1, arbitrary: odd },
  );
  const amount = fc.oneof(
    { weight: 6, arbitrary: fc.tuple(fc.nat(), fc.nat()).map(([a, b]) => `${a}.${b}`) },
    { weight: 3, arbitrary: fc.double({ min: -1, max: 1e16, noNaN: true }) },
    { weight: 3, arbitrary: fc.string({ unit: fc.constantFrom('0', '1', '9', '.', '-', 'e'), maxLength: 18 }) },
    { weight: 2, arbitrary: fc.constantFrom('1'.repeat(15), '1'.repeat(16), `0.${'1'.repeat(12)}`, `0.${'1'.repeat(13)}`, `0.1${'0'.repeat(20)}`, '0'.repeat(65), 'NaN') }, // prettier-ignore
    { weight: 1, arbitrary: odd },
  );
  const currency = fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom('USD', 'EUR', 'JPY') },
    { weight: 1, arbitrary: fc.constantFrom('usd', 'US', 'USDT', 'USD\n', 'ÜSD', '', null, undefined, 840) },
  );
  const cost = fc.oneof(
    { weight: 8, arbitrary: fc.record({ amount, currency }) },
    { weight: 1, arbitrary: fc.record({ amount, currency, more: fc.constant(1) }) },
    { weight: 1, arbitrary: odd },
  );
  const deep = fc.integer({ min: DEEPEST_DATA - 2, max: DEEPEST_DATA + 1 }).chain((levels) =>
    fc.constantFrom<unknown>(1, {}, []).map((end) => {
      let value: unknown = end;
      for (let level = 0; level < levels; level += 1) value = level % 3 === 0 ? [value] : { a: value };
      return { a: value };
    }),
  );
  const large = fc
    .tuple(fc.integer({ min: LARGEST_DATA - 12, max: LARGEST_DATA - 4 }), fc.constantFrom('x', 'é', '"', '\ud800'))
    .map(([length, character]) => ({
      a: character.repeat(Math.floor(length / (JSON.stringify(character).length - 2))),
    }));
  const data = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.dictionary(fc.string(), fc.jsonValue() as fc.Arbitrary<unknown>, {
        noNullPrototype: true,
        maxKeys: 4,
      }),
    },
    { weight: 2, arbitrary: deep },
    { weight: 1, arbitrary: large },
    { weight: 1, arbitrary: odd },
  );
  const attribution = maybe(nearlyText(LONGEST.attribution));
  const known = fc.record({
    id: fc.oneof(
      { weight: 30, arbitrary: nearlyText(LONGEST.id) },
      { weight: 1, arbitrary: fc.constantFrom(null, undefined) },
    ),
    type: nearlyText(LONGEST.type),
    customer: nearlyText(LONGEST.customer),
    source: maybe(nearlyText(LONGEST.source)),
    time: maybe(time),
    session: attribution,
    task: attribution,
    agent: attribution,
    feature: attribution,
    department: attribution,
    user: attribution,
    parent: attribution,
    step: maybe(fc.oneof({ weight: 9, arbitrary: fc.constantFrom('retry', 'self_correction') }, ordinary)),
    cost: maybe(cost),
    data: maybe(data),
  });
  const unknownName = fc.constantFrom('other', 'ID', 'constructor', 'toString', 'hasOwnProperty', '', ' id');
  const nearlyEvent = fc.oneof(
    { weight: 12, arbitrary: known },
    {
      weight: 1,
      arbitrary: fc
        .tuple(known, unknownName, fc.jsonValue())
        .map(([event, name, value]) => ({ ...event, [name]: value })),
    },
    { weight: 1, arbitrary: fc.oneof(odd, fc.jsonValue() as fc.Arbitrary<unknown>) },
  );
  /** As it comes out of JSON: without undefined, and with plain objects only. */
  const asSent = nearlyEvent.map((value) => JSON.parse(JSON.stringify(value)) as unknown);

  it('both accept an event, with the same values, or both refuse it, for the same field', () => {
    let both = 0;
    fc.assert(
      fc.property(asSent, (value) => {
        const parsed = parseEvent(value);
        const checked = EventSchema.safeParse(value);
        expect({ accepts: !isEventProblem(parsed) }).toEqual({ accepts: checked.success });
        if (isEventProblem(parsed)) {
          const fields = checked.error!.issues.flatMap((issue) =>
            'keys' in issue
              ? issue.keys.map((name) => [...issue.path, name].join('.'))
              : [issue.path.join('.') || 'event'],
          );
          expect(fields).toContain(parsed.field);
          return;
        }
        both += 1;
        const { source, time: instant, cost: stated, data: _data, ...texts } = checked.data!;
        // As it was sent: the schema drops a field of data that is named __proto__, we don't.
        const own = (value as { data?: Record<string, unknown> | null }).data ?? null;
        expect(parsed).toMatchObject(
          Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, text ?? null])),
        );
        expect(parsed.source).toBe(source ?? DEFAULT_SOURCE);
        expect(parsed.time).toBe(typeof instant === 'string' ? parseRfc3339(instant) : null);
        expect(parsed.data).toEqual(own);
        expect(parsed.dataText).toBe(own === null ? null : JSON.stringify(own));
        if (stated === undefined || stated === null) expect(parsed.cost).toBeNull();
        else {
          expect(parsed.cost!.currency).toBe(stated.currency);
          expect(decimalText(new Decimal(parsed.cost!.amount))).toBe(decimalText(new Decimal(stated.amount)));
        }
      }),
      { numRuns: 3_000 },
    );
    // Both sides of the fence are really visited.
    expect(both).toBeGreaterThan(300);
  });
});
