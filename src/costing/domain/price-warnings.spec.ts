import { compileModelPrice, type PriceRow } from './model-price';
import { priceWarnings } from './price-warnings';

const MILLION = '1000000';

function row(units: PriceRow['units'], change: Partial<PriceRow> = {}): PriceRow & { id: number } {
  const span = { validFrom: null, validTo: null, dailyFrom: null, dailyTo: null };
  return {
    id: 1,
    provider: 'openai',
    model: 'gpt-4o',
    match: null,
    position: 0,
    ...span,
    currency: 'USD',
    units,
    ...change,
  };
}
const perMillion = (amount: string, tier?: string) => ({
  per: MILLION,
  amount,
  ...(tier === undefined ? {} : { tiers: [{ above: '200000', amount: tier }] }),
});
const LISTED = compileModelPrice(row({ input: perMillion('2.5', '5'), output: perMillion('10') }));

it.each`
  own                                                                       | fields                                           | because
  ${row({ input: perMillion('2.5'), output: perMillion('10') })}            | ${[]}                                            | ${'as listed'}
  ${row({ input: perMillion('0.25') })}                                     | ${[]}                                            | ${'a tenth is a good contract'}
  ${row({ input: perMillion('0.2499') })}                                   | ${['units.input.amount']}                        | ${'less than that is a slip'}
  ${row({ input: perMillion('25') })}                                       | ${[]}                                            | ${'ten times'}
  ${row({ input: perMillion('25.01') })}                                    | ${['units.input.amount']}                        | ${'and more'}
  ${row({ input: perMillion('0.0000025'), output: perMillion('0.00001') })} | ${['units.input.amount', 'units.output.amount']} | ${'typed per token instead of per million'}
  ${row({ input: { per: '1', amount: '2.5' } })}                            | ${['units.input.amount']}                        | ${'typed per million and said to be per token'}
  ${row({ input: perMillion('0') })}                                        | ${['units.input.amount']}                        | ${'nothing for what the provider charges'}
  ${row({ input: perMillion('2.5', '50.1') })}                              | ${['units.input.tiers[0].amount']}               | ${'a step is held against the step'}
  ${row({ webSearches: { per: '1', amount: '10' } })}                       | ${[]}                                            | ${'nothing is listed to hold it against'}
  ${row({ input: perMillion('250') }, { currency: 'JPY' })}                 | ${[]}                                            | ${'another currency has other amounts'}
  ${row({}, { factor: '0.5' })}                                             | ${[]}                                            | ${'half the price'}
  ${row({}, { factor: '0.05' })}                                            | ${['factor']}                                    | ${'95 per cent off'}
  ${row({}, { factor: '50' })}                                              | ${['factor']}                                    | ${'a per cent typed for a factor'}
`('$because: $fields', ({ own, fields }) => {
  expect(priceWarnings(own, LISTED).map(({ field }) => field)).toEqual(fields);
});

it('says nothing of a model that is not listed', () => {
  expect(priceWarnings(row({ input: perMillion('999') }), null)).toEqual([]);
});
