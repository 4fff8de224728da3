import { scaledText } from '../../kernel';
import { AGGREGATIONS, SAMPLED_AGGREGATIONS, type Aggregation } from '../../catalog/domain';
import { keepsSamples, measureFor } from './measure';

/** What is taken of a value: `added 3`, `sample 3`, `value "x"`, or nothing. */
function taken(aggregation: Aggregation, value: unknown): string {
  const measured = measureFor(aggregation).of(value);
  if (measured === null) return 'nothing';
  if (measured.sample === null) return `added ${scaledText(measured.quantity)}`;
  expect(measured.quantity).toBe(0n);
  const { quantity, value: text } = measured.sample;
  return quantity === null ? `value ${text}` : `sample ${scaledText(quantity)}`;
}

it.each`
  aggregation        | value                 | expected                     | because
  ${'count'}         | ${undefined}          | ${'added 1'}                 | ${'no value is looked at'}
  ${'sum'}           | ${'2.5'}              | ${'added 2.5'}               | ${'a decimal string'}
  ${'sum'}           | ${0}                  | ${'added 0'}                 | ${'nothing is a quantity'}
  ${'sum'}           | ${-1}                 | ${'nothing'}                 | ${'what is used is not taken back by an event'}
  ${'sum'}           | ${'many'}             | ${'nothing'}                 | ${'no number'}
  ${'average'}       | ${7}                  | ${'added 7'}                 | ${'divided when it is read'}
  ${'average'}       | ${-7}                 | ${'nothing'}                 | ${'like a sum'}
  ${'min'}           | ${-7}                 | ${'sample -7'}               | ${'a temperature may be below zero'}
  ${'max'}           | ${'-0.000000000001'}  | ${'sample -0.000000000001'}  | ${'to the twelfth decimal'}
  ${'latest'}        | ${'-999999999999999'} | ${'sample -999999999999999'} | ${'fifteen digits'}
  ${'latest'}        | ${-1e15}              | ${'nothing'}                 | ${'sixteen are too many'}
  ${'time_weighted'} | ${4}                  | ${'sample 4'}                | ${'a level'}
  ${'time_weighted'} | ${-4}                 | ${'nothing'}                 | ${'it is added up over time, like a sum'}
  ${'unique'}        | ${'ada'}              | ${'value "ada"'}             | ${'text'}
  ${'unique'}        | ${7}                  | ${'value "7"'}               | ${'7 and "7" are the same'}
  ${'unique'}        | ${'7'}                | ${'value "7"'}               | ${'7 and "7" are the same'}
  ${'unique'}        | ${true}               | ${'value "true"'}            | ${'a boolean is its word'}
  ${'unique'}        | ${''}                 | ${'value ""'}                | ${'the empty text is a value'}
  ${'unique'}        | ${'a\u0000'}          | ${'value "a\\u0000"'}        | ${'NUL is written so that a database keeps it'}
  ${'unique'}        | ${['a']}              | ${'nothing'}                 | ${'a list is no value'}
  ${'unique'}        | ${{ a: 1 }}           | ${'nothing'}                 | ${'nor an object'}
  ${'unique'}        | ${null}               | ${'nothing'}                 | ${'nor null'}
`('$aggregation of $value is $expected: $because', ({ aggregation, value, expected }) => {
  expect(taken(aggregation, value)).toBe(expected);
});

it('tells long values of a unique count apart by a hash, in a bounded text', () => {
  const value = (text: string) => measureFor('unique').of(text)!.sample!.value!;
  const long = 'x'.repeat(65_000);
  expect(value(long)).toBe(value(long));
  expect(value(long)).not.toBe(value(`${long}y`));
  expect(value(long).length).toBeLessThan(100);
  expect(value('x'.repeat(255))).toHaveLength(257);
});

it('keeps samples for the aggregations that no sum can tell, and for these only', () => {
  for (const aggregation of AGGREGATIONS) {
    expect(keepsSamples(aggregation)).toBe(SAMPLED_AGGREGATIONS.has(aggregation));
    const measured = measureFor(aggregation).of(1)!;
    expect(measured.sample !== null).toBe(keepsSamples(aggregation));
  }
});
