import type { Charge } from '../../catalog/domain';
import { Decimal } from '../../kernel';
import { atOtherCosts, factorFor } from './cost-changes';

const d = (text: string) => new Decimal(text);
const change = (percent: string, provider: string | null = null, model: string | null = null) => ({
  ...{ provider, model, percent: d(percent) },
});
const OPENAI = { provider: 'openai', model: 'gpt-4o' };

it.each`
  changes                                                                  | event                              | factor    | because
  ${[]}                                                                    | ${OPENAI}                          | ${'1'}    | ${'nothing is supposed'}
  ${[change('20')]}                                                        | ${{ provider: null, model: null }} | ${'1.2'}  | ${'everything, also what names no provider'}
  ${[change('20', 'OpenAI')]}                                              | ${OPENAI}                          | ${'1.2'}  | ${'case does not matter'}
  ${[change('20', 'openai')]}                                              | ${{ provider: null, model: null }} | ${'1'}    | ${'who names none is not it'}
  ${[change('20', 'openai', 'gpt-4o')]}                                    | ${OPENAI}                          | ${'1.2'}  | ${'both meet'}
  ${[change('20', 'openai', 'o3')]}                                        | ${OPENAI}                          | ${'1'}    | ${'another model'}
  ${[change('20', 'openai'), change('10'), change('-50', null, 'gpt-4o')]} | ${OPENAI}                          | ${'0.66'} | ${'1.2 × 1.1 × 0.5'}
  ${[change('-100')]}                                                      | ${OPENAI}                          | ${'0'}    | ${'for nothing'}
`('$because: × $factor', ({ changes, event, factor }) => {
  expect(factorFor(changes, event).toFixed()).toBe(factor);
});

it('what is added comes first, then the factor for everything; nothing but cost changes', () => {
  const totals = { quantity: d('5'), cost: d('10'), events: 2, pendingEvents: 1 };
  const groups = [
    { ...totals, values: ['a'], cost: d('4') },
    { ...totals, values: ['b'], cost: d('6') },
  ];
  const usage = {
    allEvents: totals,
    of: () => ({ ...totals, groups, floorCost: { cost: d('10'), pendingEvents: 1 } }),
  };
  const added = {
    allEvents: d('3'),
    of: () => ({ total: d('2'), byGroup: new Map([['["b"]', d('2')]]), floor: d('3') }),
  };
  const charge: Charge = { model: 'flat', amount: d('1') };

  const other = atOtherCosts(usage, added, d('2'));

  expect(other.allEvents).toEqual({ ...totals, cost: d('26') });
  expect(other.of('m', charge)).toEqual({
    ...totals,
    cost: d('24'),
    groups: [
      { ...groups[0], cost: d('8') },
      { ...groups[1], cost: d('16') },
    ],
    floorCost: { cost: d('26'), pendingEvents: 1 },
  });
  expect(atOtherCosts(usage, null, d('1')).of('m', charge)).toEqual(usage.of());
});
