import fc from 'fast-check';
import { scaledFromText } from '../../../kernel';
import { type Cap, type HoldCommand, NO_AMOUNTS } from '../../domain';
import { judgeAway, type LetPass, NOTHING_PASSED, worthOf } from './away-budget';

type Ask = Extract<HoldCommand, { kind: 'hold' }>;
const usd = (text: string): bigint => scaledFromText(text);

const CAP: Cap = {
  ...{ id: 'cap', key: 'acme-month', name: 'A month', setBy: 'vendor', scope: {}, each: [], measure: 'cost', currency: 'USD' },
  ...{ meterId: null, period: 'month', rollingSeconds: null, kind: 'hard', models: [], limit: usd('5'), raises: [] },
  ...{ thresholds: [], forecast: false, fromBatch: 1, active: true },
}; // prettier-ignore
const under = (cap: Partial<Cap>): Ask['counters'] => [
  { id: 'counter', cap: { ...CAP, ...cap }, eachValues: [], period: { start: 0, end: null } },
];

const ask = (cost: string, more: Partial<Ask> = {}): Ask => ({
  ...{ kind: 'hold', organisationId: 'org', id: 'id', key: null, requestHash: 'id', parentId: null, taskClass: null },
  ...{ scope: { customer: 'acme' }, counters: [], wallets: [], refusal: null, flags: [], sizing: null },
  ...{ askedAt: 0, countsAt: 0, expiresAt: 600_000, amounts: { ...NO_AMOUNTS, cost: usd(cost) } },
  ...more,
}); // prettier-ignore

const LIMITS = { amount: usd('1'), holds: 3 };
const passed = (amount: string, holds: number): LetPass => ({ amount: usd(amount), holds });
const unknownPrice = { reason: 'price_unknown', detail: 'No price.' } as const;

describe('a hold while the database is away', () => {
  it.each`
    asked                                                            | before              | verdict            | because
    ${ask('0.4')}                                                    | ${NOTHING_PASSED}   | ${true}            | ${'there is room'}
    ${ask('0.4')}                                                    | ${passed('0.6', 1)} | ${true}            | ${'exactly the limit'}
    ${ask('0.400000000001')}                                         | ${passed('0.6', 1)} | ${'unknown'}       | ${'a trillionth more than the limit'}
    ${ask('0.1')}                                                    | ${passed('0.1', 3)} | ${'unknown'}       | ${'three holds are as many as may pass'}
    ${ask('0.1', { parentId: 'other' })}                             | ${NOTHING_PASSED}   | ${'unknown'}       | ${'what its parent has free is not known here'}
    ${ask('0.1', { refusal: unknownPrice })}                         | ${NOTHING_PASSED}   | ${'price_unknown'} | ${'a price that nobody knows stays unknown'}
    ${ask('0.9', { counters: under({ limit: usd('0.5') }) })}        | ${NOTHING_PASSED}   | ${'cap_exceeded'}  | ${'it would not fit if nothing were used'}
    ${ask('0.5', { counters: under({ limit: usd('0.5') }) })}        | ${NOTHING_PASSED}   | ${true}            | ${'it fits if nothing is used'}
    ${ask('0.9', { counters: under({ limit: 0n, kind: 'soft' }) })}  | ${NOTHING_PASSED}   | ${true}            | ${'a soft cap refuses nothing'}
    ${ask('0.9', { counters: under({ limit: 0n, active: false }) })} | ${NOTHING_PASSED}   | ${true}            | ${'a cap that is still being filled refuses nothing'}
  `('$because', ({ asked, before, verdict }) => {
    const judged = judgeAway(asked, LIMITS, before, 'USD');
    expect('reason' in judged ? judged.reason : judged.pass).toBe(verdict);
  });

  it.each`
    cost     | spend             | worth    | because
    ${'0.2'} | ${{}}             | ${'0.2'} | ${'cost alone'}
    ${'0.2'} | ${{ USD: '0.5' }} | ${'0.5'} | ${'the larger of both'}
    ${'0.2'} | ${{ EUR: '9' }}   | ${'0.2'} | ${'another currency can’t be compared; its cost bounds it'}
    ${'0'}   | ${{ EUR: '9' }}   | ${null}  | ${'nothing that the limit could be held against'}
  `('is worth $worth: $because', ({ cost, spend, worth }) => {
    const amounts = {
      ...NO_AMOUNTS,
      cost: usd(cost),
      spend: new Map(Object.entries(spend as Record<string, string>).map(([currency, text]) => [currency, usd(text)])),
    };
    expect(worthOf(amounts, 'USD')).toBe(worth === null ? null : usd(worth));
  });

  it('whatever is asked, what has passed is within the limit, to the last digit', () => {
    const amount = fc.bigInt({ min: 0n, max: usd('0.7') });
    fc.assert(
      fc.property(fc.array(amount, { maxLength: 20 }), (asked) => {
        let before = NOTHING_PASSED;
        let held = 0n;
        for (const cost of asked) {
          const judged = judgeAway(ask('0', { amounts: { ...NO_AMOUNTS, cost } }), LIMITS, before, 'USD');
          if (judged.pass !== true) continue;
          held += cost;
          before = judged.after;
        }
        expect(before.amount).toBe(held);
        expect(held <= LIMITS.amount && before.holds <= LIMITS.holds).toBe(true);
      }),
    );
  });
});
