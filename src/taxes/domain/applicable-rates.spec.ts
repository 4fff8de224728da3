import { Decimal } from '../../kernel';
import { applicableRates } from './applicable-rates';
import { type NewTaxRate, overlap, sameScope, type StoredTaxRate, taxRateProblems } from './tax-rate';

/** A rate in few words; what isn't said is everywhere, for everything and always. */
function rate(key: string, tax: string, percent: string, change: Partial<NewTaxRate> = {}): StoredTaxRate {
  return {
    id: `${key} of ${change.validFrom ?? 'ever'}`,
    key,
    name: key,
    tax,
    percent: new Decimal(percent),
    behaviour: 'exclusive',
    category: percent === '0' ? 'G' : 'S',
    reason: null,
    country: null,
    region: null,
    city: null,
    taxCode: null,
    validFrom: null,
    validTo: null,
    ...change,
  };
}

const RATES = [
  rate('world', 'vat', '0'),
  rate('qst', 'qst', '9.975', { country: 'CA', region: 'QC' }),
  rate('gst', 'gst', '5', { country: 'CA' }),
  rate('hst-on', 'gst', '13', { country: 'CA', region: 'ON' }),
  rate('gst-food', 'gst', '0', { country: 'CA', taxCode: 'food' }),
  rate('world-ca', 'vat', '0', { country: 'CA', category: 'O' }),
  rate('us-tx', 'state', '6.25', { country: 'US', region: 'TX' }),
  rate('us-austin', 'city', '1', { country: 'US', region: 'TX', city: 'Austin' }),
  rate('us-none', 'vat', '0', { country: 'US', category: 'O' }),
  rate('de', 'vat', '16', { country: 'DE', validFrom: '2020-07-01', validTo: '2021-01-01' }),
  rate('de', 'vat', '19', { country: 'DE', validTo: '2020-07-01' }),
  rate('de', 'vat', '19', { country: 'DE', validFrom: '2021-01-01' }),
  rate('de-books', 'vat', '7', { country: 'DE', taxCode: 'books' }),
  rate('books', 'vat', '0', { taxCode: 'books', category: 'O' }),
];

it.each`
  place               | taxCode    | on              | own                    | found                                         | because
  ${'DE'}             | ${null}    | ${'2026-06-30'} | ${null}                | ${['de 19']}                                  | ${'a country goes before everywhere'}
  ${'DE'}             | ${null}    | ${'2020-06-30'} | ${null}                | ${['de 19']}                                  | ${'the day before it was lowered'}
  ${'DE'}             | ${null}    | ${'2020-07-01'} | ${null}                | ${['de 16']}                                  | ${'the first day'}
  ${'DE'}             | ${null}    | ${'2020-12-31'} | ${null}                | ${['de 16']}                                  | ${'the last day'}
  ${'DE'}             | ${null}    | ${'2021-01-01'} | ${null}                | ${['de 19']}                                  | ${'validTo is the first day that it no longer holds'}
  ${'DE'}             | ${'books'} | ${'2026-06-30'} | ${null}                | ${['de-books 7']}                             | ${'the product’s goes before the country’s'}
  ${'DE'}             | ${'shoes'} | ${'2026-06-30'} | ${null}                | ${['de 19']}                                  | ${'nothing is said of shoes'}
  ${'FR'}             | ${null}    | ${'2026-06-30'} | ${null}                | ${['world 0']}                                | ${'nothing is said of France'}
  ${'FR'}             | ${'books'} | ${'2026-06-30'} | ${null}                | ${['books 0']}                                | ${'of everywhere, the product’s'}
  ${null}             | ${null}    | ${'2026-06-30'} | ${null}                | ${['world 0']}                                | ${'the place isn’t known'}
  ${'CA AB Calgary'}  | ${null}    | ${'2026-06-30'} | ${null}                | ${['gst 5', 'world-ca 0']}                    | ${'one of each tax'}
  ${'CA QC Montréal'} | ${null}    | ${'2026-06-30'} | ${null}                | ${['gst 5', 'world-ca 0', 'qst 9.975']}       | ${'taxes add up, the country’s first'}
  ${'CA ON Toronto'}  | ${null}    | ${'2026-06-30'} | ${null}                | ${['world-ca 0', 'hst-on 13']}                | ${'the region’s takes the place of the country’s'}
  ${'CA ON Toronto'}  | ${'food'}  | ${'2026-06-30'} | ${null}                | ${['gst-food 0', 'world-ca 0']}               | ${'a product’s rule holds in all regions'}
  ${'US TX  austin '} | ${null}    | ${'2026-06-30'} | ${null}                | ${['us-none 0', 'us-tx 6.25', 'us-austin 1']} | ${'a city is found however it is written'}
  ${'US TX Dallas'}   | ${null}    | ${'2026-06-30'} | ${null}                | ${['us-none 0', 'us-tx 6.25']}                | ${'another city'}
  ${'US CA Austin'}   | ${null}    | ${'2026-06-30'} | ${null}                | ${['us-none 0']}                              | ${'a city of that name elsewhere'}
  ${'FR'}             | ${null}    | ${'2020-08-01'} | ${['de']}              | ${['de 16']}                                  | ${'one’s own rate, in its version of the day'}
  ${'DE'}             | ${null}    | ${'2026-06-30'} | ${['de-books', 'qst']} | ${['qst 9.975']}                              | ${'one’s own rate of a product is for that product'}
  ${'DE'}             | ${null}    | ${'2026-06-30'} | ${[]}                  | ${[]}                                         | ${'own rates, none of them'}
`('$place, $taxCode, $on, own $own: $because', ({ place, taxCode, on, own, found }) => {
  const [country = null, region = null, ...city] = place === null ? [] : (place as string).split(' ');
  const where = { country, region, city: city.join(' ') || null };
  const query = { place: place === null ? null : where, taxCode, on, ownRates: own };
  const shown = (rates: readonly StoredTaxRate[]) => rates.map(({ key, percent }) => `${key} ${percent.toFixed()}`);
  expect(shown(applicableRates(RATES, query))).toEqual(found);
  expect(shown(applicableRates([...RATES].reverse(), query))).toEqual(found);
});

it.each`
  change                                                 | field         | because
  ${{}}                                                  | ${null}       | ${'it can be'}
  ${{ percent: '0', category: 'Z' }}                     | ${null}       | ${'taxed at zero'}
  ${{ percent: '0', category: 'AE' }}                    | ${null}       | ${'a category that says why by itself'}
  ${{ percent: '0', category: 'E', reason: 'Art. 132' }} | ${null}       | ${'exempt, and it is said why'}
  ${{ percent: '0', category: 'E' }}                     | ${'reason'}   | ${'an exemption needs its reason'}
  ${{ percent: '0', category: 'S' }}                     | ${'category'} | ${'why is nothing asked'}
  ${{ category: 'E', reason: 'Art. 132' }}               | ${'category'} | ${'exempt, and yet 19 %'}
  ${{ reason: 'because' }}                               | ${'reason'}   | ${'what is taxed needs no reason'}
  ${{ region: 'QC' }}                                    | ${'country'}  | ${'a region of which country'}
  ${{ city: 'Austin' }}                                  | ${'country'}  | ${'a city of which country'}
  ${{ validFrom: '2026-02-01', validTo: '2026-02-01' }}  | ${'validTo'}  | ${'it would hold for no day'}
`('a rate with $change: $because', ({ change, field }) => {
  const { percent = '19', ...rest } = change as { percent?: string } & Partial<NewTaxRate>;
  const problems = taxRateProblems(rate('vat', 'vat', percent, { category: 'S', ...rest }));
  expect(problems.map((each) => each.field)).toEqual(field === null ? [] : [field]);
});

it.each`
  one                             | other                           | together | because
  ${[null, null]}                 | ${[null, null]}                 | ${true}  | ${'both always'}
  ${[null, '2026-01-01']}         | ${['2026-01-01', null]}         | ${false} | ${'one ends as the other begins'}
  ${[null, '2026-01-02']}         | ${['2026-01-01', null]}         | ${true}  | ${'a day in common'}
  ${['2026-01-01', null]}         | ${['2027-01-01', null]}         | ${true}  | ${'both without an end'}
  ${['2026-01-01', '2026-02-01']} | ${['2025-01-01', '2025-02-01']} | ${false} | ${'a year between'}
`('rates of $one and $other overlap: $together, since $because', ({ one, other, together }) => {
  const of = ([validFrom, validTo]: [string | null, string | null]) => rate('v', 'v', '1', { validFrom, validTo });
  expect([overlap(of(one), of(other)), overlap(of(other), of(one))]).toEqual([together, together]);
});

it('rates are for the same where neither is narrower', () => {
  const austin = rate('a', 'city', '1', { country: 'US', region: 'TX', city: 'Austin' });
  expect(sameScope(austin, { ...austin, key: 'b', city: 'AUSTIN ', percent: new Decimal(2) })).toBe(true);
  for (const change of [{ tax: 't' }, { country: 'CA' }, { region: null }, { city: null }, { taxCode: 'x' }]) {
    expect(sameScope(austin, { ...austin, ...change })).toBe(false);
  }
});
