import fc from 'fast-check';
import { CAP_PERIODS, type Cap } from './cap';
import { capPeriod, counterRefs, type ScopeFacts } from './counter-refs';
import type { WorkScope } from './scope';

const cap = (more: Partial<Cap> = {}): Cap => ({
  id: 'cap-1', key: 'cap', name: 'cap', setBy: 'vendor', scope: {}, each: [], measure: 'cost', currency: 'USD', meterId: null,
  period: 'day', rollingSeconds: null, kind: 'hard', models: [], limit: 100n, raises: [], thresholds: [], forecast: false,
  fromBatch: 0, active: true, ...more,
}); // prettier-ignore
const micros = (text: string): number => Date.parse(text) * 1_000;
const text = (at: number | null): string | null => (at === null ? null : new Date(at / 1_000).toISOString());
const facts = (more: Partial<ScopeFacts> = {}): ScopeFacts => ({ timeZone: 'UTC', subscriptions: [], ...more });
const refs = (caps: Cap[], scope: WorkScope, at: string, known = facts(), timeZone = 'UTC') =>
  counterRefs({ caps, settings: { timeZone } }, scope, micros(at), known);

describe('counters of work', () => {
  it.each`
    scope                           | each                       | work                                           | counters        | because
    ${{}}                           | ${[]}                      | ${{ customer: 'a' }}                           | ${[[]]}         | ${'a cap of everything'}
    ${{ customer: 'a' }}            | ${[]}                      | ${{ customer: 'a', agent: 'x' }}               | ${[[]]}         | ${'his own'}
    ${{ customer: 'b' }}            | ${[]}                      | ${{ customer: 'a' }}                           | ${[]}           | ${'another customer’s'}
    ${{ agent: 'x' }}               | ${[]}                      | ${{ customer: 'a' }}                           | ${[]}           | ${'work that names no agent'}
    ${{ agent: 'x', feature: 'f' }} | ${[]}                      | ${{ customer: 'a', agent: 'x', feature: 'f' }} | ${[[]]}         | ${'both fit'}
    ${{ agent: 'x', feature: 'f' }} | ${[]}                      | ${{ customer: 'a', agent: 'x', feature: 'g' }} | ${[]}           | ${'one does not'}
    ${{}}                           | ${['customer', 'session']} | ${{ customer: 'a', session: 's' }}             | ${[['a', 's']]} | ${'one for each session'}
    ${{}}                           | ${['customer', 'session']} | ${{ customer: 'a' }}                           | ${[]}           | ${'work outside of sessions'}
    ${{ customer: 'a' }}            | ${['model']}               | ${{ customer: 'a', model: 'm' }}               | ${[['m']]}      | ${'a field of each beside a scope'}
  `('$scope each $each, $work: $because', ({ scope, each, work, counters }) => {
    expect(refs([cap({ scope, each })], work, '2026-11-22T10:00:00Z').map(({ eachValues }) => eachValues)).toEqual(
      counters,
    );
  });

  it('begin their days in the customer’s zone, and in the organisation’s where they are everybody’s', () => {
    const own = cap({ id: 'own', scope: { customer: 'a' } });
    const each = cap({ id: 'each', each: ['customer'] });
    const all = cap({ id: 'all' });
    const known = facts({ timeZone: 'Pacific/Auckland' });
    const found = refs([own, each, all], { customer: 'a' }, '2026-11-22T12:00:00Z', known, 'America/New_York');
    expect(found.map(({ cap: { id }, period }) => [id, text(period.start), text(period.end)])).toEqual([
      ['own', '2026-11-22T11:00:00.000Z', '2026-11-23T11:00:00.000Z'],
      ['each', '2026-11-22T11:00:00.000Z', '2026-11-23T11:00:00.000Z'],
      ['all', '2026-11-22T05:00:00.000Z', '2026-11-23T05:00:00.000Z'],
    ]);
  });

  it('are other ones in another period, for other values and of another cap, and the same for the same', () => {
    const work = { customer: 'a', session: 's' };
    const each = cap({ each: ['session'], scope: { customer: 'a' } });
    const [id] = refs([each], work, '2026-11-22T00:00:00Z').map((ref) => ref.id);
    expect(refs([each], work, '2026-11-22T23:59:59Z')[0]!.id).toBe(id);
    expect(refs([each], work, '2026-11-23T00:00:00Z')[0]!.id).not.toBe(id);
    expect(refs([each], { ...work, session: 't' }, '2026-11-22T00:00:00Z')[0]!.id).not.toBe(id);
    expect(refs([{ ...each, id: 'cap-2' }], work, '2026-11-22T00:00:00Z')[0]!.id).not.toBe(id);
  });

  it.each(['session', 'task', 'lifetime', 'rolling'] as const)('of a %s have no beginning and no end', (period) => {
    expect(capPeriod({ period }, micros('2026-11-22T10:00:00Z'), 'UTC')).toEqual({ start: 0, end: null });
  });

  describe('of subscriptions', () => {
    const ofDays = (id: string, from: string, to: string | null) => ({
      id,
      startMs: Date.parse(from),
      endMs: to === null ? null : Date.parse(to),
      periodAt: (at: number) =>
        at < micros(from) ? null : { start: micros(from), end: micros('2026-12-01T00:00:00Z') },
    });
    const known = facts({
      subscriptions: [
        ofDays('old', '2026-01-01T00:00:00Z', '2026-11-20T00:00:00Z'),
        ofDays('new', '2026-11-10T00:00:00Z', null),
      ],
    });
    const each = cap({ each: ['customer', 'subscription'], period: 'billing_period' });
    const values = (work: WorkScope, at: string) =>
      refs([each], work, at, known).map(({ eachValues }) => eachValues[1]);

    it.each`
      work                                      | at                        | counted           | because
      ${{ customer: 'a' }}                      | ${'2026-11-15T00:00:00Z'} | ${['old', 'new']} | ${'events name none: both are alive'}
      ${{ customer: 'a' }}                      | ${'2026-11-20T00:00:00Z'} | ${['new']}        | ${'the end is not of its life'}
      ${{ customer: 'a' }}                      | ${'2026-11-09T23:59:59Z'} | ${['old']}        | ${'not begun yet'}
      ${{ customer: 'a', subscription: 'new' }} | ${'2026-11-15T00:00:00Z'} | ${['new']}        | ${'the one it is charged for'}
      ${{ customer: 'a', subscription: 'old' }} | ${'2026-11-22T00:00:00Z'} | ${[]}             | ${'it has ended'}
    `('$work at $at: $because', ({ work, at, counted }) => expect(values(work, at)).toEqual(counted));

    it('count in the billing period of theirs', () => {
      const one = cap({ scope: { customer: 'a', subscription: 'new' }, period: 'billing_period' });
      const [ref] = refs([one], { customer: 'a' }, '2026-11-22T00:00:00Z', known);
      expect([text(ref!.period.start), text(ref!.period.end)]).toEqual([
        '2026-11-10T00:00:00.000Z',
        '2026-12-01T00:00:00.000Z',
      ]);
    });
  });

  it('are in the order of the caps, and at any instant the period has the instant', () => {
    const periods = CAP_PERIODS.filter((period) => period !== 'billing_period');
    const caps = periods.map((period) =>
      cap({ id: period, period, rollingSeconds: period === 'rolling' ? 3_600 : null }),
    );
    fc.assert(
      fc.property(
        fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2040, 0) }),
        fc.constantFrom('UTC', 'Europe/Berlin', 'Pacific/Auckland', 'America/St_Johns'),
        (atMs, timeZone) => {
          const found = counterRefs({ caps, settings: { timeZone } }, { customer: 'a' }, atMs * 1_000 + 7, facts());
          expect(found.map((ref) => ref.cap.id)).toEqual(periods);
          for (const { period } of found) {
            expect(period.start).toBeLessThanOrEqual(atMs * 1_000 + 7);
            if (period.end !== null) expect(period.end).toBeGreaterThan(atMs * 1_000 + 7);
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
