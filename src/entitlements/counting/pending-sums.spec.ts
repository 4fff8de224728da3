import fc from 'fast-check';
import type { Meter } from '../../catalog/domain';
import { Decimal, scaledFromText, scaledText } from '../../kernel';
import { unpackStep } from '../../loops/domain';
import { compileMeter, metersByType } from '../../metering/domain';
import { type Cap, holdIdOf, packGroups, type PendingGroup, unpackGroups } from '../domain';
import type { EntitlementRules, WalletRule } from '../rules';
import { type EventToCount, pendingEntitlementCopy, PendingSums } from './pending-sums';

const ORGANISATION = '01930000-0000-7000-8000-000000000001';
const ACME = '01930000-0000-7000-8000-00000000000a';
const OTHER = '01930000-0000-7000-8000-00000000000b';
const MINUTE = Date.UTC(2026, 10, 16, 12) * 1_000;
const METER: Meter = {
  ...{ id: 'tokens', key: 'tokens', name: 'Tokens', eventType: 'work', aggregation: 'sum', valueField: 'data.tokens' },
  ...{ timeUnit: null, filters: [], groupBy: [] },
};
const METERS = metersByType([METER, { ...METER, id: 'requests', aggregation: 'count' as const, valueField: null }].map(compileMeter)); // prettier-ignore

function rulesOf(change: Partial<EntitlementRules>): EntitlementRules {
  return {
    ...{ organisationId: ORGANISATION, revision: '1', caps: [], capsById: new Map(), wallets: [], meters: new Set() },
    ...{ loops: false, spendOf: new Set(), costCurrency: 'USD' },
    settings: {} as EntitlementRules['settings'],
    ...change,
  };
}

function capsOf(...scopes: { scope: Cap['scope']; each?: Cap['each'] }[]): Pick<EntitlementRules, 'caps'> {
  return { caps: scopes.map(({ scope, each = [] }) => ({ scope, each }) as unknown as Cap) };
}

function eventOf(event: Partial<EventToCount['event']> = {}, change: Partial<EventToCount> = {}): EventToCount {
  const nobody = { session: null, task: null, agent: null, feature: null, department: null, user: null };
  return {
    event: { type: 'work', source: 'api', ...nobody, parent: null, step: null, hold: null, data: null, ...event },
    ...{ customerId: ACME, time: MINUTE, model: null },
    ...change,
  };
}

const cost = (text: string) => ({ amount: scaledFromText(text), pending: false });

/** Groups as one reads them. */
function shown(groups: readonly PendingGroup[]): unknown[] {
  return groups.map(({ scope, cost: sum, actions, units }) => ({
    ...scope,
    cost: scaledText(sum),
    actions,
    units: Object.fromEntries([...units].map(([meter, quantity]) => [meter, scaledText(quantity)])),
  }));
}

it('adds up events that agree in what a cap looks at, and tells apart no more', () => {
  const sums = new PendingSums(rulesOf(capsOf({ scope: { customer: ACME }, each: ['session'] })));
  sums.add(eventOf({ session: 's', agent: 'a' }), cost('0.1'), METERS);
  sums.add(eventOf({ session: 's', agent: 'b' }, { time: MINUTE + 59_999_999 }), cost('0.2'), METERS);
  sums.add(eventOf({ session: 't' }), cost('1'), METERS);
  sums.add(eventOf({ session: 't' }, { time: MINUTE + 60_000_000 }), cost('2'), METERS);

  expect(shown(sums.groups())).toEqual([
    { customer: ACME, session: 's', cost: '0.3', actions: 2, units: {} },
    { customer: ACME, session: 't', cost: '1', actions: 1, units: {} },
    { customer: ACME, session: 't', cost: '2', actions: 1, units: {} },
  ]);
});

it('passes over customers of whom nothing counts, unless they name a hold', () => {
  const sums = new PendingSums(rulesOf(capsOf({ scope: { customer: ACME } })));
  sums.add(eventOf({}, { customerId: OTHER }), cost('1'), METERS);
  expect(sums.isEmpty).toBe(true);
  expect(pendingEntitlementCopy(1, new Map([[ORGANISATION, sums]]))).toBeNull();

  sums.add(eventOf({ hold: 'my-hold' }, { customerId: OTHER }), cost('1'), METERS);
  expect(sums.groups()).toMatchObject([{ scope: { customer: OTHER }, holdId: holdIdOf(ORGANISATION, 'my-hold') }]);
  expect(pendingEntitlementCopy(1, new Map([[ORGANISATION, sums]]))).not.toBeNull();
});

it.each`
  rules                                                 | units                                   | because
  ${{ meters: new Set(['tokens']) }}                    | ${{ tokens: '12.5' }}                   | ${'only meters that something counts'}
  ${{ spendOf: 'all' }}                                 | ${{ tokens: '12.5', requests: '2' }}    | ${'what is charged may come from any'}
  ${{ spendOf: new Set([OTHER]) }}                      | ${{}}                                   | ${'of those whose spend is looked at'}
`('units of $rules: $because', ({ rules, units }) => {
  const sums = new PendingSums(rulesOf({ ...capsOf({ scope: {} }), ...(rules as Partial<EntitlementRules>) }));
  sums.add(eventOf({ data: { tokens: 10 } }), cost('0'), METERS);
  sums.add(eventOf({ data: { tokens: '2.5' } }), cost('0'), METERS);
  expect(shown(sums.groups())).toMatchObject([{ units }]);
}); // prettier-ignore

it('keeps every field where credit is burned, since credit may be for a feature', () => {
  const wallets: WalletRule[] = [{ id: 'w', customerId: ACME, currency: 'USD', burns: new Map<string, Decimal>() }];
  const sums = new PendingSums(rulesOf({ wallets }));
  sums.add(eventOf({ feature: 'f', agent: 'a' }, { model: 'm' }), cost('1'), METERS);
  expect(sums.groups()).toMatchObject([{ scope: { customer: ACME, feature: 'f', agent: 'a', model: 'm' } }]);
});

it('counts pending events, whose cost isn’t known, as actions without a cost', () => {
  const sums = new PendingSums(rulesOf(capsOf({ scope: {} })));
  sums.add(eventOf(), { amount: null, pending: true }, METERS);
  expect(sums.groups()).toMatchObject([{ cost: 0n, actions: 1, pendingEvents: 1 }]);

  sums.correct(eventOf(), { amount: null, pending: true }, METERS, -1n);
  sums.correct(eventOf(), cost('3'), METERS, 1n);
  expect(sums.groups()).toMatchObject([{ cost: scaledFromText('3'), actions: 1, pendingEvents: 0 }]);
});

it('leaves nothing for a correction that takes off what it adds', () => {
  const sums = new PendingSums(rulesOf(capsOf({ scope: {} })));
  sums.correct(eventOf(), cost('3'), METERS, -1n);
  sums.correct(eventOf(), cost('3'), METERS, 1n);
  expect(sums.groups()).toEqual([]);
});

it('notes what agents did in the order of its times, and not again what is corrected', () => {
  const sums = new PendingSums(rulesOf({ loops: true }));
  const call = (seconds: number, tool: string) =>
    eventOf({ session: 's', data: { tool } }, { time: MINUTE + seconds * 1_000_000 });
  sums.add(call(2, 'later'), cost('1'), METERS);
  sums.add(call(1, 'first'), cost('1'), METERS);
  sums.add(eventOf({ data: { tool: 'of no session' } }), cost('1'), METERS);
  sums.correct(call(3, 'amended'), cost('1'), METERS, 1n);
  expect(sums.groups().flatMap(({ steps }) => steps.map((step) => unpackStep(step).name))).toEqual(['first', 'later']);
});

it('is read back as it was written, to the last digit', () => {
  const text = fc.string({ minLength: 1, maxLength: 5 });
  const group = fc.record({
    scope: fc.record({ customer: fc.constant(ACME), session: text, model: text }, { requiredKeys: ['customer'] }),
    minute: fc.integer({ min: 0, max: 2 ** 50 }),
    holdId: fc.option(fc.uuid()),
    cost: fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }),
    actions: fc.integer({ min: -5, max: 1_000_000 }),
    pendingEvents: fc.integer({ min: -5, max: 5 }),
    units: fc.array(fc.tuple(fc.uuid(), fc.bigInt())).map((units) => new Map(units)),
    steps: fc.array(text),
  });
  fc.assert(
    fc.property(fc.array(group), (groups) => {
      expect(unpackGroups(packGroups(groups as PendingGroup[]))).toEqual(groups);
    }),
  );
});
