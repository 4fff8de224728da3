import { Decimal, ZERO } from '../../kernel';
import { exemptionReasonCode, TAX_CATEGORIES } from './tax-category';
import { taxInvoice } from './tax-invoice';
import type { StoredTaxRate, TaxBehaviour } from './tax-rate';
import { ratesByTable, type TaxableLine } from './tax-request';
import { type CustomerTax, TAXED } from './tax-status';

const VAT: StoredTaxRate = {
  id: 'vat',
  key: 'de-vat',
  name: 'USt',
  tax: 'vat',
  percent: new Decimal(19),
  behaviour: 'exclusive',
  category: 'S',
  reason: null,
  country: 'DE',
  region: null,
  city: null,
  taxCode: null,
  validFrom: null,
  validTo: null,
};
const INSURANCE: StoredTaxRate = {
  ...VAT,
  id: 'insurance',
  key: 'de-insurance',
  percent: ZERO,
  category: 'E',
  reason: 'Exempt under article 135 (1) (a)',
  taxCode: 'insurance',
};

const customer = (status: Partial<CustomerTax>, country: string, timeZone = 'UTC') => ({
  ...{ ...TAXED, ...status },
  timeZone,
  place: { country, region: null, city: null },
});
const line = (change: Partial<TaxableLine> = {}): TaxableLine => ({
  id: 'line',
  amount: new Decimal(119),
  taxCode: null,
  behaviour: null,
  at: new Date('2026-02-01T00:00:00Z'),
  ...change,
});

it.each`
  status                                              | country | taxCode        | shown                                          | because
  ${{}}                                               | ${'DE'} | ${null}        | ${'USt 19 S, null'}                            | ${'taxed where they are'}
  ${{}}                                               | ${'US'} | ${null}        | ${null}                                        | ${'no rate is for there'}
  ${{}}                                               | ${'DE'} | ${'insurance'} | ${'USt 0 E, Exempt under article 135 (1) (a)'} | ${'the product is exempt'}
  ${{ status: 'exempt', reason: 'Embassy' }}          | ${'DE'} | ${null}        | ${'Tax exempt 0 E, Embassy'}                   | ${'the customer is exempt'}
  ${{ status: 'exempt', reason: 'Embassy' }}          | ${'US'} | ${null}        | ${'Tax exempt 0 E, Embassy'}                   | ${'wherever they are'}
  ${{ status: 'reverse_charge' }}                     | ${'FR'} | ${null}        | ${'Reverse charge 0 AE, Reverse charge'}       | ${'the customer owes it'}
  ${{ status: 'reverse_charge', reason: 'Art. 196' }} | ${'FR'} | ${null}        | ${'Reverse charge 0 AE, Art. 196'}             | ${'in words of one’s own'}
  ${{ status: 'reverse_charge' }}                     | ${'DE'} | ${'insurance'} | ${'USt 0 E, Exempt under article 135 (1) (a)'} | ${'nobody owes it'}
  ${{ rates: ['de-vat'] }}                            | ${'US'} | ${null}        | ${'USt 19 S, null'}                            | ${'their own rate goes with them'}
`('$status in $country, $taxCode: $because', ({ status, country, taxCode, shown }) => {
  const [rates] = ratesByTable([VAT, INSURANCE], customer(status, country), [line({ taxCode })]);
  const texts = rates!.map(
    ({ name, percent, category, reason }) => `${name} ${percent.toFixed()} ${category}, ${reason}`,
  );
  expect(texts).toEqual(shown === null ? [] : [shown]);
});

it.each`
  ofLine         | ofRate         | status              | together       | because
  ${null}        | ${'inclusive'} | ${'taxed'}          | ${'inclusive'} | ${'the price leaves it to the rate'}
  ${'exclusive'} | ${'inclusive'} | ${'taxed'}          | ${'exclusive'} | ${'the price says it'}
  ${'inclusive'} | ${'exclusive'} | ${'taxed'}          | ${'inclusive'} | ${'the price says it'}
  ${null}        | ${'inclusive'} | ${'reverse_charge'} | ${'exclusive'} | ${'no tax has to be anywhere'}
`('a line $ofLine, a rate $ofRate, $status: $because', ({ ofLine, ofRate, status, together }) => {
  const rates = [{ ...VAT, behaviour: ofRate as TaxBehaviour }];
  const [[rate] = []] = ratesByTable(rates, customer({ status }, 'DE'), [line({ behaviour: ofLine })]);
  expect(rate!.behaviour).toBe(together);
});

it('a price with tax is what is asked, whatever the tax: who owes none pays it as the net', () => {
  const of = (status: Partial<CustomerTax>) => {
    const lines = [line({ behaviour: 'inclusive' })];
    const [rates] = ratesByTable([VAT], customer(status, 'DE'), lines);
    const { net, tax, gross } = taxInvoice('EUR', [{ amount: lines[0]!.amount, rates: rates! }]);
    return [net, tax, gross].map((each) => each.toFixed());
  };
  expect(of({})).toEqual(['100', '19', '119']);
  expect(of({ status: 'reverse_charge' })).toEqual(['119', '0', '119']);
});

it.each`
  at                            | timeZone             | percent | because
  ${'2026-01-31T12:00:00Z'}     | ${'UTC'}             | ${'19'} | ${'a day before'}
  ${'2026-02-01T00:00:00Z'}     | ${'UTC'}             | ${'19'} | ${'the service ended with January'}
  ${'2026-02-01T00:00:00.001Z'} | ${'UTC'}             | ${'20'} | ${'it reached into February'}
  ${'2026-01-31T23:30:00Z'}     | ${'Europe/Berlin'}   | ${'20'} | ${'it is February already in Berlin'}
  ${'2026-02-01T05:00:00Z'}     | ${'America/Chicago'} | ${'19'} | ${'it is January still in Chicago'}
`('a service that ends before $at in $timeZone bears $percent: $because', ({ at, timeZone, percent }) => {
  const rates = [
    { ...VAT, validTo: '2026-02-01' },
    { ...VAT, id: 'new', percent: new Decimal(20), validFrom: '2026-02-01' },
  ];
  const [[rate] = []] = ratesByTable(rates, customer({}, 'DE', timeZone), [line({ at: new Date(at) })]);
  expect(rate!.percent.toFixed()).toBe(percent);
});

it('categories that ask nothing have a code by which machines know why, but for an exemption', () => {
  expect(TAX_CATEGORIES.map((category) => exemptionReasonCode(category))).toEqual([
    ...[null, null, null],
    ...['VATEX-EU-AE', 'VATEX-EU-IC', 'VATEX-EU-G', 'VATEX-EU-O'],
  ]);
});
