import { Decimal } from '../../kernel';
import type { TaxBehaviour, TaxRate } from '../../taxes/domain';
import type { InvoiceStatus } from './invoice-state';
import { amountDueOf } from './invoice-state';
import { totalInvoice } from './total-invoice';

const rate = (key: string, percent: string, behaviour: TaxBehaviour = 'exclusive'): TaxRate => ({
  ...{ key, name: key.toUpperCase(), percent: new Decimal(percent), behaviour, category: 'S', reason: null },
});
const line = (exact: string, amount: string, ...rates: TaxRate[]) => ({
  ...{ amount: new Decimal(amount), exactAmount: new Decimal(exact), rates },
});
const REVERSE: TaxRate = { ...rate('reverse_charge', '0'), category: 'AE', reason: 'Reverse charge' };

it.each`
  currency | lines                                                                             | subtotal    | tax        | total       | because
  ${'EUR'} | ${[line('100', '100', rate('vat', '19')), line('20', '20', rate('vat', '19'))]}   | ${'120'}    | ${'22.8'}  | ${'142.8'}  | ${'tax comes on top of all lines'}
  ${'EUR'} | ${[line('119', '119', rate('vat', '19', 'inclusive'))]}                           | ${'100'}    | ${'19'}    | ${'119'}    | ${'what is within is not asked again'}
  ${'EUR'} | ${[line('100', '100', rate('vat', '19')), line('-10', '-10', rate('vat', '19'))]} | ${'90'}     | ${'17.1'}  | ${'107.1'}  | ${'a discount is off before tax'}
  ${'EUR'} | ${[line('100', '100', REVERSE)]}                                                  | ${'100'}    | ${'0'}     | ${'100'}    | ${'the customer owes the tax to others'}
  ${'EUR'} | ${[line('9.995', '10'), line('0.004', '0')]}                                      | ${'10'}     | ${'0'}     | ${'10'}     | ${'without rates it is what it was'}
  ${'EUR'} | ${[]}                                                                             | ${'0'}      | ${'0'}     | ${'0'}      | ${'nothing to ask for'}
  ${'KWD'} | ${[line('12.345', '12.345', rate('vat', '5'))]}                                   | ${'12.345'} | ${'0.617'} | ${'12.962'} | ${'three decimals'}
`('$total $currency: $because', ({ currency, lines, subtotal, tax, total }) => {
  const totalled = totalInvoice(lines, currency);
  expect([totalled.subtotal, totalled.taxTotal, totalled.total].map((each) => each.toFixed())).toEqual([
    subtotal,
    tax,
    total,
  ]);
});

it('says taxes of lines and of the invoice in text, as they are stored, and what lines were before they were rounded', () => {
  const vat = rate('vat', '19');
  const { lines, taxes, exactTotal } = totalInvoice([line('99.996', '100', vat), line('10', '10', REVERSE)], 'EUR');
  const stored = { key: 'vat', name: 'VAT', percent: '19', behaviour: 'exclusive', category: 'S', reason: null };
  const reverse = { ...stored, key: 'reverse_charge', name: 'REVERSE_CHARGE', percent: '0', category: 'AE' };
  expect(taxes).toEqual([
    { ...stored, base: '100', amount: '19' },
    { ...reverse, base: '10', amount: '0', reason: 'Reverse charge' },
  ]);
  expect(lines.map((each) => each.taxes)).toEqual(taxes.map((each) => [each]));
  expect(exactTotal.toFixed()).toBe('109.996');
});

it.each`
  status             | total    | credited | credit  | paid    | due        | because
  ${'finalized'}     | ${142.8} | ${0}     | ${0}    | ${0}    | ${'142.8'} | ${'nothing happened yet'}
  ${'finalized'}     | ${142.8} | ${10}    | ${40}   | ${50}   | ${'42.8'}  | ${'each takes its part off'}
  ${'paid'}          | ${142.8} | ${0}     | ${42.8} | ${100}  | ${'0'}     | ${'all is paid'}
  ${'uncollectible'} | ${142.8} | ${0}     | ${0}    | ${42.8} | ${'100'}   | ${'given up is still owed'}
  ${'void'}          | ${142.8} | ${0}     | ${0}    | ${50}   | ${'0'}     | ${'nothing is due of what is void'}
  ${'paid'}          | ${-5}    | ${0}     | ${0}    | ${0}    | ${'0'}     | ${'a total below zero is credit'}
`('$due is due of $total, $status: $because', ({ status, total, credited, credit, paid, due }) => {
  const invoice = {
    status: status as InvoiceStatus,
    total: new Decimal(total),
    credited: new Decimal(credited),
    // Credit of either kind counts alike.
    creditApplied: new Decimal(credit).dividedBy(2),
    prepaidApplied: new Decimal(credit).dividedBy(2),
    amountPaid: new Decimal(paid),
  };
  expect(amountDueOf(invoice).toFixed()).toBe(due);
});
