import { AGGREGATIONS, isMeterField, type MeterDefinition } from './meter';
import { meterProblems } from './meter-problems';

const COUNT: MeterDefinition = {
  eventType: 't',
  aggregation: 'count',
  valueField: null,
  timeUnit: null,
  filters: [],
  groupBy: [],
};

it.each`
  aggregation        | valueField              | timeUnit  | fields                   | because
  ${'count'}         | ${null}                 | ${null}   | ${[]}                    | ${'events are counted'}
  ${'count'}         | ${'data.x'}             | ${null}   | ${['value']}             | ${'of which no value is looked at'}
  ${'sum'}           | ${'data.x'}             | ${null}   | ${[]}                    | ${'a field of data'}
  ${'sum'}           | ${'usage.input_tokens'} | ${null}   | ${[]}                    | ${'what a model used'}
  ${'sum'}           | ${null}                 | ${null}   | ${['value']}             | ${'something has to be summed'}
  ${'sum'}           | ${'user'}               | ${null}   | ${['value']}             | ${'a name is no quantity'}
  ${'sum'}           | ${'usage.a.b'}          | ${null}   | ${['value']}             | ${'usage is flat'}
  ${'sum'}           | ${'usage.Input'}        | ${null}   | ${['value']}             | ${'its names are lower case'}
  ${'average'}       | ${'data.x'}             | ${null}   | ${[]}                    | ${'like a sum'}
  ${'min'}           | ${null}                 | ${null}   | ${['value']}             | ${'the smallest of what?'}
  ${'max'}           | ${'model'}              | ${null}   | ${['value']}             | ${'a name has no order here'}
  ${'latest'}        | ${'data.x'}             | ${null}   | ${[]}                    | ${'a level'}
  ${'latest'}        | ${'data.x'}             | ${'hour'} | ${['timeUnit']}          | ${'it is not multiplied by time'}
  ${'unique'}        | ${'user'}               | ${null}   | ${[]}                    | ${'users are what is counted most'}
  ${'unique'}        | ${'model'}              | ${null}   | ${[]}                    | ${'so are models'}
  ${'unique'}        | ${'data.x'}             | ${null}   | ${[]}                    | ${'any field'}
  ${'unique'}        | ${'customer'}           | ${null}   | ${['value']}             | ${'usage is by customer anyway'}
  ${'unique'}        | ${null}                 | ${null}   | ${['value']}             | ${'different what?'}
  ${'time_weighted'} | ${'data.x'}             | ${'day'}  | ${[]}                    | ${'GB-days'}
  ${'time_weighted'} | ${'data.x'}             | ${null}   | ${['timeUnit']}          | ${'GB-what?'}
  ${'time_weighted'} | ${null}                 | ${null}   | ${['value', 'timeUnit']} | ${'both are missing'}
`('$aggregation of $valueField by the $timeUnit: $because', ({ aggregation, valueField, timeUnit, fields }) => {
  const problems = meterProblems({ ...COUNT, aggregation, valueField, timeUnit });
  expect(problems.map(({ field }) => field)).toEqual(fields);
  for (const { detail } of problems) expect(detail).toMatch(/\w/);
});

it.each(['parent', 'step', 'provider', 'model', 'usage.input_tokens', 'data.a.b', 'user', 'source'])(
  '%s is a field for filters and groups',
  (field) => {
    expect(isMeterField(field)).toBe(true);
    const filters = [{ field, operator: 'exists' as const }];
    expect(meterProblems({ ...COUNT, filters, groupBy: [field] })).toEqual([]);
  },
);

it.each(['customer', 'id', 'time', 'data', 'data.', 'data.a..b', 'usage', 'usage.', 'usage.1', 'provider.x', ''])(
  '%s is none',
  (field) => {
    const filters = [{ field, operator: 'exists' as const }];
    const problems = meterProblems({ ...COUNT, filters, groupBy: [field] });
    expect(problems.map((problem) => problem.field)).toEqual(['filters[0].field', 'groupBy[0]']);
  },
);

it('says of every aggregation but count that it needs a value', () => {
  for (const aggregation of AGGREGATIONS) {
    const timeUnit = aggregation === 'time_weighted' ? 'hour' : null;
    const problems = meterProblems({ ...COUNT, aggregation, timeUnit });
    expect(problems.map(({ field }) => field)).toEqual(aggregation === 'count' ? [] : ['value']);
  }
});
