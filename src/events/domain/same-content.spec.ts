import fc from 'fast-check';
import { differingField, type EventContent } from './same-content';

const EVENT: EventContent = {
  id: 'e-1',
  source: 'api',
  type: 'llm.request',
  customerId: '01930000-0000-7000-8000-000000000001',
  time: 1_700_000_000_000_000,
  session: null,
  task: 't',
  agent: 'a',
  feature: 'f',
  department: 'd',
  user: 'u',
  parent: 'p',
  hold: 'h',
  step: null,
  cost: { amount: '0.5', currency: 'USD' },
  data: { n: 1, list: [1, { a: null }] },
};

it('finds nothing between an event and itself, or its way through JSON', () => {
  expect(differingField(EVENT, EVENT)).toBeNull();
  expect(differingField(EVENT, JSON.parse(JSON.stringify(EVENT)))).toBeNull();
});

it.each`
  change                                               | because
  ${{ cost: { amount: '0.50', currency: 'USD' } }}     | ${'amounts count by value'}
  ${{ cost: { amount: '0.500000', currency: 'USD' } }} | ${'however many zeros'}
  ${{ data: { list: [1, { a: null }], n: 1 } }}        | ${'fields of data have no order'}
  ${{ data: { n: 1.0, list: [1, { a: null }] } }}      | ${'1.0 is 1'}
`('the same: $because', ({ change }) => {
  expect(differingField(EVENT, { ...EVENT, ...change })).toBeNull();
  expect(differingField({ ...EVENT, ...change }, EVENT)).toBeNull();
});

it.each`
  field           | change                                                     | because
  ${'id'}         | ${{ id: 'e-2' }}                                           | ${'a key that two events share by chance'}
  ${'source'}     | ${{ source: 'app' }}                                       | ${'the same'}
  ${'type'}       | ${{ type: 'llm.response' }}                                | ${'what happened'}
  ${'customer'}   | ${{ customerId: '01930000-0000-7000-8000-000000000002' }}  | ${'to whom'}
  ${'time'}       | ${{ time: 1_700_000_000_000_001 }}                         | ${'a microsecond later'}
  ${'time'}       | ${{ time: null }}                                          | ${'a time that was given, then not'}
  ${'session'}    | ${{ session: 's' }}                                        | ${'none, then one'}
  ${'task'}       | ${{ task: null }}                                          | ${'one, then none'}
  ${'agent'}      | ${{ agent: 'A' }}                                          | ${'case counts'}
  ${'feature'}    | ${{ feature: 'f ' }}                                       | ${'so does a space'}
  ${'department'} | ${{ department: 'e' }}                                     | ${'another'}
  ${'user'}       | ${{ user: 'v' }}                                           | ${'another'}
  ${'parent'}     | ${{ parent: 'task:p' }}                                    | ${'written otherwise'}
  ${'hold'}       | ${{ hold: null }}                                          | ${'one, then none'}
  ${'step'}       | ${{ step: 'retry' }}                                       | ${'the first time, then again'}
  ${'cost'}       | ${{ cost: { amount: '0.5', currency: 'EUR' } }}            | ${'another currency'}
  ${'cost'}       | ${{ cost: { amount: '0.500000000001', currency: 'USD' } }} | ${'a trillionth'}
  ${'cost'}       | ${{ cost: null }}                                          | ${'one, then none'}
  ${'data'}       | ${{ data: null }}                                          | ${'some, then none'}
  ${'data'}       | ${{ data: {} }}                                            | ${'empty is not the same'}
  ${'data'}       | ${{ data: { n: '1', list: [1, { a: null }] } }}            | ${'text is not a number'}
  ${'data'}       | ${{ data: { n: 1, list: [{ a: null }, 1] } }}              | ${'lists have an order'}
  ${'data'}       | ${{ data: { n: 1, list: [1, {}] } }}                       | ${'null is not missing'}
  ${'data'}       | ${{ data: { n: 1, list: [1, { a: null }], more: 0 } }}     | ${'one field more'}
`('differs in $field: $because', ({ field, change }) => {
  expect(differingField(EVENT, { ...EVENT, ...change })).toBe(field);
  expect(differingField({ ...EVENT, ...change }, EVENT)).toBe(field);
});

it('names the first field of several, in the order in which events are documented', () => {
  expect(differingField(EVENT, { ...EVENT, user: 'v', type: 'x', data: null })).toBe('type');
});

it('sees names that every object has as fields of data', () => {
  const proto = JSON.parse('{"__proto__":{"a":1}}') as Record<string, unknown>;
  expect(differingField({ ...EVENT, data: proto }, { ...EVENT, data: {} })).toBe('data');
  expect(differingField({ ...EVENT, data: proto }, { ...EVENT, data: JSON.parse(JSON.stringify(proto)) })).toBeNull();
  expect(differingField({ ...EVENT, data: {} }, { ...EVENT, data: { constructor: 1 } })).toBe('data');
});

it('data equals itself after being stored as text, and -0 is 0', () => {
  const data = fc.dictionary(fc.string(), fc.jsonValue());
  fc.assert(
    fc.property(data, (sent) => {
      const stored = JSON.parse(JSON.stringify(sent)) as Record<string, unknown>;
      return differingField({ ...EVENT, data: stored }, { ...EVENT, data: sent }) === null;
    }),
  );
  expect(differingField({ ...EVENT, data: { n: 0 } }, { ...EVENT, data: { n: -0 } })).toBeNull();
});

it('two contents of data are the same only when their canonical texts are', () => {
  const canonical = (value: unknown): string =>
    JSON.stringify(value, (_, each: unknown) =>
      typeof each === 'object' && each !== null && !Array.isArray(each)
        ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
        : each,
    );
  const small = fc.dictionary(
    fc.constantFrom('a', 'b'),
    fc.constantFrom<unknown>(0, -0, 1, '1', '', null, true, [], [1], {}, { a: 1 }),
  );
  fc.assert(
    fc.property(small, small, (one, other) => {
      const same = differingField({ ...EVENT, data: one }, { ...EVENT, data: other }) === null;
      expect(same).toBe(canonical(one) === canonical(other));
    }),
    { numRuns: 1_000 },
  );
});
