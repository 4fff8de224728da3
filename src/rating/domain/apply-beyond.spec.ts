import { Decimal } from '../../kernel';
import { applyBeyond } from './apply-beyond';

const d = (text: string): Decimal => new Decimal(text);

it.each`
  quantity | beyond                   | billable | kinds          | because
  ${'0'}   | ${'block'}               | ${'0'}   | ${[]}          | ${'all of it was covered'}
  ${'5'}   | ${'overage'}             | ${'5'}   | ${[]}          | ${'the price charges it'}
  ${'5'}   | ${'block'}               | ${'0'}   | ${['blocked']} | ${'nobody charges it, and it is told'}
  ${'5'}   | ${{ price: 'standard' }} | ${'0'}   | ${['moved']}   | ${'another price charges it'}
`('$quantity units beyond: $because', ({ quantity, beyond, billable, kinds }) => {
  const after = applyBeyond(d(quantity), d('100'), beyond);
  expect(after.billable.toFixed()).toBe(billable);
  expect(after.rows.map(({ kind }) => kind)).toEqual(kinds);
  for (const row of after.rows) expect(row).toMatchObject({ from: d('100'), quantity: d(quantity), amount: d('0') });
  expect(after.movedTo).toEqual(typeof beyond === 'string' ? null : { price: 'standard', quantity: d(quantity) });
});
