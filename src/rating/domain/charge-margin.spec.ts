import fc from 'fast-check';
import { Decimal, InvariantError, sum } from '../../kernel';
import type { ConsumptionMarginCharge } from '../../catalog/domain';
import { chargeConsumptionMargin } from './charge-consumption-margin';
import { chargeMargin } from './charge-margin';
import { NegativeQuantityError } from './negative-quantity-error';
import type { UsageGroup, UsageToRate } from './usage';

const d = (text: string): Decimal => new Decimal(text);
type Rest = Omit<ConsumptionMarginCharge, 'model'>;
const margin = (rest: Rest): ConsumptionMarginCharge => ({ model: 'consumption_margin', ...rest });
const usage = (cost: string, quantity = '0', groups?: UsageGroup[]): UsageToRate => ({
  quantity: d(quantity),
  cost: d(cost),
  events: 1,
  pendingEvents: 0,
  groups,
});
const group = (provider: string | null, cost: string): UsageGroup => ({
  values: [provider],
  quantity: d('1'),
  cost: d(cost),
  events: 1,
  pendingEvents: 0,
});
const amounts = (rest: Rest, of: UsageToRate): string[] =>
  chargeMargin(margin(rest), of).map(({ amount }) => amount.toFixed());
const told = (rest: Rest, of: UsageToRate): string[] =>
  chargeMargin(margin(rest), of).map(({ description, amount }) => `${description} = ${amount.toFixed()}`);
const total = (rest: Rest, of: UsageToRate): Decimal => sum(chargeMargin(margin(rest), of).map(({ amount }) => amount));

describe('a markup', () => {
  it('is charged as ever', () => {
    expect(chargeMargin(margin({ markupPercent: d('30') }), usage('12.34'))).toEqual(
      chargeConsumptionMargin(d('12.34'), d('30')),
    );
  });
});

describe('a gross margin', () => {
  it.each`
    cost                | percent   | expected                                | because
    ${'7'}              | ${'30'}   | ${['7', '3']}                           | ${'7 is 70 per cent of 10'}
    ${'0'}              | ${'30'}   | ${[]}                                   | ${'nothing spent, nothing charged'}
    ${'10'}             | ${'0'}    | ${['10', '0']}                          | ${'passed on at cost'}
    ${'10'}             | ${'50'}   | ${['10', '10']}                         | ${'half of the charge is cost'}
    ${'1'}              | ${'99'}   | ${['1', '99']}                          | ${'a hundredth of the charge is cost'}
    ${'3'}              | ${'62.5'} | ${['3', '5']}                           | ${'3 is 37.5 per cent of 8'}
    ${'0.000000000007'} | ${'30'}   | ${['0.000000000007', '0.000000000003']} | ${'however little a token costs'}
    ${'700000000000'}   | ${'30'}   | ${['700000000000', '300000000000']}     | ${'however much is spent'}
  `('of $percent% on a cost of $cost: $because', ({ cost, percent, expected }) => {
    expect(amounts({ grossMarginPercent: d(percent) }, usage(cost))).toEqual(expected);
  });

  it('is divided once, of the whole cost, and has no unit price where that doesn’t come out even', () => {
    const [cost, markup] = chargeMargin(margin({ grossMarginPercent: d('30') }), usage('7'));
    expect([cost!.unitPrice?.toFixed(), markup!.unitPrice]).toEqual(['1', null]);
    expect(markup!.amount.toFixed()).toBe('3'); // 7 × (30 ÷ 70), with the quotient first, would be 2.999…
    expect(chargeMargin(margin({ grossMarginPercent: d('20') }), usage('7'))[1]!.unitPrice?.toFixed()).toBe('0.25');
  });

  it('is told as such', () => {
    expect(told({ grossMarginPercent: d('30') }, usage('7'))).toEqual([
      'Cost of the usage = 7',
      'Margin of 30% of the charge, on the cost ÷ 0.7 = 3',
    ]);
  });
});

describe('margins by group', () => {
  const BY_PROVIDER: Rest = {
    markupPercent: d('30'),
    byDimension: {
      dimensions: ['provider'],
      rules: [
        { match: { provider: 'openai' }, grossMarginPercent: d('50') },
        { match: { provider: 'own' }, markupPercent: d('0') },
      ],
    },
  };

  it.each`
    groups                                        | expected                                                                                                                                                                               | because
    ${[]}                                         | ${[]}                                                                                                                                                                                  | ${'nothing spent'}
    ${[group('openai', '10')]}                    | ${['provider openai: Cost of the usage = 10', 'provider openai: Margin of 50% of the charge, on the cost ÷ 0.5 = 10']}                                                                 | ${'a rule of its own'}
    ${[group('mistral', '1'), group(null, '1')]}  | ${['All other usage: Cost of the usage = 2', 'All other usage: Markup of 30% on the cost = 0.6']}                                                                                      | ${'the rest has the default, an unknown provider too'}
    ${[group('mistral', '1'), group('own', '5')]} | ${['provider own: Cost of the usage = 5', 'provider own: Markup of 0% on the cost = 0', 'All other usage: Cost of the usage = 1', 'All other usage: Markup of 30% on the cost = 0.3']} | ${'in the order of the rules, the rest last'}
    ${[group('openai', '0'), group('own', '0')]}  | ${[]}                                                                                                                                                                                  | ${'what cost nothing has no row'}
  `('$because', ({ groups, expected }) => {
    const cost = sum(groups.map((of: UsageGroup) => of.cost)).toFixed();
    expect(told(BY_PROVIDER, usage(cost, '1', groups))).toEqual(expected);
  });

  it('need the cost of each group', () => {
    expect(() => amounts(BY_PROVIDER, usage('10'))).toThrow(InvariantError);
  });
});

describe('margins by band of cost', () => {
  const bands = [
    { upToCost: d('100'), markupPercent: d('50') },
    { upToCost: d('1000'), markupPercent: d('30') },
    { upToCost: null, grossMarginPercent: d('20') },
  ];

  it.each`
    mode           | cost       | expected                                   | because
    ${'graduated'} | ${'0'}     | ${[]}                                      | ${'nothing spent'}
    ${'graduated'} | ${'100'}   | ${['100', '50']}                           | ${'upToCost is inclusive'}
    ${'graduated'} | ${'100.5'} | ${['100', '50', '0.5', '0.15']}            | ${'a fraction is in the next band'}
    ${'graduated'} | ${'1080'}  | ${['100', '50', '900', '270', '80', '20']} | ${'each part by its own band'}
    ${'whole'}     | ${'0'}     | ${[]}                                      | ${'nothing spent'}
    ${'whole'}     | ${'100'}   | ${['100', '50']}                           | ${'upToCost is inclusive'}
    ${'whole'}     | ${'100.5'} | ${['100.5', '30.15']}                      | ${'all of it in the next band: less than 100 × 1.5 = 150 by a cliff'}
    ${'whole'}     | ${'1000'}  | ${['1000', '300']}                         | ${'the second band’s edge'}
    ${'whole'}     | ${'1080'}  | ${['1080', '270']}                         | ${'1,080 is 80 per cent of 1,350'}
  `('$mode, a cost of $cost: $because', ({ mode, cost, expected }) => {
    expect(amounts({ tiers: { mode, bands } }, usage(cost))).toEqual(expected);
  });

  it('say which band it is', () => {
    expect(told({ tiers: { mode: 'graduated', bands } }, usage('1080')).filter((_, index) => index % 2 === 1)).toEqual([
      'Band 1, cost up to 100: Markup of 50% on the cost = 50',
      'Band 2, cost above 100 up to 1,000: Markup of 30% on the cost = 270',
      'Band 3, cost above 1,000: Margin of 20% of the charge, on the cost ÷ 0.8 = 20',
    ]);
    expect(told({ tiers: { mode: 'whole', bands } }, usage('1080'))[1]).toBe(
      'Band 3, cost above 1,000: Margin of 20% of the charge, on the cost ÷ 0.8 = 270',
    );
  });
});

describe('a fixed part and bounds for each unit', () => {
  const WITH: Rest = {
    markupPercent: d('100'),
    fixedPerUnit: d('0.01'),
    floorPerUnit: d('0.05'),
    ceilingPerUnit: d('0.2'),
  };

  it.each`
    cost      | quantity | expected                     | because
    ${'5'}    | ${'100'} | ${['5', '5', '1']}           | ${'11.00 for 100 units lies between 5.00 and 20.00'}
    ${'1'}    | ${'100'} | ${['1', '1', '1', '2']}      | ${'3.00 is raised to 5.00'}
    ${'2'}    | ${'100'} | ${['2', '2', '1']}           | ${'5.00 is the floor itself: no row'}
    ${'9.5'}  | ${'100'} | ${['9.5', '9.5', '1']}       | ${'20.00 is the ceiling itself: no row'}
    ${'15'}   | ${'100'} | ${['15', '15', '1', '-11']}  | ${'31.00 is cut to 20.00'}
    ${'0'}    | ${'100'} | ${['1', '4']}                | ${'what cost nothing has its fixed part, and the floor'}
    ${'5'}    | ${'0'}   | ${['5', '5']}                | ${'without units there is nothing to hold a bound against'}
    ${'0'}    | ${'0'}   | ${[]}                        | ${'nothing at all'}
    ${'0.01'} | ${'0.5'} | ${['0.01', '0.01', '0.005']} | ${'half a unit has half of all of them: 0.025 is the floor itself'}
  `('a cost of $cost for $quantity units: $because', ({ cost, quantity, expected }) => {
    expect(amounts(WITH, usage(cost, quantity))).toEqual(expected);
  });

  it('say what they did', () => {
    expect(told(WITH, usage('1', '100')).slice(2)).toEqual([
      'Fixed part for each unit = 1',
      'Raised to 5, at least 0.05 for each of 100 units = 2',
    ]);
    expect(told(WITH, usage('15', '100')).at(-1)).toBe('Cut to 20, at most 0.2 for each of 100 units = -11');
  });

  it('hold for all groups together', () => {
    const rest: Rest = { ...WITH, byDimension: { dimensions: ['provider'], rules: [{ match: { provider: 'a' }, markupPercent: d('0') }] } }; // prettier-ignore
    expect(total(rest, usage('100', '100', [group('a', '50'), group('b', '50')])).toFixed()).toBe('20');
  });
});

it.each`
  rest                                                                                | of                  | because
  ${{ markupPercent: d('30') }}                                                       | ${usage('-1')}      | ${'a markup'}
  ${{ grossMarginPercent: d('30') }}                                                  | ${usage('-1')}      | ${'a gross margin'}
  ${{ tiers: { mode: 'whole', bands: [{ upToCost: null, markupPercent: d('1') }] } }} | ${usage('-1')}      | ${'a band'}
  ${{ markupPercent: d('30'), fixedPerUnit: d('1') }}                                 | ${usage('1', '-1')} | ${'units below zero'}
`('refuses what is below zero: $because', ({ rest, of }) => {
  expect(() => amounts(rest, of)).toThrow(NegativeQuantityError);
});

describe('always', () => {
  const cost = fc
    .bigInt({ min: 1n, max: 10n ** 18n })
    .map((units) => new Decimal(units.toString()).dividedBy(1_000_000));
  const percent = fc.integer({ min: 0, max: 9_999 }).map((hundredths) => new Decimal(hundredths).dividedBy(100));
  const CLOSE = new Decimal('1e-90');

  it('(charge − cost) ÷ charge is the gross margin', () => {
    fc.assert(
      fc.property(cost, percent, (spent, grossMarginPercent) => {
        const charge = total({ grossMarginPercent }, usage(spent.toFixed()));
        const found = charge.minus(spent).dividedBy(charge).times(100);
        expect(found.minus(grossMarginPercent).abs().lessThan(CLOSE)).toBe(true);
      }),
    );
  });

  it('a row with a unit price is quantity × unit price, and a charge isn’t below its cost without a ceiling', () => {
    const rest = fc.oneof(
      percent.map((markupPercent): Rest => ({ markupPercent })),
      percent.map((grossMarginPercent): Rest => ({ grossMarginPercent })),
      fc.tuple(percent, percent).map(([one, other]): Rest => ({
        tiers: {
          mode: 'graduated',
          bands: [
            { upToCost: d('500'), markupPercent: one },
            { upToCost: null, grossMarginPercent: other },
          ],
        },
      })),
    );
    fc.assert(
      fc.property(rest, cost, (of, spent) => {
        const rows = chargeMargin(margin(of), usage(spent.toFixed()));
        for (const row of rows)
          if (row.unitPrice !== null) expect(row.quantity.times(row.unitPrice)).toEqual(row.amount);
        expect(sum(rows.map(({ amount }) => amount)).greaterThanOrEqualTo(spent)).toBe(true);
      }),
    );
  });

  it('more cost is no smaller charge, and bounds that don’t bind change nothing', () => {
    const bands = [
      { upToCost: d('500'), markupPercent: d('10') },
      { upToCost: null, grossMarginPercent: d('40') },
    ];
    fc.assert(
      fc.property(cost, cost, (one, more) => {
        const rest: Rest = { tiers: { mode: 'graduated', bands } };
        const charge = total(rest, usage(one.toFixed(), '1'));
        expect(total(rest, usage(one.plus(more).toFixed(), '1')).greaterThanOrEqualTo(charge)).toBe(true);
        expect(
          total({ ...rest, floorPerUnit: d('0'), ceilingPerUnit: d('100000000000000') }, usage(one.toFixed(), '1')),
        ).toEqual(charge);
      }),
    );
  });
});
