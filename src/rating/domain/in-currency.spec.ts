import { Decimal } from '../../kernel';
import { chargeGraduated } from './charge-graduated';
import { inCurrency } from './in-currency';

const d = (text: string): Decimal => new Decimal(text);

it('turns what a model charged in credits into money, row by row', () => {
  const rows = chargeGraduated(d('12'), [
    { upTo: d('10'), unitPrice: d('2') },
    { upTo: null, unitPrice: d('1.5'), flatFee: d('5') },
  ]);
  const charged = inCurrency(rows, { key: 'credit', name: 'credits', rate: d('0.01') }, 'USD');
  expect(charged.units).toEqual({ key: 'credit', amount: d('28') });
  expect(
    charged.rows.map(
      (row) => `${row.description}: ${row.quantity.toFixed()} × ${row.unitPrice!.toFixed()} = ${row.amount.toFixed()}`,
    ),
  ).toEqual([
    'Tier 1, up to 10: at 2 each (2 credits at 0.01 USD): 10 × 0.02 = 0.2',
    'Tier 2, above 10: at 1.5 each (1.5 credits at 0.01 USD): 2 × 0.015 = 0.03',
    'Tier 2: fixed fee (5 credits at 0.01 USD): 1 × 0.05 = 0.05',
  ]);
});

it('leaves rows that cost nothing as they are', () => {
  const free = chargeGraduated(d('3'), [{ upTo: null, unitPrice: d('0') }]);
  expect(inCurrency(free, { key: 'credit', name: 'credits', rate: d('0.01') }, 'USD').rows).toEqual(free);
});
