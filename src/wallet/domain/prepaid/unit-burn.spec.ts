import { Decimal } from '../../../kernel';
import { unitsOf } from '.';

const TABLE = new Map([
  ['tokens', new Decimal('0.001')],
  ['images', new Decimal('5')],
]);

it.each`
  quantities                         | units                  | because
  ${{}}                              | ${'0'}                 | ${'nothing was used'}
  ${{ tokens: '1200', images: '2' }} | ${'11.2'}              | ${'1.2 + 10'}
  ${{ tokens: '0.000000000001' }}    | ${'0.000000000000001'} | ${'15 decimals, none lost'}
  ${{ minutes: '60' }}               | ${'0'}                 | ${'a meter without a row takes nothing'}
  ${{ images: '-1' }}                | ${'-5'}                | ${'usage was taken back'}
`('$quantities: $because', ({ quantities, units }) => {
  const of = new Map(
    Object.entries(quantities as Record<string, string>).map(([meter, used]) => [meter, new Decimal(used)]),
  );
  expect(unitsOf(of, TABLE).toFixed()).toBe(units);
});
