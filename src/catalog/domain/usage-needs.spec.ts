import { Decimal } from '../../kernel';
import type { Charge } from './charge';
import { usageNeeds } from './usage-needs';

const one = new Decimal(1);
const HOUR_MS = 3_600_000;
const unit = { model: 'unit', unitPrice: one } as const;
const outcome = { model: 'outcome', prices: [], success: [] } as const;
const SCHEDULED: Charge = { model: 'scheduled', timeZone: 'UTC', windows: [], otherwise: unit };

const NOTHING = { dimensions: [], schedule: null, transactions: false, outcomes: null, cost: false, meter: 'needed' };

it.each`
  charge                                                                                                       | needs                                                          | because
  ${unit}                                                                                                      | ${{}}                                                          | ${'the quantity alone'}
  ${{ model: 'flat', amount: one }}                                                                            | ${{ meter: 'none' }}                                           | ${'nothing at all'}
  ${{ model: 'percentage', percent: one, freeAmount: one }}                                                    | ${{}}                                                          | ${'a share of the sum is the sum of the shares'}
  ${{ model: 'percentage', percent: one, fixedPerEvent: one }}                                                 | ${{ transactions: true }}                                      | ${'what is fixed is counted by the event'}
  ${{ model: 'percentage', percent: one, freeEvents: 3 }}                                                      | ${{ transactions: true }}                                      | ${'so are free events'}
  ${{ model: 'percentage', percent: one, maxPerEvent: one }}                                                   | ${{ transactions: true }}                                      | ${'and bounds'}
  ${{ model: 'matrix', dimensions: ['model', 'data.region'], cells: [], fallback: one }}                       | ${{ dimensions: ['model', 'data.region'] }}                    | ${'usage by dimension'}
  ${{ model: 'per_group', dimensions: ['user'], charge: unit }}                                                | ${{ dimensions: ['user'] }}                                    | ${'usage by group'}
  ${SCHEDULED}                                                                                                 | ${{ schedule: SCHEDULED }}                                     | ${'usage by window'}
  ${{ model: 'recurring', unitPrice: one }}                                                                    | ${{ meter: 'optional' }}                                       | ${'seats come from a meter, or from the subscription'}
  ${{ model: 'recurring', unitPrice: one, quantity: one }}                                                     | ${{ meter: 'none' }}                                           | ${'or stand in the price'}
  ${{ model: 'consumption_margin', markupPercent: one }}                                                       | ${{ cost: true }}                                              | ${'cost'}
  ${{ model: 'consumption_margin', markupPercent: one, byDimension: { dimensions: ['provider'], rules: [] } }} | ${{ cost: true, dimensions: ['provider'] }}                    | ${'cost by group'}
  ${outcome}                                                                                                   | ${{ outcomes: { lookBackMs: (90 + 31) * 24 * HOUR_MS } }}      | ${'ninety days of disputes, and the month before them'}
  ${{ ...outcome, confirmationHours: 48, disputeHours: 24, window: { hours: 1 } }}                             | ${{ outcomes: { lookBackMs: (31 * 24 + 72) * HOUR_MS } }}      | ${'confirmation and dispute; windows begin with the month'}
  ${{ ...outcome, disputeHours: 0, costFloor: { factor: one } }}                                               | ${{ outcomes: { lookBackMs: 31 * 24 * HOUR_MS }, cost: true }} | ${'the cost for a floor'}
`('$charge.model needs $needs: $because', ({ charge, needs }) => {
  expect(usageNeeds(charge)).toEqual({ ...NOTHING, ...needs });
});
