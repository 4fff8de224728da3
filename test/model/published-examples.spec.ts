import { sum } from '../../src/kernel';
import { rateOverTime } from './pricing-engine';
import {
  rational as r,
  referencePlan,
  type ReferenceCharge,
  type ReferenceEvent,
  type ReferencePlan,
  type ReferenceSegment,
} from './rating-reference/index';

/**
 * Examples that others have worked and published, with their figures and not ours. All were read on 22 November 2026.
 * Where a page leaves an order open, the row says which of ours it means.
 */
const PAGES = {
  'Stripe, Set up tiered pricing': 'https://docs.stripe.com/subscriptions/pricing-models/tiered-pricing',
  'Stripe, Quantity transformation': 'https://stripe.com/docs/billing/subscriptions/quantity-transformation',
  'Stripe, Transform quantities': 'https://docs.stripe.com/billing/subscriptions/usage-based/transform-quantities',
  'Lago, Percentage': 'https://getlago.com/docs/guide/plans/charges/charge-models/percentage',
  'Lago, Graduated percentage': 'https://getlago.com/docs/guide/plans/charges/charge-models/graduated-percentage',
  'Lago, Package': 'https://getlago.com/docs/guide/plans/charges/charge-models/package',
  'Lago, Volume': 'https://getlago.com/docs/guide/plans/charges/charge-models/volume',
  'Orb, Price configuration': 'https://orb-9bba378a.mintlify.app/product-catalog/price-configuration',
  // The comment of `Price` in Orb's own library for TypeScript.
  'Orb, orb-billing': 'https://www.npmjs.com/package/orb-billing',
} as const;

const FONTS = [
  { upTo: '5', unitPrice: '7' },
  { upTo: '10', unitPrice: '6.5' },
  { upTo: null, unitPrice: '6' },
];
const FONTS_BY_VOLUME: ReferenceCharge = { model: 'volume', tiers: FONTS };
const FONTS_GRADUATED: ReferenceCharge = { model: 'graduated', tiers: FONTS };
const FIVE_USERS: ReferenceCharge = { model: 'package', packageSize: '5', packagePrice: '10' };
const BEGUN_HOURS: ReferenceCharge = { model: 'package', packageSize: '60', packagePrice: '10' };
const TRANSFERS: ReferenceCharge = { model: 'percentage', percent: '1.2', fixedPerEvent: '0.10', freeEvents: 3, freeAmount: '500', freeFirst: 'earliest' }; // prettier-ignore
const GRADUATED_SHARES: ReferenceCharge = {
  model: 'graduated_percentage',
  tiers: [
    { upTo: '1000', percent: '1', flatFee: '200' },
    { upTo: '10000', percent: '2', flatFee: '300' },
    { upTo: null, percent: '3', flatFee: '400' },
  ],
};
const HUNDREDS: ReferenceCharge = { model: 'package', packageSize: '100', packagePrice: '5' };
const CALLS_BY_VOLUME: ReferenceCharge = {
  model: 'volume',
  tiers: [
    { upTo: '10000', unitPrice: '0.0010', flatFee: '10' },
    { upTo: '50000', unitPrice: '0.0008', flatFee: '10' },
    { upTo: '100000', unitPrice: '0.0006', flatFee: '10' },
    { upTo: null, unitPrice: '0.0004', flatFee: '10' },
  ],
};
// "First 10 at 0.50 each"; the page gives the second tier an end at 1,000, which a tier of ours doesn't have.
const BULK: ReferenceCharge = { model: 'volume', tiers: [{ upTo: '10', unitPrice: '0.50' }, { upTo: null, unitPrice: '0.40' }] }; // prettier-ignore
const TENS: ReferenceCharge = { model: 'package', packageSize: '10', packagePrice: '0.80' };
const BASIS_POINTS: ReferenceCharge = { model: 'percentage', percent: '0.25', maxPerEvent: '25' };

const MARCH: ReferenceSegment = {
  start: Date.UTC(2026, 2),
  end: Date.UTC(2026, 3),
  share: { part: 1, whole: 1 },
  periodIndex: 0,
  first: true,
  last: true,
  trial: null,
  timeZone: 'UTC',
  stretches: [Date.UTC(2026, 2)],
};

const events = (values: readonly string[]): ReferenceEvent[] =>
  values.map((value, index) => ({ id: `e${index}`, at: MARCH.start + index, value, cost: '0', fields: {} }));

/** By the engine and by the reference, for the values of single events; `allowance` units are free. */
function asked(charge: ReferenceCharge, values: readonly string[], allowance: string | null): [string, string] {
  const plan: ReferencePlan = { currency: 'USD', prices: [{ key: 'price', charge, allowance, terms: {} }], terms: {} };
  const usage = new Map([['price', events(values)]]);
  const ours = sum(rateOverTime(plan, usage, [MARCH]).map(({ exactTotal }) => exactTotal));
  return [ours.toFixed(2), r.asLine(referencePlan(plan, usage, [MARCH])[0]!.total, 2)];
}

describe('published examples', () => {
  it.each`
    page                                 | charge              | values                         | allowance | amount      | says
    ${'Stripe, Set up tiered pricing'}   | ${FONTS_BY_VOLUME}  | ${['1']}                       | ${null}   | ${'7.00'}   | ${'1 font: 7 USD'}
    ${'Stripe, Set up tiered pricing'}   | ${FONTS_BY_VOLUME}  | ${['5']}                       | ${null}   | ${'35.00'}  | ${'5 fonts: 35 USD'}
    ${'Stripe, Set up tiered pricing'}   | ${FONTS_BY_VOLUME}  | ${['6']}                       | ${null}   | ${'39.00'}  | ${'6 fonts: 39 USD'}
    ${'Stripe, Set up tiered pricing'}   | ${FONTS_BY_VOLUME}  | ${['20']}                      | ${null}   | ${'120.00'} | ${'20 fonts: 120 USD'}
    ${'Stripe, Set up tiered pricing'}   | ${FONTS_BY_VOLUME}  | ${['25']}                      | ${null}   | ${'150.00'} | ${'25 fonts: 150 USD'}
    ${'Stripe, Set up tiered pricing'}   | ${FONTS_GRADUATED}  | ${['5']}                       | ${null}   | ${'35.00'}  | ${'5 fonts: the same, 35 USD'}
    ${'Stripe, Quantity transformation'} | ${FIVE_USERS}       | ${['1']}                       | ${null}   | ${'10.00'}  | ${'1 user: 10'}
    ${'Stripe, Quantity transformation'} | ${FIVE_USERS}       | ${['3']}                       | ${null}   | ${'10.00'}  | ${'3 users: 10'}
    ${'Stripe, Quantity transformation'} | ${FIVE_USERS}       | ${['5']}                       | ${null}   | ${'10.00'}  | ${'5 users: 10'}
    ${'Stripe, Quantity transformation'} | ${FIVE_USERS}       | ${['6']}                       | ${null}   | ${'20.00'}  | ${'6 users: 20'}
    ${'Stripe, Quantity transformation'} | ${FIVE_USERS}       | ${['7']}                       | ${null}   | ${'20.00'}  | ${'7 users: 20'}
    ${'Stripe, Transform quantities'}    | ${BEGUN_HOURS}      | ${['150']}                     | ${null}   | ${'30.00'}  | ${'150 minutes, 3 begun hours: 30 USD'}
    ${'Lago, Percentage'}                | ${TRANSFERS}        | ${['200']}                     | ${null}   | ${'0.00'}   | ${'transaction 1: no charge'}
    ${'Lago, Percentage'}                | ${TRANSFERS}        | ${['200', '100']}              | ${null}   | ${'0.00'}   | ${'transaction 2: no charge'}
    ${'Lago, Percentage'}                | ${TRANSFERS}        | ${['200', '100', '100']}       | ${null}   | ${'0.00'}   | ${'transaction 3: no charge'}
    ${'Lago, Percentage'}                | ${TRANSFERS}        | ${['200', '100', '100', '50']} | ${null}   | ${'0.70'}   | ${'transaction 4: 0.10 + 1.2 % of 50'}
    ${'Lago, Graduated percentage'}      | ${GRADUATED_SHARES} | ${['500']}                     | ${null}   | ${'205.00'} | ${'a first transaction of 500: 205.00'}
    ${'Lago, Graduated percentage'}      | ${GRADUATED_SHARES} | ${['500', '550']}              | ${null}   | ${'511.00'} | ${'a second one of 550: 306.00 more'}
    ${'Lago, Graduated percentage'}      | ${GRADUATED_SHARES} | ${['500', '550', '4000']}      | ${null}   | ${'591.00'} | ${'a third one of 4,000: 80.00 more'}
    ${'Lago, Package'}                   | ${HUNDREDS}         | ${['201']}                     | ${'100'}  | ${'10.00'}  | ${'201 units, the first 100 free: 10'}
    ${'Lago, Volume'}                    | ${CALLS_BY_VOLUME}  | ${['65000']}                   | ${null}   | ${'49.00'}  | ${'65,000 × 0.0006 + 10 = 49'}
    ${'Orb, Price configuration'}        | ${BULK}             | ${['10']}                      | ${null}   | ${'5.00'}   | ${'up to 10 units at 0.50: 5.00'}
    ${'Orb, Price configuration'}        | ${BULK}             | ${['101']}                     | ${null}   | ${'40.40'}  | ${'101 units, all at 0.40: 40.40'}
    ${'Orb, Price configuration'}        | ${TENS}             | ${['4']}                       | ${null}   | ${'0.80'}   | ${'4 units are billed as 10, one package'}
    ${'Orb, Price configuration'}        | ${TENS}             | ${['11']}                      | ${null}   | ${'1.60'}   | ${'11 units are billed as 20, two packages'}
    ${'Orb, orb-billing'}                | ${BASIS_POINTS}     | ${['20000']}                   | ${null}   | ${'25.00'}  | ${'0.25 % of a payment, 25 at most'}
  `('$page: $says', ({ page, charge, values, allowance, amount }) => {
    expect(Object.keys(PAGES)).toContain(page);
    expect(asked(charge, values, allowance)).toEqual([amount, amount]);
  });

  // The matrix there has a price for (alpha, west) and one for everything else.
  it('Orb, orb-billing: 2.00 for a cluster and region of the matrix, 3.00 by default', () => {
    const charge: ReferenceCharge = {
      model: 'matrix',
      dimensions: ['cluster_name', 'region'],
      cells: [{ match: { cluster_name: 'alpha', region: 'west' }, unitPrice: '2.00' }],
      fallback: '3.00',
    };
    const plan: ReferencePlan = {
      currency: 'USD',
      prices: [{ key: 'p', charge, allowance: null, terms: {} }],
      terms: {},
    };
    const one = (fields: ReferenceEvent['fields']) =>
      rateOverTime(plan, new Map([['p', [{ ...events(['1'])[0]!, fields }]]]), [MARCH])[0]!.total.toFixed(2);
    expect(one({ cluster_name: 'alpha', region: 'west' })).toBe('2.00');
    expect(one({ cluster_name: 'alpha', region: 'east' })).toBe('3.00');
    expect(one({ cluster_name: 'beta', region: null })).toBe('3.00');
  });
});
