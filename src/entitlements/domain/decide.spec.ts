import fc from 'fast-check';
import { scaledFromText, scaledText } from '../../kernel';
import { type Amounts, type AmountsJson, fromAmountsJson, NO_AMOUNTS } from './amounts';
import type { Cap, CapKind } from './cap';
import { type CounterRef, newCounter } from './counter';
import { decide } from './decide';
import type { HoldAnswer, HoldCommand, LockedState } from './decision';

const CUSTOMER = '00000000-0000-4000-8000-0000000000c1';
const ORGANISATION = '00000000-0000-4000-8000-0000000000a1';
const START = Date.UTC(2026, 2, 1);
const MINUTE = 60_000;

const scaled = (text: string): bigint => scaledFromText(text);
const costing = (text: string): Amounts => ({ ...NO_AMOUNTS, cost: scaled(text) });

function capOf(key: string, limit: string, kind: CapKind = 'hard', more: Partial<Cap> = {}): Cap {
  return {
    id: `00000000-0000-4000-8000-${key.padStart(12, '0')}`,
    ...{ key, name: key, setBy: 'vendor', scope: {}, each: [], period: 'lifetime', rollingSeconds: null },
    ...{ measure: 'cost', currency: 'USD', meterId: null, kind, models: [], limit: scaled(limit), raises: [] },
    ...{ thresholds: [], forecast: false, fromBatch: 0, active: true },
    ...more,
  };
}

/** A world of some caps, which everything in it counts in. */
function worldOf(...caps: Cap[]) {
  const refs: CounterRef[] = caps.map((cap) => ({ id: cap.id, cap, eachValues: [], period: { start: 0, end: null } }));
  const state: LockedState = {
    holds: new Map(),
    counters: new Map(refs.map((ref) => [ref.id, newCounter(ref)])),
    wallets: new Map(),
    sessions: new Map(),
    spendUnknown: new Map(),
    alerts: [],
  };
  const rules = { capsById: new Map(caps.map((cap) => [cap.id, cap])), costCurrency: 'USD' };
  const run = (command: HoldCommand) => decide(command, state, rules);
  const json = (command: HoldCommand): HoldAnswer => {
    const outcome = run(command);
    if (!('answer' in outcome)) throw new Error(outcome.problem);
    return JSON.parse(outcome.answer) as HoldAnswer;
  };
  const idOf = (name: string): string => `00000000-0000-4000-9000-${name.padStart(12, '0')}`;
  const hold = (name: string, cost: string, more: Partial<HoldCommand & { kind: 'hold' }> = {}): HoldAnswer =>
    json({
      kind: 'hold',
      ...{ organisationId: ORGANISATION, id: idOf(name), key: null, requestHash: idOf(name), parentId: null },
      ...{ scope: { customer: CUSTOMER }, taskClass: null, amounts: costing(cost), counters: refs, wallets: [] },
      ...{ refusal: null, flags: [], askedAt: START, countsAt: START, expiresAt: START + MINUTE, sizing: null },
      ...more,
    });
  const about = (name: string, now = START) => ({ organisationId: ORGANISATION, id: idOf(name), now });
  const settle = (name: string, cost: string | null, now = START) =>
    run({ kind: 'settle', ...about(name, now), requestHash: `settle ${cost}`, stated: cost === null ? null : costing(cost), partial: false }); // prettier-ignore
  const settleAs = (name: string, stated: Amounts) =>
    run({ kind: 'settle', ...about(name), requestHash: 'settle', stated, partial: false });
  const release = (name: string, now = START) => run({ kind: 'release', ...about(name, now), requestHash: 'release' });
  const expire = (name: string, now: number) => run({ kind: 'expire', ...about(name, now) });
  const counter = (cap: Cap): string => {
    const { settled, held, overrun } = state.counters.get(cap.id)!;
    return `${scaledText(settled)} + ${scaledText(held)}, over ${scaledText(overrun)}`;
  };
  return { state, refs, hold, settle, settleAs, release, expire, counter, idOf };
}

it.each`
  kind           | more                                                              | model        | decision       | offered   | because
  ${'hard'}      | ${{}}                                                             | ${undefined} | ${'deny'}      | ${null}   | ${'6 don’t fit under 5'}
  ${'soft'}      | ${{}}                                                             | ${undefined} | ${'allow'}     | ${null}   | ${'it only tells'}
  ${'pause'}     | ${{}}                                                             | ${undefined} | ${'pause'}     | ${null}   | ${'the session stops'}
  ${'downgrade'} | ${{ models: ['mini'] }}                                           | ${'large'}   | ${'downgrade'} | ${'mini'} | ${'a cheaper model is offered'}
  ${'downgrade'} | ${{ models: ['mini'] }}                                           | ${'mini'}    | ${'allow'}     | ${null}   | ${'it is the cheaper model'}
  ${'hard'}      | ${{ active: false }}                                              | ${undefined} | ${'allow'}     | ${null}   | ${'it is still being filled'}
  ${'hard'}      | ${{ raises: [{ limit: scaledFromText('6'), until: START + 1 }] }} | ${undefined} | ${'allow'}     | ${null}   | ${'it is raised'}
  ${'hard'}      | ${{ raises: [{ limit: scaledFromText('6'), until: START }] }}     | ${undefined} | ${'deny'}      | ${null}   | ${'the raise has ended'}
  ${'hard'}      | ${{ measure: 'actions' }}                                         | ${undefined} | ${'allow'}     | ${null}   | ${'it counts something else'}
`('a $kind cap of 5: $because', ({ kind, more, model, decision, offered }) => {
  const world = worldOf(capOf('1', '5', kind as CapKind, more as Partial<Cap>));
  const scope = { customer: CUSTOMER, ...(model === undefined ? {} : { model: model as string }) };
  expect(world.hold('1', '6', { scope })).toMatchObject({ decision, model: offered });
});

it('holds up to the limit, and not a bit more', () => {
  const cap = capOf('1', '5');
  const world = worldOf(cap);
  expect(world.hold('1', '5').decision).toBe('allow');
  expect(world.hold('2', '0.000000000001').decision).toBe('deny');
  expect(world.counter(cap)).toBe('0 + 5, over 0');
});

it('answers by the strictest of all caps, and holds in none of them where one objects', () => {
  const [soft, pause, hard] = [capOf('1', '1', 'soft'), capOf('2', '1', 'pause'), capOf('3', '2')];
  const world = worldOf(soft, pause, hard);
  expect(world.hold('1', '1.5')).toMatchObject({ decision: 'pause', reason: 'cap_exceeded' });
  expect(world.hold('2', '3')).toMatchObject({
    decision: 'deny',
    detail: "The cap '3' has 2 USD left of 2; 3 were asked for.",
    caps: [{ exceeded: false }, { exceeded: true }, { exceeded: true }],
  });
  for (const cap of [soft, pause, hard]) expect(world.counter(cap)).toBe('0 + 0, over 0');
});

it('pauses the session that asked, with the cap that did it', () => {
  const cap = capOf('1', '1', 'pause');
  const world = worldOf(cap);
  const scope = { customer: CUSTOMER, session: 's' };
  expect(world.hold('1', '2', { scope }).decision).toBe('pause');
  expect(world.state.sessions.get(`${CUSTOMER} s`)).toMatchObject({ state: 'paused', capId: cap.id, changed: true });
  // Also what would fit waits now.
  expect(world.hold('2', '0.5', { scope })).toMatchObject({ decision: 'pause', reason: 'session_paused' });
  expect(world.hold('3', '0.5').decision).toBe('allow');
});

it('refuses by a cap of spend while spend isn’t known', () => {
  const world = worldOf(capOf('1', '5', 'hard', { measure: 'spend' }));
  (world.state.spendUnknown as Map<string, string>).set(CUSTOMER, 'a price is missing');
  expect(world.hold('1', '1')).toMatchObject({ decision: 'deny', reason: 'spend_unknown' });
});

it('lets what was allowed while the database was away be held above the limit', () => {
  const cap = capOf('1', '5');
  const world = worldOf(cap);
  world.hold('1', '5');
  expect(world.hold('2', '1', { flags: ['unchecked'] })).toMatchObject({ decision: 'allow', flags: ['unchecked'] });
  expect(world.counter(cap)).toBe('0 + 6, over 0');
});

it('frees what expires, and books it whole when it is settled afterwards', () => {
  const cap = capOf('1', '5');
  const world = worldOf(cap);
  world.hold('1', '2');
  world.expire('1', START + MINUTE - 1);
  expect(world.counter(cap)).toBe('0 + 2, over 0');
  world.expire('1', START + MINUTE);
  expect(world.counter(cap)).toBe('0 + 0, over 0');
  world.settle('1', '3', START + 2 * MINUTE);
  expect(world.counter(cap)).toBe('3 + 0, over 1');
  expect(world.state.holds.get(world.idOf('1'))).toMatchObject({
    status: 'settled',
    flags: new Set(['late', 'overrun']),
  });
});

it('forgets what has left a rolling window', () => {
  const cap = capOf('1', '5', 'hard', { period: 'rolling', rollingSeconds: 3_600 });
  const world = worldOf(cap);
  world.hold('1', '5');
  world.settle('1', '5');
  const later = (minutes: number) => ({ askedAt: START + minutes * MINUTE, countsAt: START + minutes * MINUTE });
  expect(world.hold('2', '1', later(59)).decision).toBe('deny');
  expect(world.hold('3', '1', later(62)).decision).toBe('allow');
});

/** What may happen to holds; amounts in tenths, holds by number. */
type Step =
  | { readonly kind: 'hold'; readonly tenths: number }
  | { readonly kind: 'settle'; readonly hold: number; readonly tenths: number | null }
  | { readonly kind: 'release' | 'expire'; readonly hold: number };

const number = fc.nat(9);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('hold' as const), tenths: fc.integer({ min: 0, max: 20 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      hold: number,
      tenths: fc.option(fc.integer({ min: 0, max: 40 })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('release' as const, 'expire' as const), hold: number }) },
);
const tenths = (count: number): string => (count / 10).toFixed(1);

it('does what the simplest bookkeeping does, and admits nothing above a limit, whatever happens in whatever order', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 0, max: 60 }), (steps, limit) => {
      const cap = capOf('1', tenths(limit));
      const world = worldOf(cap);
      const books: { open: boolean; held: number; end: 'settled' | 'estimated' | 'released' | 'expired' | null; booked: number }[] = []; // prettier-ignore
      const held = () => books.filter(({ open }) => open).reduce((sum, each) => sum + each.held, 0);
      const booked = () => books.reduce((sum, each) => sum + each.booked, 0);

      for (const each of steps) {
        if (each.kind === 'hold') {
          const fits = each.tenths === 0 || booked() + held() + each.tenths <= limit;
          expect(world.hold(String(books.length), tenths(each.tenths)).decision).toBe(fits ? 'allow' : 'deny');
          if (fits) books.push({ open: true, held: each.tenths, end: null, booked: 0 });
          if (fits && each.tenths > 0) expect(booked() + held()).toBeLessThanOrEqual(limit);
          continue;
        }
        const hold = books[each.hold];
        if (hold === undefined) continue;
        const name = String(each.hold);
        if (each.kind === 'settle') {
          world.settle(name, each.tenths === null ? null : tenths(each.tenths));
          if (hold.end === 'settled' || hold.end === 'released') continue;
          hold.booked = each.tenths ?? hold.held;
          hold.end = each.tenths === null ? 'estimated' : 'settled';
        } else if (each.kind === 'release') {
          world.release(name);
          if (hold.open) hold.end = 'released';
          else continue;
        } else {
          world.expire(name, START + MINUTE);
          if (hold.open) hold.end = 'expired';
        }
        hold.open = false;
      }
      expect(world.counter(cap).split(',')[0]).toBe(`${Number(tenths(booked()))} + ${Number(tenths(held()))}`);
    }),
    { numRuns: 300 },
  );
});

/** A tree that grows and ends at random: each step is about the part of a number. */
const treeStep = fc.record({
  kind: fc.constantFrom('part', 'part', 'settle', 'release', 'expire'),
  of: number,
  tenths: fc.integer({ min: 1, max: 30 }),
});

it('never lets parts exceed what they are parts of, books each once, and holds nothing when the root has ended', () => {
  fc.assert(
    fc.property(fc.array(treeStep, { maxLength: 40 }), (steps) => {
      const cap = capOf('1', '100');
      const world = worldOf(cap);
      world.hold('0', '10');
      const names = ['0'];
      const said = new Map<string, number>();
      for (const each of steps) {
        const name = names[each.of % names.length]!;
        const before = world.state.holds.get(world.idOf(name))!;
        if (each.kind === 'part' && before.status === 'open') {
          const part = String(names.length);
          const ask = () => world.hold(part, tenths(each.tenths), { parentId: before.id, counters: [] });
          // What stood above it may have ended and taken with it a hold that had nothing left to be freed.
          if (world.state.holds.get(world.idOf('0'))!.status !== 'open') expect(ask).toThrow('hold_ended');
          else if (ask().decision === 'allow') names.push(part);
        } else if (each.kind === 'settle') {
          const late = before.status === 'expired' || (before.status === 'released' && before.endHash === null);
          if (before.status === 'open' || late) said.set(name, each.tenths);
          world.settle(name, tenths(each.tenths));
        } else if (each.kind === 'release') world.release(name);
        else world.expire(name, START + MINUTE);

        for (const hold of world.state.holds.values()) {
          const parts = [...world.state.holds.values()].filter(({ parentId, status }) => parentId === hold.id && status === 'open'); // prettier-ignore
          const inParts = parts.reduce((sum, { held }) => sum + held.cost, 0n);
          expect(inParts).toBe(hold.status === 'open' ? hold.split.cost : 0n);
          expect(inParts <= hold.held.cost).toBe(true);
        }
        const root = world.state.holds.get(world.idOf('0'))!;
        const booked = [...said.values()].reduce((sum, count) => sum + count, 0);
        const counter = world.state.counters.get(cap.id)!;
        expect([counter.settled, counter.held]).toEqual([scaled(tenths(booked)), root.held.cost]);
      }
    }),
    { numRuns: 300 },
  );
});

describe('actions of a hold in parts', () => {
  const one = (cost: string, actions = '1'): Amounts => ({ ...costing(cost), actions: scaled(actions) });
  const actionsCap = (limit: string, kind: CapKind = 'hard') => capOf('9', limit, kind, { measure: 'actions', currency: null }); // prettier-ignore

  it('are brought by each part where the whole said nothing of them, and held in the caps that count them', () => {
    const [money, actions] = [capOf('1', '100'), actionsCap('4')];
    const world = worldOf(money, actions);
    const part = (name: string, parent: string, amounts: Amounts) =>
      world.hold(name, '0', { parentId: world.idOf(parent), amounts, counters: [] });
    world.hold('1', '0', { amounts: one('10') });
    expect(part('2', '1', one('6')).decision).toBe('allow');
    expect(part('3', '1', one('4')).decision).toBe('allow');
    expect(part('4', '2', one('2')).decision).toBe('allow');
    expect([world.counter(money), world.counter(actions)]).toEqual(['0 + 10, over 0', '0 + 4, over 0']);
    expect(part('5', '2', one('1'))).toMatchObject({ decision: 'deny', reason: 'cap_exceeded', caps: [] });
    expect(part('6', '1', one('1'))).toMatchObject({ decision: 'deny', reason: 'parent_exceeded' });

    // What a part had is the whole's again, and another part takes it from there.
    world.release('4');
    expect(part('7', '2', one('1')).decision).toBe('allow');
    for (const name of ['7', '3', '2', '1']) world.release(name);
    expect([world.counter(money), world.counter(actions)]).toEqual(['0 + 0, over 0', '0 + 0, over 0']);
  });

  it('are shared among the parts where the whole was held for several', () => {
    const cap = actionsCap('9');
    const world = worldOf(cap);
    const part = (name: string) =>
      world.hold(name, '0', { parentId: world.idOf('1'), amounts: one('0'), counters: [] });
    world.hold('1', '0', { amounts: one('0', '2') });
    expect([part('2'), part('3'), part('4')].map(({ decision }) => decision)).toEqual(['allow', 'allow', 'deny']);
    expect(world.counter(cap)).toBe('0 + 2, over 0');
  });

  it('of a cap that only tells keep no part back', () => {
    const world = worldOf(actionsCap('1', 'soft'));
    world.hold('1', '0', { amounts: one('10') });
    for (const name of ['2', '3']) {
      expect(world.hold(name, '0', { parentId: world.idOf('1'), amounts: one('5'), counters: [] }).decision).toBe(
        'allow',
      );
    }
  });
});

it.each`
  held                                  | booked                                | overrun                    | because
  ${{ cost: '5', actions: '1' }}        | ${{ cost: '1.5', actions: '2' }}      | ${{}}                      | ${'one action is what each hold is'}
  ${{ cost: '5', actions: '2' }}        | ${{ cost: '1.5', actions: '3' }}      | ${{ actions: '1' }}        | ${'it said how many'}
  ${{ cost: '5', actions: '1' }}        | ${{ cost: '6', actions: '1' }}        | ${{ cost: '1' }}           | ${'it is more money than was held'}
  ${{ cost: '5' }}                      | ${{ cost: '1', spend: { USD: '2' } }} | ${{}}                      | ${'nobody looks at what it is charged'}
  ${{ cost: '5', spend: { USD: '1' } }} | ${{ cost: '1', spend: { USD: '2' } }} | ${{ spend: { USD: '1' } }} | ${'it said what it is charged'}
`('a hold of $held that came to $booked is over by $overrun: $because', ({ held, booked, overrun }) => {
  const cap = capOf('9', '100', 'soft', { measure: 'actions', currency: null });
  const world = worldOf(capOf('1', '100'), cap);
  world.hold('1', '0', { amounts: fromAmountsJson(held as AmountsJson) });
  const outcome = world.settleAs('1', fromAmountsJson(booked as AmountsJson));
  const { flags, overrun: told } = JSON.parse((outcome as { answer: string }).answer) as {
    flags: string[];
    overrun: object;
  };
  expect([flags, told]).toEqual([Object.keys(overrun as object).length === 0 ? [] : ['overrun'], overrun]);
});
