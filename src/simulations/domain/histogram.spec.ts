import { Decimal } from '../../kernel';
import { barOf, BARS, barsOf } from './histogram';

const bars = barsOf(Array.from({ length: BARS }, () => 0));
const nameOf = (bar: number) => `${bars[bar]!.fromPercent}..${bars[bar]!.toPercent ?? ''}`;

it.each`
  now      | then        | bar            | because
  ${'100'} | ${'100'}    | ${'0..0'}      | ${'nothing changed'}
  ${'0'}   | ${'0'}      | ${'0..0'}      | ${'nothing was paid and nothing is'}
  ${'100'} | ${'100.01'} | ${'0..10'}     | ${'a cent more'}
  ${'100'} | ${'110'}    | ${'0..10'}     | ${'exactly 10 % more is not more than 10 %'}
  ${'100'} | ${'110.01'} | ${'10..25'}    | ${'a cent beyond'}
  ${'3'}   | ${'3.3'}    | ${'0..10'}     | ${'no binary or cut fraction moves an edge'}
  ${'100'} | ${'125'}    | ${'10..25'}    | ${'an edge'}
  ${'100'} | ${'150'}    | ${'25..50'}    | ${'an edge'}
  ${'100'} | ${'200'}    | ${'50..100'}   | ${'twice as much'}
  ${'100'} | ${'200.01'} | ${'100..'}     | ${'more than twice as much'}
  ${'0'}   | ${'0.01'}   | ${'100..'}     | ${'something after nothing'}
  ${'100'} | ${'99.99'}  | ${'-10..0'}    | ${'a cent less'}
  ${'100'} | ${'90'}     | ${'-10..0'}    | ${'exactly 10 % less'}
  ${'100'} | ${'89.99'}  | ${'-25..-10'}  | ${'a cent beyond'}
  ${'100'} | ${'75'}     | ${'-25..-10'}  | ${'an edge'}
  ${'100'} | ${'50'}     | ${'-50..-25'}  | ${'half'}
  ${'100'} | ${'49.99'}  | ${'-100..-50'} | ${'less than half'}
  ${'100'} | ${'0'}      | ${'-100..-50'} | ${'for nothing'}
  ${'100'} | ${'-1'}     | ${'-100..-50'} | ${'credits outweigh the charges'}
`('$now becomes $then: $bar, $because', ({ now, then, bar }) => {
  expect(nameOf(barOf(new Decimal(now), new Decimal(then)))).toBe(bar);
});

it('the bars lie end to end', () => {
  for (const [index, { fromPercent }] of bars.slice(1).entries()) expect(fromPercent).toBe(bars[index]!.toPercent);
  expect(bars.at(-1)!.toPercent).toBeNull();
});
