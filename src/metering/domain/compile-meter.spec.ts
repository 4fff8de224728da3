import fc from 'fast-check';
import type { Filter, Meter } from '../../catalog/domain';
import { compileMeter, type MeteredEvent } from './compile-meter';

function meter(changes: Partial<Meter> = {}): Meter {
  return {
    id: '0190c0de-0000-7000-8000-000000000001',
    key: 'm',
    name: 'M',
    eventType: 't',
    aggregation: 'count',
    valueField: null,
    timeUnit: null,
    filters: [],
    groupBy: [],
    ...changes,
  };
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
  return { type: 't', source: 'api', ...nobody, data, ...changes };
}

function matches(filter: Filter, value: unknown): boolean {
  const data = value === undefined ? {} : { x: value };
  return compileMeter(meter({ filters: [{ ...filter, field: 'data.x' }] })).matches(event(data));
}

describe('filters', () => {
  it.each`
    operator          | wanted                | value                  | holds    | because
    ${'equals'}       | ${'eu'}               | ${'eu'}                | ${true}  | ${'the same text'}
    ${'equals'}       | ${'eu'}               | ${'EU'}                | ${false} | ${'case counts'}
    ${'equals'}       | ${2}                  | ${'2'}                 | ${true}  | ${'compared as text'}
    ${'equals'}       | ${'2'}                | ${2}                   | ${true}  | ${'compared as text, the other way round'}
    ${'equals'}       | ${true}               | ${'true'}              | ${true}  | ${'a boolean is its word'}
    ${'equals'}       | ${true}               | ${1}                   | ${false} | ${'1 is not true'}
    ${'equals'}       | ${'null'}             | ${null}                | ${false} | ${'null is no text'}
    ${'equals'}       | ${'undefined'}        | ${undefined}           | ${false} | ${'what is missing equals nothing'}
    ${'equals'}       | ${'a'}                | ${['a']}               | ${false} | ${'a list equals nothing'}
    ${'equals'}       | ${'[object Object]'}  | ${{}}                  | ${false} | ${'an object equals nothing'}
    ${'not_equals'}   | ${'eu'}               | ${'us'}                | ${true}  | ${'another text'}
    ${'not_equals'}   | ${'eu'}               | ${'eu'}                | ${false} | ${'the same text'}
    ${'not_equals'}   | ${'eu'}               | ${undefined}           | ${true}  | ${'what is missing is not eu either'}
    ${'not_equals'}   | ${'eu'}               | ${['eu']}              | ${true}  | ${'a list equals nothing'}
    ${'in'}           | ${['a', 2]}           | ${'2'}                 | ${true}  | ${'one of them, as text'}
    ${'in'}           | ${['a', 2]}           | ${'b'}                 | ${false} | ${'none of them'}
    ${'in'}           | ${['a']}              | ${undefined}           | ${false} | ${'what is missing is in no list'}
    ${'not_in'}       | ${['a', 2]}           | ${'b'}                 | ${true}  | ${'none of them'}
    ${'not_in'}       | ${['a', 2]}           | ${2}                   | ${false} | ${'one of them'}
    ${'not_in'}       | ${['a']}              | ${undefined}           | ${true}  | ${'what is missing is in no list'}
    ${'exists'}       | ${undefined}          | ${''}                  | ${true}  | ${'empty is there'}
    ${'exists'}       | ${undefined}          | ${false}               | ${true}  | ${'false is there'}
    ${'exists'}       | ${undefined}          | ${0}                   | ${true}  | ${'zero is there'}
    ${'exists'}       | ${undefined}          | ${null}                | ${false} | ${'null is not'}
    ${'exists'}       | ${undefined}          | ${undefined}           | ${false} | ${'missing is not'}
    ${'not_exists'}   | ${undefined}          | ${null}                | ${true}  | ${'null is not there'}
    ${'not_exists'}   | ${undefined}          | ${0}                   | ${false} | ${'zero is'}
    ${'less_than'}    | ${2000}               | ${1999}                | ${true}  | ${'below'}
    ${'less_than'}    | ${2000}               | ${2000}                | ${false} | ${'the bound is not below itself'}
    ${'less_than'}    | ${'2000'}             | ${'1999.999999999999'} | ${true}  | ${'decimals in strings, exactly'}
    ${'less_than'}    | ${2000}               | ${'10'}                | ${true}  | ${'compared as numbers, not as text'}
    ${'less_than'}    | ${2000}               | ${undefined}           | ${false} | ${'what is missing is not small'}
    ${'less_than'}    | ${2000}               | ${null}                | ${false} | ${'null is not zero'}
    ${'less_than'}    | ${2000}               | ${'few'}               | ${false} | ${'no number'}
    ${'less_than'}    | ${2000}               | ${''}                  | ${false} | ${'the empty text is not zero'}
    ${'less_than'}    | ${2000}               | ${false}               | ${false} | ${'false is not zero'}
    ${'less_than'}    | ${2000}               | ${'1e2'}               | ${false} | ${'an exponent is not a plain decimal'}
    ${'less_than'}    | ${2000}               | ${0.0000001}           | ${true}  | ${'a small JSON number, which JavaScript prints as 1e-7'}
    ${'less_than'}    | ${'0.3'}              | ${0.30000000000000004} | ${false} | ${'the digits of the number, not a rounded one'}
    ${'at_most'}      | ${2000}               | ${2000}                | ${true}  | ${'the bound belongs to it'}
    ${'at_most'}      | ${2000}               | ${'2000.000000000001'} | ${false} | ${'a trillionth above'}
    ${'greater_than'} | ${2000}               | ${2000}                | ${false} | ${'the bound is not above itself'}
    ${'greater_than'} | ${-1}                 | ${0}                   | ${true}  | ${'negative bounds work'}
    ${'greater_than'} | ${'9007199254740993'} | ${'9007199254740992'}  | ${false} | ${'past 2^53 by decimals'}
    ${'at_least'}     | ${2000}               | ${'2000'}              | ${true}  | ${'the bound belongs to it'}
    ${'at_least'}     | ${2000}               | ${'2000.0'}            | ${true}  | ${'by value'}
    ${'at_least'}     | ${0.5}                | ${0.5}                 | ${true}  | ${'fractions'}
  `('$operator $wanted on $value: $holds, $because', ({ operator, wanted, value, holds }) => {
    expect(matches({ field: 'data.x', operator, value: wanted }, value)).toBe(holds);
  });

  it('must all hold', () => {
    const { matches: both } = compileMeter(
      meter({
        filters: [
          { field: 'data.x', operator: 'at_least', value: 1 },
          { field: 'feature', operator: 'equals', value: 'chat' },
        ],
      }),
    );
    expect(both(event({ x: 1 }, { feature: 'chat' }))).toBe(true);
    expect(both(event({ x: 1 }, { feature: 'search' }))).toBe(false);
    expect(both(event({ x: 0 }, { feature: 'chat' }))).toBe(false);
    expect(both(event(null))).toBe(false);
  });

  it('order whole numbers as numbers do', () => {
    const whole = fc.integer({ min: -(2 ** 40), max: 2 ** 40 });
    fc.assert(
      fc.property(whole, whole, fc.boolean(), fc.boolean(), (bound, value, boundAsText, valueAsText) => {
        const wanted = boundAsText ? String(bound) : bound;
        const given = valueAsText ? String(value) : value;
        const field = 'data.x';
        expect(matches({ field, operator: 'less_than', value: wanted }, given)).toBe(value < bound);
        expect(matches({ field, operator: 'at_most', value: wanted }, given)).toBe(value <= bound);
        expect(matches({ field, operator: 'greater_than', value: wanted }, given)).toBe(value > bound);
        expect(matches({ field, operator: 'at_least', value: wanted }, given)).toBe(value >= bound);
      }),
      { numRuns: 50, endOnFailure: true },
    );
  });
});

describe('fields', () => {
  const read = (field: string, of: MeteredEvent) => compileMeter(meter({ aggregation: 'sum', valueField: field })).valueOf(of); // prettier-ignore

  it.each`
    field                   | data                              | value        | because
    ${'data.x'}             | ${{ x: 7 }}                       | ${7}         | ${'a field of data'}
    ${'data.a.b.c'}         | ${{ a: { b: { c: 'deep' } } }}    | ${'deep'}    | ${'nested'}
    ${'data.a.b'}           | ${{ a: null }}                    | ${undefined} | ${'nothing below null'}
    ${'data.a.b'}           | ${{ a: 'text' }}                  | ${undefined} | ${'nothing below a text'}
    ${'data.a.length'}      | ${{ a: 'text' }}                  | ${undefined} | ${'a text has no fields'}
    ${'data.a.0'}           | ${{ a: [5] }}                     | ${undefined} | ${'a list has no fields'}
    ${'data.a.length'}      | ${{ a: [5] }}                     | ${undefined} | ${'not even its length'}
    ${'data.a.b'}           | ${{ 'a.b': 1 }}                   | ${undefined} | ${'a dot is a step, not part of a name'}
    ${'data.x'}             | ${null}                           | ${undefined} | ${'an event without data'}
    ${'data.x.y'}           | ${null}                           | ${undefined} | ${'an event without data, deeper'}
    ${'data.constructor'}   | ${{}}                             | ${undefined} | ${'only own properties'}
    ${'data.toString'}      | ${{}}                             | ${undefined} | ${'only own properties'}
    ${'data.__proto__'}     | ${{}}                             | ${undefined} | ${'only own properties'}
    ${'data.a.constructor'} | ${{ a: {} }}                      | ${undefined} | ${'only own properties, deeper'}
    ${'data.__proto__'}     | ${JSON.parse('{"__proto__": 3}')} | ${3}         | ${'an own property, as JSON may have it'}
  `('$field of $data is $value: $because', ({ field, data, value }) => {
    expect(read(field, event(data))).toEqual(value);
  });

  it('of the event itself, but not of data', () => {
    const { dimensionsOf } = compileMeter(meter({ groupBy: ['feature', 'source', 'user'] }));
    expect(dimensionsOf(event({ feature: 'not this one' }, { feature: 'chat' }))).toBe('["chat","api",null]');
  });
});

describe('groups', () => {
  const dimensionsOf = (groupBy: string[], of: MeteredEvent) => compileMeter(meter({ groupBy })).dimensionsOf(of);

  it('are none without fields to group by', () => {
    expect(dimensionsOf([], event({ x: 1 }))).toBe('');
  });

  it('are the values as text: 1 and "1" are one group, null, lists and what is missing another', () => {
    expect(dimensionsOf(['data.x'], event({ x: 1 }))).toBe('["1"]');
    expect(dimensionsOf(['data.x'], event({ x: '1' }))).toBe('["1"]');
    expect(dimensionsOf(['data.x'], event({ x: true }))).toBe('["true"]');
    for (const x of [null, undefined, [1], { y: 1 }]) expect(dimensionsOf(['data.x'], event({ x }))).toBe('[null]');
  });

  it('keep different values apart, however long, in a text that PostgreSQL can index', () => {
    // A B-tree entry has at most 2,704 bytes; organisation, customer, meter and hour take 56 and some overhead.
    const largest = 2_500;
    const texts = fc.oneof(
      fc.string({ maxLength: 60 }),
      fc.string({ minLength: 900, maxLength: 1_200 }),
      fc.string({ minLength: 900, maxLength: 1_200, unit: fc.constantFrom('ä', '漢', '\u0000', '"', '\\', '🜚') }),
    );
    const values = fc.tuple(texts, texts, texts, texts, texts);
    const groupBy = ['data.a', 'data.b', 'data.c', 'data.d', 'data.e'];
    const of = ([a, b, c, d, e]: string[]) => dimensionsOf(groupBy, event({ a, b, c, d, e }));
    fc.assert(
      fc.property(values, values, (some, others) => {
        expect(Buffer.byteLength(of(some))).toBeLessThan(largest);
        expect(of([...some])).toBe(of(some));
        expect(of(some) === of(others)).toBe(JSON.stringify(some) === JSON.stringify(others));
        // Two long values that differ at their ends only.
        expect(of([`${some[0]}x`, ...some.slice(1)])).not.toBe(of([`${some[0]}y`, ...some.slice(1)]));
      }),
      { numRuns: 50, endOnFailure: true },
    );
  });
});
