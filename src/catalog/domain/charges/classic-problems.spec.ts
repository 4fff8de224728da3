import { Decimal } from '../../../kernel';
import type { Charge } from '../charge';
import { modelProblems } from '../charge-problems';

const d = (text: string): Decimal => new Decimal(text);
const band = (upTo: string | null): { upTo: Decimal | null } => ({ upTo: upTo === null ? null : d(upTo) });

const volume = (...bounds: (string | null)[]): Charge => ({
  model: 'volume',
  tiers: bounds.map((upTo) => ({ ...band(upTo), unitPrice: d('1') })),
});
const packages = (packageSize: string, packagePrice: string): Charge => ({
  model: 'package',
  packageSize: d(packageSize),
  packagePrice: d(packagePrice),
});
const stairs = (...steps: (readonly [string | null, string])[]): Charge => ({
  model: 'stair_step',
  steps: steps.map(([upTo, amount]) => ({ ...band(upTo), amount: d(amount) })),
});
const percentage = (parts: object = {}): Charge => ({ model: 'percentage', percent: d('1.2'), ...parts });
const shares = (...tiers: (readonly [string | null, string, string?])[]): Charge => ({
  model: 'graduated_percentage',
  tiers: tiers.map(([upTo, percent, flatFee]) => ({
    ...band(upTo),
    percent: d(percent),
    flatFee: flatFee === undefined ? undefined : d(flatFee),
  })),
});
const recurring = (parts: object): Charge => ({ model: 'recurring', ...parts });
const TIERS = [{ upTo: null, unitPrice: d('1') }];

it.each`
  charge                                                      | because
  ${volume('10', null)}                                       | ${'two tiers'}
  ${packages('0.000000000001', '0')}                          | ${'small packages, given away'}
  ${stairs(['10', '5'], [null, '3'])}                         | ${'a step may cost less than the one before'}
  ${percentage()}                                             | ${'a percentage alone'}
  ${percentage({ percent: d('250') })}                        | ${'more than the value itself'}
  ${percentage({ freeEvents: 1, freeAmount: d('0.01') })}     | ${'both limits of what is free'}
  ${percentage({ minPerEvent: d('1'), maxPerEvent: d('1') })} | ${'bounds that meet'}
  ${shares(['100', '0'], [null, '1', '5'])}                   | ${'nothing of the first hundred'}
  ${{ model: 'event_amount' }}                                | ${'nothing to get wrong'}
  ${recurring({ unitPrice: d('30') })}                        | ${'seats at one price'}
  ${recurring({ tiers: TIERS, tierMode: 'volume' })}          | ${'seats in tiers'}
  ${recurring({ unitPrice: d('30'), quantity: d('0') })}      | ${'no seat unless the subscription says so'}
`('$charge.model: $because', ({ charge }) => {
  expect(modelProblems(charge as Charge, 'charge')).toEqual([]);
});

it.each`
  charge                                                      | field                        | detail                                               | because
  ${volume()}                                                 | ${'charge.tiers'}            | ${'must have at least one tier'}                     | ${'no tier has no price'}
  ${volume('10')}                                             | ${'charge.tiers[0].upTo'}    | ${'must be null: the last tier is open'}             | ${'unit 11 had no price'}
  ${volume('10', '10', null)}                                 | ${'charge.tiers[1].upTo'}    | ${'must be above 10, where the tier before it ends'} | ${'a tier that no total reaches'}
  ${packages('0', '5')}                                       | ${'charge.packageSize'}      | ${'must be above 0'}                                 | ${'packages of nothing have no number'}
  ${packages('-1', '5')}                                      | ${'charge.packageSize'}      | ${'must be above 0'}                                 | ${'nor of less'}
  ${packages('1', '-5')}                                      | ${'charge.packagePrice'}     | ${'must not be below zero'}                          | ${'a price can’t pay the customer'}
  ${packages('NaN', '5')}                                     | ${'charge.packageSize'}      | ${'must be a plain decimal'}                         | ${'not a number'}
  ${stairs()}                                                 | ${'charge.steps'}            | ${'must have at least one step'}                     | ${'nothing to stand on'}
  ${stairs(['10', '5'])}                                      | ${'charge.steps[0].upTo'}    | ${'must be null: the last step is open'}             | ${'unit 11 had no price'}
  ${stairs([null, '5'], [null, '6'])}                         | ${'charge.steps[0].upTo'}    | ${'must be a number: only the last step is open'}    | ${'nothing gets past an open step'}
  ${stairs(['10', '5'], ['4', '6'], [null, '7'])}             | ${'charge.steps[1].upTo'}    | ${'must be above 10, where the step before it ends'} | ${'steps that go back'}
  ${stairs([null, '-1'])}                                     | ${'charge.steps[0].amount'}  | ${'must not be below zero'}                          | ${'a step can’t pay the customer'}
  ${percentage({ percent: d('-1') })}                         | ${'charge.percent'}          | ${'must not be below zero'}                          | ${'nor a percentage'}
  ${percentage({ fixedPerEvent: d('-1') })}                   | ${'charge.fixedPerEvent'}    | ${'must not be below zero'}                          | ${'nor its fixed part'}
  ${percentage({ freeEvents: 0 })}                            | ${'charge.freeEvents'}       | ${'must be a whole number, 1 or more'}               | ${'none free is said by leaving it out'}
  ${percentage({ freeEvents: 1.5 })}                          | ${'charge.freeEvents'}       | ${'must be a whole number, 1 or more'}               | ${'half a transaction'}
  ${percentage({ freeAmount: d('0') })}                       | ${'charge.freeAmount'}       | ${'must be above 0'}                                 | ${'nothing free is said by leaving it out'}
  ${percentage({ minPerEvent: d('2'), maxPerEvent: d('1') })} | ${'charge.minPerEvent'}      | ${'must not be above maxPerEvent'}                   | ${'no amount is between them'}
  ${shares()}                                                 | ${'charge.tiers'}            | ${'must have at least one tier'}                     | ${'no tier has no percentage'}
  ${shares(['100', '1'], ['50', '2'], [null, '3'])}           | ${'charge.tiers[1].upTo'}    | ${'must be above 100, where the tier before it'}     | ${'tiers that go back'}
  ${shares([null, '-1'])}                                     | ${'charge.tiers[0].percent'} | ${'must not be below zero'}                          | ${'a share can’t pay the customer'}
  ${shares([null, '1', '-1'])}                                | ${'charge.tiers[0].flatFee'} | ${'must not be below zero'}                          | ${'nor a fee'}
  ${recurring({})}                                            | ${'charge.unitPrice'}        | ${'is missing: a recurring charge has'}              | ${'what does a seat cost?'}
  ${recurring({ unitPrice: d('1'), tiers: TIERS })}           | ${'charge.unitPrice'}        | ${'must be left out: the tiers say'}                 | ${'which of the two?'}
  ${recurring({ unitPrice: d('1'), tierMode: 'volume' })}     | ${'charge.tierMode'}         | ${'must be left out: there are no tiers'}            | ${'a way to read nothing'}
  ${recurring({ unitPrice: d('1'), quantity: d('-1') })}      | ${'charge.quantity'}         | ${'must not be below zero'}                          | ${'fewer than no seats'}
`('$charge.model: $field $detail: $because', ({ charge, field, detail }) => {
  const problems = modelProblems(charge as Charge, 'charge');
  expect(problems).toEqual([{ field, detail: expect.stringContaining(detail as string) }]);
});

it('names where a charge stands that is part of another', () => {
  expect(modelProblems(packages('0', '1'), 'charge.windows[0].charge')).toMatchObject([
    { field: 'charge.windows[0].charge.packageSize' },
  ]);
});
