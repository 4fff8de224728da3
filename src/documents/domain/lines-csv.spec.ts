import { documentLine, documentOf, taxRate } from '../../../test/support/documents';
import { linesCsv } from './lines-csv';
import { shownAmount, shownDays, shownNumber } from './shown';
import { Decimal } from '../../kernel';

const HEAD =
  'invoice,position,kind,key,description,plan,plan_version,meter,quantity,events,exact_amount,amount,currency,service_start,service_end,subscription,net,tax,tax_rates';
const FEBRUARY = '2026-02-01T00:00:00.000Z,2026-03-01T00:00:00.000Z';

it.each`
  line                                                                                                     | row                                                      | because
  ${documentLine('base', '99.00', { description: 'Base fee' })}                                            | ${'price,base,Base fee,pro,3,,1,0,99,99.00'}             | ${'nothing is measured'}
  ${documentLine('t', '33.75', { meter: 'Tokens', quantity: '4000.5', events: 7, description: 'Tokens' })} | ${'price,t,Tokens,pro,3,Tokens,4000.5,7,33.75,33.75'}    | ${'numbers have no separators'}
  ${documentLine('d', '-1.00', { kind: 'discount', description: '-10 per cent' })}                         | ${"discount,d,'-10 per cent,pro,3,,1,0,-1,-1.00"}        | ${'a name is no formula, a number stays one'}
  ${documentLine('q', '1.00', { description: 'Tokens, "in" and\nout' })}                                   | ${'price,q,"Tokens, ""in"" and\nout",pro,3,,1,0,1,1.00'} | ${'commas, quotes and line ends are quoted'}
`('a line of the CSV: $because', ({ line, row }) => {
  const amount = row.split(',').at(-1);
  const taxes = `acme-pro,${amount},0.00,`;
  expect(linesCsv(documentOf([line]))).toBe(`${HEAD}\r\nINV-000042,1,${row},USD,${FEBRUARY},${taxes}\r\n`);
});

it.each`
  line                                                                                          | row                                           | because
  ${documentLine('a', '100.00', { rates: [taxRate('VAT', '19')] })}                             | ${'acme-pro,100.00,19.00,VAT 19%'}            | ${'a tax on top'}
  ${documentLine('a', '119.00', { rates: [taxRate('VAT', '19', { behaviour: 'inclusive' })] })} | ${'acme-pro,100.00,19.00,VAT 19%'}            | ${'a tax within: net and tax are the same'}
  ${documentLine('a', '100.00', { rates: [taxRate('GST', '5'), taxRate('QST', '9.975')] })}     | ${'acme-pro,100.00,14.98,GST 5%; QST 9.975%'} | ${'two taxes, 5.00 and 9.975 rounded to 9.98'}
  ${documentLine('a', '100.00', { part: null, plan: null, rates: [taxRate('=EVIL()', '0')] })}  | ${",100.00,0.00,'=EVIL() 0%"}                 | ${'an item has no subscription; a name of a tax is no formula'}
`('taxes in the CSV: $because', ({ line, row }) => {
  expect(
    linesCsv(documentOf([line]))
      .trimEnd()
      .split('\r\n')[1]!
      .endsWith(`,${row}`),
  ).toBe(true);
});

it('of a draft has no number', () => {
  const csv = linesCsv(documentOf([documentLine('base', '1.00')], { number: null }));
  expect(csv.split('\r\n')[1]).toMatch(/^,1,price/);
});

it.each`
  value              | shown              | because
  ${'1234567.25'}    | ${'1,234,567.25'}  | ${'thousands are set apart'}
  ${'-1000'}         | ${'−1,000'}        | ${'a true minus, as wide as a plus'}
  ${'0.000012'}      | ${'0.000012'}      | ${'small prices have no exponent, and no separators behind the point'}
  ${'0.12345678901'} | ${'0.1234567890…'} | ${'what is cut off is hinted at'}
  ${'999'}           | ${'999'}           | ${'nothing to set apart'}
`('the number $value is shown as $shown: $because', ({ value, shown }) => {
  expect(shownNumber(new Decimal(value))).toBe(shown);
});

it('amounts have the decimals of their currency, days are written out', () => {
  expect(shownAmount(new Decimal('1234.5'), 'USD')).toBe('1,234.50');
  expect(shownAmount(new Decimal('1234'), 'JPY')).toBe('1,234');
  expect(shownAmount(new Decimal('-1.5'), 'KWD')).toBe('−1.500');
  expect(shownDays({ first: '2026-02-01', last: '2026-02-28' })).toBe('1 Feb 2026 – 28 Feb 2026');
  expect(shownDays({ first: '2026-12-31', last: '2026-12-31' })).toBe('31 Dec 2026');
});
