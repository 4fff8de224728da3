import { Decimal, type FieldProblem } from '../../../kernel';
import { consumptionMarginProblems, type ConsumptionMarginCharge } from './consumption-margin';
import { matrixProblems, type MatrixCharge } from './matrix';
import { outcomeProblems, type OutcomeCharge } from './outcome';
import { perGroupProblems, type PerGroupCharge } from './per-group';
import { scheduledProblems, type ScheduledCharge, type TimeWindow } from './scheduled';

const d = (text: string): Decimal => new Decimal(text);
const unit = { model: 'unit' as const, unitPrice: d('1') };
const broken = { model: 'unit' as const, unitPrice: d('-1') };
const said = (problems: FieldProblem[]): string[] => problems.map(({ field, detail }) => `${field} ${detail}`);

describe('a matrix', () => {
  const GOOD: MatrixCharge = {
    model: 'matrix',
    dimensions: ['model'],
    cells: [{ match: { model: 'a' }, unitPrice: d('0') }],
    fallback: null,
  };

  it.each`
    rest                                                                                                              | expected                                                                                                                        | because
    ${{}}                                                                                                             | ${[]}                                                                                                                           | ${'a free cell, and no fallback'}
    ${{ dimensions: [] }}                                                                                             | ${['charge.dimensions must name at least one field', "charge.cells[0].match names 'model', which is not among the dimensions"]} | ${'no dimension'}
    ${{ dimensions: ['model', 'model'] }}                                                                             | ${['charge.dimensions[1] is there twice']}                                                                                      | ${'a dimension twice'}
    ${{ dimensions: ['model', 'a', 'b', 'c', 'd', 'e'] }}                                                             | ${['charge.dimensions must name at most five fields']}                                                                          | ${'more than a meter groups by'}
    ${{ cells: [] }}                                                                                                  | ${['charge.cells must have at least one cell']}                                                                                 | ${'a fallback alone is a unit price'}
    ${{ cells: [{ match: { model: 'a' }, unitPrice: d('-1') }] }}                                                     | ${['charge.cells[0].unitPrice must not be below zero']}                                                                         | ${'a price can’t pay the customer'}
    ${{ fallback: d('-1') }}                                                                                          | ${['charge.fallback must not be below zero']}                                                                                   | ${'nor the fallback'}
    ${{ cells: Array.from({ length: 2_001 }, (_, index) => ({ match: { model: `m${index}` }, unitPrice: d('1') })) }} | ${['charge.cells must have at most 2,000 entries']}                                                                             | ${'nobody could read it'}
  `('$because', ({ rest, expected }) => {
    expect(said(matrixProblems({ ...GOOD, ...rest }, 'charge'))).toEqual(expected);
  });

  it('of two thousand cells is looked through in no time', () => {
    const cells = Array.from({ length: 2_000 }, (_, index) => ({
      match: index % 2 === 0 ? { model: `m${index}`, 'data.region': 'eu' } : { model: `m${index}`, 'data.tier': 'pro' },
      unitPrice: d('1'),
    }));
    expect(
      matrixProblems(
        { model: 'matrix', dimensions: ['model', 'data.region', 'data.tier'], cells, fallback: null },
        'charge',
      ),
    ).toEqual([]);
  });
});

describe('a charge per group', () => {
  const GOOD: PerGroupCharge = { model: 'per_group', dimensions: ['user'], charge: unit };
  const named = { match: { user: 'a' }, charge: unit };

  it.each`
    rest                                                       | expected                                                                                   | because
    ${{}}                                                      | ${[]}                                                                                      | ${'one charge for all groups'}
    ${{ byValue: [named] }}                                    | ${[]}                                                                                      | ${'and one of its own for a'}
    ${{ charge: broken }}                                      | ${['charge.charge.unitPrice must not be below zero']}                                      | ${'its own problems'}
    ${{ byValue: [{ match: { user: 'a' }, charge: broken }] }} | ${['charge.byValue[0].charge.unitPrice must not be below zero']}                           | ${'at their place'}
    ${{ byValue: [named, named] }}                             | ${['charge.byValue[1].match is the same as that of entry 0']}                              | ${'the second is never reached'}
    ${{ byValue: [{ match: {}, charge: unit }] }}              | ${['charge.byValue[0].match must name a dimension: all other usage has the charge above']} | ${'for everything'}
  `('$because', ({ rest, expected }) => {
    expect(said(perGroupProblems({ ...GOOD, ...rest }, 'charge'))).toEqual(expected);
  });
});

describe('a schedule', () => {
  const window = (name: string, rest: Partial<TimeWindow> = {}): TimeWindow => ({ name, charge: unit, ...rest });
  const NIGHT = window('night', { hours: { from: '22:00', to: '06:00' } });
  const problems = (windows: TimeWindow[], rest: Partial<ScheduledCharge> = {}): string[] =>
    said(scheduledProblems({ model: 'scheduled', timeZone: 'customer', windows, otherwise: unit, ...rest }, 'charge'));
  const NEVER = 'is never open: all of its times are in windows before it';

  it.each`
    windows                                                                                                                                            | expected                                                                                                                                  | because
    ${[NIGHT]}                                                                                                                                         | ${[]}                                                                                                                                     | ${'a night'}
    ${[NIGHT, window('late', { hours: { from: '20:00', to: '23:00' } })]}                                                                              | ${[]}                                                                                                                                     | ${'from 20:00 to 22:00 it is open'}
    ${[NIGHT, window('small hours', { hours: { from: '01:00', to: '05:00' } })]}                                                                       | ${[`charge.windows[1] ${NEVER}`]}                                                                                                         | ${'always night then'}
    ${[NIGHT, window('same', { hours: { from: '22:00', to: '06:00' } })]}                                                                              | ${[`charge.windows[1] ${NEVER}`]}                                                                                                         | ${'the same hours again'}
    ${[window('all'), NIGHT]}                                                                                                                          | ${[`charge.windows[1] ${NEVER}`]}                                                                                                         | ${'nothing is left of the day'}
    ${[window('mon', { weekdays: ['mon'] }), window('week', { weekdays: ['mon', 'tue'] })]}                                                            | ${[]}                                                                                                                                     | ${'Tuesdays are left'}
    ${[window('work', { weekdays: ['mon', 'tue', 'wed', 'thu', 'fri'] }), window('end', { weekdays: ['sat', 'sun'] }), NIGHT]}                         | ${[`charge.windows[2] ${NEVER}`]}                                                                                                         | ${'two windows together hold the week'}
    ${[window('sat', { weekdays: ['sat'], dates: { from: '2026-06-01', to: '2026-06-06' } })]}                                                         | ${[`charge.windows[0] ${NEVER}`]}                                                                                                         | ${'1 to 5 June 2026 has no Saturday'}
    ${[window('fri', { weekdays: ['fri'], dates: { from: '2026-06-01', to: '2026-06-06' } })]}                                                         | ${[]}                                                                                                                                     | ${'but a Friday'}
    ${[window('june', { dates: { from: '2026-06-01', to: '2026-07-01' } }), window('late june', { dates: { from: '2026-06-20', to: '2026-07-02' } })]} | ${[]}                                                                                                                                     | ${'1 July is left'}
    ${[]}                                                                                                                                              | ${['charge.windows must have at least one window']}                                                                                       | ${'no window is no schedule'}
    ${[NIGHT, window('night', { weekdays: ['sun'] })]}                                                                                                 | ${['charge.windows[1].name is there twice']}                                                                                              | ${'which night is it?'}
    ${[window('otherwise')]}                                                                                                                           | ${['charge.windows[0].name must be another: this is what all other times are called']}                                                    | ${'a name that is taken'}
    ${[window('x', { hours: { from: '22:00', to: '22:00' } })]}                                                                                        | ${['charge.windows[0].hours.to must differ from `from`; a whole day needs no hours']}                                                     | ${'no time, or a day?'}
    ${[window('x', { hours: { from: '24:00', to: '6:00' } })]}                                                                                         | ${['charge.windows[0].hours.from must be a time of day such as 22:00', 'charge.windows[0].hours.to must be a time of day such as 22:00']} | ${'not on a clock'}
    ${[window('x', { weekdays: [] })]}                                                                                                                 | ${['charge.windows[0].weekdays must have at least one day; all days need no weekdays']}                                                   | ${'never'}
    ${[window('x', { dates: { from: '2026-02-30', to: '2026-03-01' } })]}                                                                              | ${['charge.windows[0].dates.from must be a day such as 2026-12-24']}                                                                      | ${'not on a calendar'}
    ${[window('x', { dates: { from: '2026-03-01', to: '2026-03-01' } })]}                                                                              | ${['charge.windows[0].dates.to must be a later day: it is exclusive']}                                                                    | ${'no day'}
    ${[window('x', { charge: broken })]}                                                                                                               | ${['charge.windows[0].charge.unitPrice must not be below zero']}                                                                          | ${'its own problems'}
  `('$because', ({ windows, expected }) => {
    expect(problems(windows)).toEqual(expected);
  });

  it.each(['Europe/Berlin', 'UTC', 'customer'])('may go by the clock of %s', (timeZone) => {
    expect(problems([NIGHT], { timeZone })).toEqual([]);
  });

  it.each(['Mars', '+02:00', ''])('may not go by the clock of "%s"', (timeZone) => {
    expect(problems([NIGHT], { timeZone })).toEqual([
      'charge.timeZone must be a time zone such as Europe/Berlin, or customer',
    ]);
  });
});

describe('a consumption margin', () => {
  const rule = { match: { provider: 'a' }, markupPercent: d('10') };
  const bands = [
    { upToCost: d('100'), markupPercent: d('30') },
    { upToCost: null, grossMarginPercent: d('20') },
  ];

  it.each`
    rest                                                                                               | expected                                                                                                  | because
    ${{ markupPercent: d('0') }}                                                                       | ${[]}                                                                                                     | ${'passed on at cost'}
    ${{ grossMarginPercent: d('99.99') }}                                                              | ${[]}                                                                                                     | ${'almost all of the charge'}
    ${{ markupPercent: d('1'), fixedPerUnit: d('0.1'), floorPerUnit: d('1'), ceilingPerUnit: d('1') }} | ${[]}                                                                                                     | ${'floor and ceiling may be one'}
    ${{ tiers: { mode: 'whole', bands } }}                                                             | ${[]}                                                                                                     | ${'bands say it all'}
    ${{ markupPercent: d('1'), byDimension: { dimensions: ['provider'], rules: [rule] } }}             | ${[]}                                                                                                     | ${'a default, and a rule'}
    ${{}}                                                                                              | ${['charge.markupPercent is needed: a markup on the cost, or grossMarginPercent']}                        | ${'no margin at all'}
    ${{ markupPercent: d('1'), grossMarginPercent: d('1') }}                                           | ${['charge.grossMarginPercent must be left out: there is a markup already']}                              | ${'two margins'}
    ${{ grossMarginPercent: d('100') }}                                                                | ${['charge.grossMarginPercent must be below 100 per cent']}                                               | ${'no charge is high enough'}
    ${{ markupPercent: d('-1') }}                                                                      | ${['charge.markupPercent must not be below zero']}                                                        | ${'below cost is a discount'}
    ${{ markupPercent: d('1'), floorPerUnit: d('2'), ceilingPerUnit: d('1') }}                         | ${['charge.ceilingPerUnit must not be below the floor']}                                                  | ${'nothing lies between'}
    ${{ markupPercent: d('1'), fixedPerUnit: d('-1') }}                                                | ${['charge.fixedPerUnit must not be below zero']}                                                         | ${'a price can’t pay the customer'}
    ${{ markupPercent: d('1'), tiers: { mode: 'whole', bands } }}                                      | ${['charge.markupPercent must be left out: the tiers say the margin']}                                    | ${'which of them?'}
    ${{ byDimension: { dimensions: ['provider'], rules: [rule] } }}                                    | ${['charge.markupPercent is needed: a markup on the cost, or grossMarginPercent']}                        | ${'nothing for the other providers'}
    ${{ markupPercent: d('1'), byDimension: { dimensions: ['provider'], rules: [rule, rule] } }}       | ${['charge.byDimension.rules[1].match is the same as that of entry 0']}                                   | ${'the second is never reached'}
    ${{ tiers: { mode: 'whole', bands: [] } }}                                                         | ${['charge.tiers.bands must have at least one band']}                                                     | ${'no band'}
    ${{ tiers: { mode: 'whole', bands: [bands[0], bands[0], bands[1]] } }}                             | ${['charge.tiers.bands[1].upToCost must be above 100, where the band before it ends']}                    | ${'an empty band'}
    ${{ tiers: { mode: 'whole', bands: [bands[0]] } }}                                                 | ${['charge.tiers.bands[0].upToCost must be null: the last band is open, or usage above it had no price']} | ${'nothing above 100'}
    ${{ tiers: { mode: 'whole', bands: [{ upToCost: null }] } }}                                       | ${['charge.tiers.bands[0].markupPercent is needed: a markup on the cost, or grossMarginPercent']}         | ${'a band without a margin'}
  `('$because', ({ rest, expected }) => {
    const charge: ConsumptionMarginCharge = { model: 'consumption_margin', ...rest };
    expect(said(consumptionMarginProblems(charge, 'charge'))).toEqual(expected);
  });
});

describe('an outcome charge', () => {
  const GOOD: OutcomeCharge = {
    model: 'outcome',
    prices: [{ type: 'resolved', unitPrice: d('0.99') }],
    success: [{ field: 'data.status', equals: 'done' }],
  };

  it.each`
    rest                                                                                   | expected                                                                                            | because
    ${{}}                                                                                  | ${[]}                                                                                               | ${'a price and a rule'}
    ${{ prices: [], otherwise: d('1') }}                                                   | ${[]}                                                                                               | ${'one price for all'}
    ${{ prices: [], attemptPrice: d('1') }}                                                | ${[]}                                                                                               | ${'attempts alone'}
    ${{ success: [{ humanAccepted: true }, { field: 'data.score', atLeast: d('-0.5') }] }} | ${[]}                                                                                               | ${'a score may be below zero'}
    ${{ prices: [] }}                                                                      | ${['charge.prices must have a price, or nothing is ever charged']}                                  | ${'nothing to pay'}
    ${{ prices: [...GOOD.prices, ...GOOD.prices] }}                                        | ${['charge.prices[1].type is there twice']}                                                         | ${'which price?'}
    ${{ prices: [{ type: 'x', unitPrice: d('-1') }] }}                                     | ${['charge.prices[0].unitPrice must not be below zero']}                                            | ${'a price can’t pay the customer'}
    ${{ success: [] }}                                                                     | ${['charge.success must have at least one rule']}                                                   | ${'everything would be a success'}
    ${{ success: [{ field: 'status', equals: 'x' }] }}                                     | ${[expect.stringContaining('charge.success[0].field must be data.<name>')]}                         | ${'no field of an event'}
    ${{ typeField: 'kind' }}                                                               | ${[expect.stringContaining('charge.typeField must be data.<name>')]}                                | ${'nor this'}
    ${{ reversal: { field: 'data.x', operator: 'in', value: [] } }}                        | ${['charge.reversal.value must be a list of at least one value for in']}                            | ${'a condition that nothing meets'}
    ${{ maxPerTask: 0 }}                                                                   | ${['charge.maxPerTask must be a whole number, 1 or more']}                                          | ${'never billed'}
    ${{ confirmationHours: -1 }}                                                           | ${['charge.confirmationHours must be 0 hours or more']}                                             | ${'before it happened'}
    ${{ window: { hours: 0 } }}                                                            | ${['charge.window.hours must be 0.001 hours or more']}                                              | ${'no window'}
    ${{ disputeHours: 8_856 }}                                                             | ${[]}                                                                                               | ${'a year and four days'}
    ${{ disputeHours: 8_856, confirmationHours: 1 }}                                       | ${['charge.disputeHours must be at most 8,856 (369 days) together with the hours of confirmation']} | ${'longer than events are looked back for'}
    ${{ costFloor: { factor: d('0') } }}                                                   | ${['charge.costFloor.factor must be above 0']}                                                      | ${'a floor of nothing'}
  `('$because', ({ rest, expected }) => {
    expect(said(outcomeProblems({ ...GOOD, ...rest }, 'charge'))).toEqual(expected);
  });
});
