import { isTarget, type MappingOptions, missingColumns, toEvent } from './mapping';

function options(flags: Partial<{ map: [string, string][]; set: [string, string][]; onlyMapped: boolean }> = {}) {
  return (rest: Partial<MappingOptions> = {}): MappingOptions => ({
    mapping: {
      columns: new Map(flags.map ?? []),
      constants: new Map(flags.set ?? []),
      onlyMapped: flags.onlyMapped ?? false,
    },
    timeFormat: 'auto',
    timeZone: 'UTC',
    source: 'import:usage.csv',
    ...rest,
  });
}

it('takes columns named like fields as they are, and puts the others into data', () => {
  const row = { id: 'a-1', customer: 'acme', type: 'call', time: '2026-11-21T09:30:00Z', tokens: '12', empty: '' };
  expect(toEvent(row, 2, options()())).toEqual({
    id: 'a-1',
    customer: 'acme',
    type: 'call',
    time: '2026-11-21T09:30:00Z',
    source: 'import:usage.csv',
    data: { tokens: '12' },
  });
});

it('maps columns and sets constants', () => {
  const flags = options({
    map: [['customer', 'account'], ['data.input_tokens', 'ContextTokens'], ['cost.amount', 'usd']],
    set: [['type', 'llm.request'], ['data.model', 'gpt-4o'], ['cost.currency', 'USD']],
    onlyMapped: true,
  }); // prettier-ignore
  const row = { account: 'acme', ContextTokens: '1155', usd: '0.0049975', note: 'left out' };
  expect(toEvent(row, 7, flags())).toEqual({
    id: 'line-7',
    source: 'import:usage.csv',
    type: 'llm.request',
    customer: 'acme',
    cost: { amount: '0.0049975', currency: 'USD' },
    data: { input_tokens: '1155', model: 'gpt-4o' },
  });
});

it('keeps objects of NDJSON rows, and adds to them', () => {
  const row = { id: 5, customer: 'acme', data: { model: 'gpt-4o', deep: { n: 1 } }, tokens: 3 };
  const flags = options({ set: [['data.deep.m', '2']] });
  expect(toEvent(row, 1, flags()).data).toEqual({ model: 'gpt-4o', deep: { n: 1, m: '2' }, tokens: 3 });
  expect(toEvent(row, 1, flags()).id).toBe('5');
});

it('is not led astray by names that objects have by nature', () => {
  const row = JSON.parse('{"__proto__": "x", "constructor": "y", "data": {"a": 1}}') as Record<string, unknown>;
  const event = toEvent(row, 1, options({ map: [['data.constructor.name', '__proto__']] })());
  expect(JSON.parse(JSON.stringify(event.data))).toEqual({ a: 1, constructor: { name: 'x' } });
  expect(Object.prototype).not.toHaveProperty('name');
});

it.each`
  value                            | timeFormat        | timeZone           | time                             | because
  ${'2026-11-21T09:30:00.25Z'}     | ${'auto'}         | ${'UTC'}           | ${'2026-11-21T09:30:00.25Z'}     | ${'RFC 3339 goes through as it is'}
  ${'2023-11-16 18:17:03.9799600'} | ${'auto'}         | ${'UTC'}           | ${'2023-11-16T18:17:03.979960Z'} | ${'as the Azure traces have it'}
  ${' 2026-11-21 09:30:00 '}       | ${'text'}         | ${'Europe/Berlin'} | ${'2026-11-21T08:30:00.000000Z'} | ${'in the zone that was named'}
  ${'1700158623.97996'}            | ${'seconds'}      | ${'UTC'}           | ${'2023-11-16T18:17:03.979960Z'} | ${'decimals are kept to the microsecond'}
  ${1_700_158_623}                 | ${'seconds'}      | ${'UTC'}           | ${'2023-11-16T18:17:03.000000Z'} | ${'a number of NDJSON'}
  ${'1700158623979'}               | ${'milliseconds'} | ${'UTC'}           | ${'2023-11-16T18:17:03.979000Z'} | ${'whole milliseconds'}
  ${'99999999999999'}              | ${'seconds'}      | ${'UTC'}           | ${'99999999999999'}              | ${'the server refuses it by its name'}
  ${'1700158623'}                  | ${'auto'}         | ${'UTC'}           | ${'1700158623'}                  | ${'a bare number is not guessed'}
  ${'21.11.2026'}                  | ${'auto'}         | ${'UTC'}           | ${'21.11.2026'}                  | ${'nor are days and months'}
`('time $value as $timeFormat: $because', ({ value, timeFormat, timeZone, time }) => {
  expect(toEvent({ time: value }, 1, options()({ timeFormat, timeZone })).time).toBe(time);
});

it('knows fields from other texts, and columns that are not there', () => {
  expect(['id', 'parent', 'cost.amount', 'data.a', 'data.a.b'].every(isTarget)).toBe(true);
  expect(['', 'data', 'data.', 'data..a', 'cost', 'tokens', 'ID'].some(isTarget)).toBe(false);
  const { mapping } = options({ map: [['customer', 'acount'], ['data.n', 'n']] })(); // prettier-ignore
  expect(missingColumns(mapping, ['account', 'n'])).toEqual(['acount']);
});
