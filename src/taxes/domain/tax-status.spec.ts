import { Decimal, ZERO } from '../../kernel';
import type { TaxRate } from './tax-rate';
import { checkTaxes, type TaxRequest, taxesByTable } from './tax-request';
import { type CustomerTax, TAXABLE } from './tax-status';

const VAT: TaxRate = {
  id: 'vat',
  key: 'de-vat',
  name: 'USt',
  tax: 'vat',
  percent: new Decimal(19),
  category: 'S',
  reason: null,
  country: 'DE',
  region: null,
  city: null,
  taxCode: null,
  validFrom: null,
  validTo: null,
};
const INSURANCE: TaxRate = {
  ...VAT,
  id: 'insurance',
  key: 'de-insurance',
  percent: ZERO,
  category: 'E',
  reason: 'Exempt under article 135 (1) (a)',
  taxCode: 'insurance',
};

function request(customer: Partial<CustomerTax>, country: string, lines: Partial<TaxRequest['lines'][number]>[]) {
  const place = { country, region: null, city: null };
  return {
    currency: 'EUR',
    customer: { id: 'customer', taxId: null, place, ...TAXABLE, ...customer },
    lines: lines.map((line, index) => ({
      ...{ key: String(index), amount: new Decimal(119), behaviour: 'exclusive' as const, taxCode: null },
      ...{ on: '2026-01-31', ...line },
    })),
  };
}

it.each`
  status                                              | country | taxCode        | shown                                                   | because
  ${{}}                                               | ${'DE'} | ${null}        | ${'USt 19 S, null null, 22.61'}                         | ${'taxed where they are'}
  ${{}}                                               | ${'US'} | ${null}        | ${null}                                                 | ${'no rate is for there'}
  ${{}}                                               | ${'DE'} | ${'insurance'} | ${'USt 0 E, Exempt under article 135 (1) (a) null, 0'}  | ${'the product is exempt'}
  ${{ status: 'exempt', reason: 'Embassy' }}          | ${'DE'} | ${null}        | ${'Tax exempt 0 E, Embassy null, 0'}                    | ${'the customer is exempt'}
  ${{ status: 'exempt', reason: 'Embassy' }}          | ${'US'} | ${null}        | ${'Tax exempt 0 E, Embassy null, 0'}                    | ${'wherever they are'}
  ${{ status: 'reverse_charge' }}                     | ${'FR'} | ${null}        | ${'Reverse charge 0 AE, Reverse charge VATEX-EU-AE, 0'} | ${'the customer owes it'}
  ${{ status: 'reverse_charge', reason: 'Art. 196' }} | ${'FR'} | ${null}        | ${'Reverse charge 0 AE, Art. 196 VATEX-EU-AE, 0'}       | ${'in words of one’s own'}
  ${{ status: 'reverse_charge' }}                     | ${'DE'} | ${'insurance'} | ${'USt 0 E, Exempt under article 135 (1) (a) null, 0'}  | ${'nobody owes it'}
  ${{ rates: ['de-vat'] }}                            | ${'US'} | ${null}        | ${'USt 19 S, null null, 22.61'}                         | ${'their own rate goes with them'}
`('$status in $country, $taxCode: $because', ({ status, country, taxCode, shown }) => {
  const asked = request(status, country, [{ taxCode }]);
  const [line] = checkTaxes(asked, taxesByTable([VAT, INSURANCE], asked)).lines;
  const texts = line!.taxes.map(
    ({ name, percent, category, reason, reasonCode, amount }) =>
      `${name} ${percent.toFixed()} ${category}, ${reason} ${reasonCode}, ${amount.toFixed()}`,
  );
  expect(texts).toEqual(shown === null ? [] : [shown]);
});

it('a price with tax is what is asked, whatever the tax: who owes none pays it as the net', () => {
  const of = (status: Partial<CustomerTax>) => {
    const { net, tax, gross } = taxesByTable([VAT], request(status, 'DE', [{ behaviour: 'inclusive' }]));
    return [net, tax, gross].map((each) => each.toFixed());
  };
  expect(of({})).toEqual(['100', '19', '119']);
  expect(of({ status: 'reverse_charge' })).toEqual(['119', '0', '119']);
});

it('each line has the rate of its own day', () => {
  const rates = [
    { ...VAT, validTo: '2026-02-01' },
    { ...VAT, id: 'new', percent: new Decimal(20), validFrom: '2026-02-01' },
  ];
  const { lines } = taxesByTable(rates, request({}, 'DE', [{}, { on: '2026-02-28' }]));
  expect(lines.map(({ taxes }) => taxes[0]!.percent.toFixed())).toEqual(['19', '20']);
});

describe('an answer is held against what was asked', () => {
  const asked = request({}, 'DE', [{}, { behaviour: 'inclusive' }]);
  const answer = taxesByTable([VAT], asked);
  const cent = new Decimal('0.01');

  it('and stands', () => {
    expect(checkTaxes(asked, answer)).toBe(answer);
  });

  it.each([
    ['a line is missing', { lines: answer.lines.slice(1) }],
    ['lines are in another order', { lines: [...answer.lines].reverse() }],
    ['a line’s taxes don’t add up', { lines: answer.lines.map((line) => ({ ...line, tax: line.tax.plus(cent) })) }],
    ['a price was changed', { lines: answer.lines.map((line) => ({ ...line, net: line.net.plus(cent), gross: line.gross.plus(cent) })) }], // prettier-ignore
    ['the lines don’t come to the invoice', { tax: answer.tax.plus(cent) }],
    ['the rates don’t', { totals: answer.totals.slice(1) }],
    ['the gross doesn’t', { gross: answer.gross.plus(cent) }],
  ])('or not: %s', (_because, change) => {
    expect(() => checkTaxes(asked, { ...answer, ...change })).toThrow('Expected always to hold');
  });
});
