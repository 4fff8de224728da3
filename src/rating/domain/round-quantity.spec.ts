import { Decimal } from '../../kernel';
import { roundQuantity } from './round-quantity';
import { NO_USAGE, type UsageToRate } from './usage';

const d = (text: string): Decimal => new Decimal(text);
const used = (quantity: string, more: Partial<UsageToRate> = {}): UsageToRate => ({
  ...NO_USAGE,
  quantity: d(quantity),
  ...more,
});

it.each`
  quantity             | mode         | decimals | expected     | because
  ${'0'}               | ${'up'}      | ${0}     | ${'0'}       | ${'nothing used is nothing'}
  ${'10'}              | ${'up'}      | ${0}     | ${'10'}      | ${'what is whole stays'}
  ${'10.000000000001'} | ${'up'}      | ${0}     | ${'11'}      | ${'a begun hour is an hour'}
  ${'10.9'}            | ${'down'}    | ${0}     | ${'10'}      | ${'only full ones'}
  ${'10.5'}            | ${'nearest'} | ${0}     | ${'11'}      | ${'half goes up'}
  ${'10.4999'}         | ${'nearest'} | ${0}     | ${'10'}      | ${'less than half goes down'}
  ${'1499'}            | ${'nearest'} | ${-3}    | ${'1000'}    | ${'to thousands'}
  ${'1500'}            | ${'nearest'} | ${-3}    | ${'2000'}    | ${'half a thousand goes up'}
  ${'1'}               | ${'up'}      | ${-6}    | ${'1000000'} | ${'begun millions'}
  ${'0.123456'}        | ${'down'}    | ${2}     | ${'0.12'}    | ${'to hundredths'}
`('$quantity $mode to $decimals decimals: $because', ({ quantity, mode, decimals, expected }) => {
  expect(roundQuantity(used(quantity), { mode, decimals }).quantity.toFixed()).toBe(expected);
});

it('rounds each group as if it were alone, so that they still add up', () => {
  const group = (value: string, quantity: string) => ({ ...NO_USAGE, values: [value], quantity: d(quantity) });
  const rounded = roundQuantity(used('2.4', { groups: [group('a', '1.2'), group('b', '1.2')] }), {
    mode: 'up',
    decimals: 0,
  });
  expect(rounded.groups!.map(({ quantity }) => quantity.toFixed())).toEqual(['2', '2']);
  expect(rounded.quantity.toFixed()).toBe('4');
});

it('leaves usage alone where nothing is agreed', () => {
  const usage = used('1.5');
  expect(roundQuantity(usage, null)).toBe(usage);
});
