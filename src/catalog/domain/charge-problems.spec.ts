import { Decimal } from '../../kernel';
import type { Charge } from './charge';
import { chargeProblems, MAX_TIERS } from './charge-problems';

const d = (text: string): Decimal => new Decimal(text);
const tiers = (...bounds: (string | null)[]): Charge => ({
  model: 'graduated',
  tiers: bounds.map((upTo) => ({ upTo: upTo === null ? null : d(upTo), unitPrice: d('1') })),
});
const flat = (amount: string): Charge => ({ model: 'flat', amount: d(amount) });
const unit = (unitPrice: string): Charge => ({ model: 'unit', unitPrice: d(unitPrice) });
const margin = (markupPercent: string): Charge => ({ model: 'consumption_margin', markupPercent: d(markupPercent) });

it.each`
  charge                        | allowance | because
  ${flat('20')}                 | ${null}   | ${'a base fee'}
  ${flat('0')}                  | ${null}   | ${'a free plan'}
  ${unit('0.000000000001')}     | ${null}   | ${'the smallest price'}
  ${unit('0.002')}              | ${'3000'} | ${'a unit price with an allowance'}
  ${unit('0.002')}              | ${'0'}    | ${'an allowance of nothing is none'}
  ${margin('30')}               | ${null}   | ${'cost plus'}
  ${margin('0')}                | ${null}   | ${'passed on at cost'}
  ${tiers(null)}                | ${null}   | ${'one open tier is a unit price'}
  ${tiers('10', '20', null)}    | ${'5.5'}  | ${'tiers behind an allowance'}
  ${tiers('0.5', '0.75', null)} | ${null}   | ${'bounds may be fractions'}
`('$charge.model, allowance $allowance: $because', ({ charge, allowance }) => {
  expect(chargeProblems({ charge, allowance: allowance === null ? null : d(allowance) })).toEqual([]);
});

it.each`
  charge                     | allowance | field                     | detail                                                 | because
  ${flat('-0.01')}           | ${null}   | ${'charge.amount'}        | ${'must not be below zero'}                            | ${'a price can’t pay the customer'}
  ${flat('20')}              | ${'5'}    | ${'allowance'}            | ${'must be left out: a flat charge has no units'}      | ${'nothing to include'}
  ${unit('-1')}              | ${null}   | ${'charge.unitPrice'}     | ${'must not be below zero'}                            | ${'nor by the unit'}
  ${unit('NaN')}             | ${null}   | ${'charge.unitPrice'}     | ${'must be a plain decimal'}                           | ${'not a number'}
  ${unit('Infinity')}        | ${null}   | ${'charge.unitPrice'}     | ${'must be a plain decimal'}                           | ${'nor is this'}
  ${unit('0.0000000000001')} | ${null}   | ${'charge.unitPrice'}     | ${'has too many digits'}                               | ${'13 digits after the point'}
  ${unit('1')}               | ${'-1'}   | ${'allowance'}            | ${'must not be below zero'}                            | ${'an allowance that takes units'}
  ${unit('1')}               | ${'1e15'} | ${'allowance'}            | ${'has too many digits'}                               | ${'16 digits before the point'}
  ${margin('-0.1')}          | ${null}   | ${'charge.markupPercent'} | ${'must not be below zero'}                            | ${'under cost is a discount'}
  ${margin('30')}            | ${'100'}  | ${'allowance'}            | ${'must be left out: a consumption margin is charged'} | ${'units of what?'}
  ${tiers()}                 | ${null}   | ${'charge.tiers'}         | ${'must have at least one tier'}                       | ${'no tier has no price'}
  ${tiers('10')}             | ${null}   | ${'charge.tiers[0].upTo'} | ${'must be null: the last tier is open'}               | ${'unit 11 had no price'}
  ${tiers(null, null)}       | ${null}   | ${'charge.tiers[0].upTo'} | ${'must be a number'}                                  | ${'nothing gets past an open tier'}
  ${tiers('0', null)}        | ${null}   | ${'charge.tiers[0].upTo'} | ${'must be above 0'}                                   | ${'an empty tier'}
  ${tiers('-5', null)}       | ${null}   | ${'charge.tiers[0].upTo'} | ${'must be above 0'}                                   | ${'a tier before the first unit'}
  ${tiers('10', '10', null)} | ${null}   | ${'charge.tiers[1].upTo'} | ${'must be above 10, where the tier before it ends'}   | ${'an empty tier in the middle'}
  ${tiers('10', '5', null)}  | ${null}   | ${'charge.tiers[1].upTo'} | ${'must be above 10, where the tier before it ends'}   | ${'tiers that go back'}
  ${tiers('1e15', null)}     | ${null}   | ${'charge.tiers[0].upTo'} | ${'has too many digits'}                               | ${'a bound no quantity reaches'}
`('$field $detail: $because', ({ charge, allowance, field, detail }) => {
  const problems = chargeProblems({ charge, allowance: allowance === null ? null : d(allowance) });
  expect(problems).toEqual([{ field, detail: expect.stringContaining(detail) }]);
});

it('names every field that is wrong, not only the first', () => {
  const charge: Charge = {
    model: 'graduated',
    tiers: [
      { upTo: d('10'), unitPrice: d('-1'), flatFee: d('-2') },
      { upTo: d('3'), unitPrice: d('1') },
      { upTo: d('20'), unitPrice: d('1'), flatFee: d('NaN') },
    ],
  };
  expect(chargeProblems({ charge, allowance: d('-1') }).map(({ field }) => field)).toEqual([
    'charge.tiers[0].unitPrice',
    'charge.tiers[0].flatFee',
    'charge.tiers[1].upTo',
    'charge.tiers[2].upTo',
    'charge.tiers[2].flatFee',
    'allowance',
  ]);
});

it('takes a hundred tiers and no more', () => {
  const bounds = Array.from({ length: MAX_TIERS - 1 }, (_, index) => String(index + 1));
  expect(chargeProblems({ charge: tiers(...bounds, null), allowance: null })).toEqual([]);
  expect(chargeProblems({ charge: tiers(...bounds, '1000', null), allowance: null })).toEqual([
    { field: 'charge.tiers', detail: 'must have at most 100 tiers' },
  ]);
});
