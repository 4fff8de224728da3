import { Decimal } from '../../kernel';
import { itemLine } from './invoice-item';

const DAY = { start: new Date('2026-03-05T00:00:00Z'), end: new Date('2026-03-06T00:00:00Z') };

it.each`
  currency | quantity   | unitAmount  | exact         | amount       | because
  ${'EUR'} | ${'1'}     | ${'500'}    | ${'500'}      | ${'500'}     | ${'one of something'}
  ${'EUR'} | ${'2.5'}   | ${'99.99'}  | ${'249.975'}  | ${'249.98'}  | ${'half a cent goes up'}
  ${'EUR'} | ${'2.5'}   | ${'-99.99'} | ${'-249.975'} | ${'-249.98'} | ${'a credit is rounded alike'}
  ${'JPY'} | ${'0.5'}   | ${'3'}      | ${'1.5'}      | ${'2'}       | ${'yen have no part'}
  ${'KWD'} | ${'0.333'} | ${'1.25'}   | ${'0.41625'}  | ${'0.416'}   | ${'dinars have a thousand'}
  ${'USD'} | ${'1000'}  | ${'0.0004'} | ${'0.4'}      | ${'0.4'}     | ${'a unit may cost less than a cent'}
`('$quantity at $unitAmount $currency: $because', ({ currency, quantity, unitAmount, exact, amount }) => {
  const line = itemLine('id', {
    ...{ currency, description: 'Advice', taxCode: 'services', taxBehaviour: null, buys: null, servicePeriod: DAY },
    quantity: new Decimal(quantity),
    unitAmount: new Decimal(unitAmount),
  });
  expect([line.exactAmount.toFixed(), line.amount.toFixed()]).toEqual([exact, amount]);
  expect(line.breakdown.map((row) => row.amount.toFixed())).toEqual([exact]);
  expect(line.steps[0]).toBe(`${quantity} × ${unitAmount} = ${exact}.`);
  expect(line).toMatchObject({ kind: 'item', key: 'item', itemId: 'id', plan: null, price: null, taxCode: 'services' });
});
