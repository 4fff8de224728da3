import fc from 'fast-check';
import { scaledFromText, scaledText } from '../../kernel';
import { type Amounts, NO_AMOUNTS } from './amounts';
import type { Cap } from './cap';
import { type CountedBy, type CountedState, countGroups, refsToCount, type SpentAmount } from './count-groups';
import { type Counter, counterId, newCounter } from './counter';
import { counterRefs } from './counter-refs';
import type { Hold, HoldFlag } from './hold';
import type { PendingGroup, PendingRow } from './pending';
import { rebook } from './rebook';
import type { WorkScope } from './scope';

const ACME = '01930000-0000-7000-8000-00000000000a';
const OTHER = '01930000-0000-7000-8000-00000000000b';
const METER = '01930000-0000-7000-8000-00000000000c';
const HOLD = '01930000-0000-7000-8000-00000000000d';
/** A Monday at noon. */
const NOON = Date.UTC(2026, 10, 16, 12);
const MINUTE = NOON * 1_000;

function capOf(change: Partial<Cap> = {}): Cap {
  return {
    ...{ id: 'cap-day', key: 'day', name: 'a day', setBy: 'vendor', scope: { customer: ACME }, each: [] },
    ...{ measure: 'cost', currency: 'USD', meterId: null, period: 'day', rollingSeconds: null, kind: 'hard' },
    ...{
      models: [],
      limit: scaledFromText('10'),
      raises: [],
      thresholds: [],
      forecast: false,
      fromBatch: 0,
      active: true,
    },
    ...change,
  };
}

function group(cost: string, change: Partial<PendingGroup> = {}): PendingGroup {
  return {
    ...{ scope: { customer: ACME }, minute: MINUTE, holdId: null, cost: scaledFromText(cost), actions: 1 },
    ...{ pendingEvents: 0, units: new Map<string, bigint>(), steps: [] },
    ...change,
  };
}

function amounts(cost: string): Amounts {
  return { ...NO_AMOUNTS, cost: scaledFromText(cost) };
}

function holdOf(held: string, counters: readonly string[], change: Partial<Hold> = {}): Hold {
  return {
    ...{ id: HOLD, organisationId: 'o', customerId: ACME, key: null, requestHash: '', status: 'open', parentId: null },
    ...{ scope: { customer: ACME }, taskClass: null, sizedRisk: null, held: amounts(held), stated: null, used: null },
    ...{
      booked: null,
      split: NO_AMOUNTS,
      firstHeld: amounts(held),
      pendingEvents: 0,
      lastHeld: null,
      counters,
      wallets: new Map<string, bigint>(),
    },
    ...{ answer: '', endHash: null, endAnswer: null, flags: new Set<HoldFlag>(), askedAt: NOON, countsAt: NOON },
    ...{ expiresAt: NOON + 600_000, endedAt: null, changed: 'no' },
    ...change,
  };
}

/** Caps with their counters and holds, counted as the transaction does it: what is needed is locked first. */
class World {
  readonly state: CountedState = { holds: new Map(), counters: new Map(), wallets: new Map() };
  readonly by: CountedBy;
  private batch = 1;

  constructor(caps: readonly Cap[]) {
    const settings = { timeZone: 'UTC' };
    const facts = { timeZone: 'UTC', subscriptions: [] };
    this.by = {
      capsById: new Map(caps.map((cap) => [cap.id, cap])),
      refsOf: (scope, at) => counterRefs({ caps, settings }, scope, at, facts),
      nowOf: () => NOON + 60_000,
      nowMs: NOON + 60_000,
    };
  }

  /** A hold in the counters of its own scope, which hold it. */
  hold(held: string, change: Partial<Hold> = {}): Hold {
    const scope: WorkScope = change.scope ?? { customer: ACME };
    const refs = this.by.refsOf(scope, MINUTE);
    const counters = refs.map((ref) => this.counter(ref.id) ?? this.add(newCounter(ref)));
    for (const counter of counters) counter.held += scaledFromText(held);
    const hold = holdOf(held, counters.map(({ id }) => id), change); // prettier-ignore
    this.state.holds.set(hold.id, hold);
    return hold;
  }

  count(groups: readonly PendingGroup[], spend: readonly SpentAmount[] = [], batch = (this.batch += 1)): void {
    const rows: PendingRow[] = groups.length === 0 ? [] : [{ id: String(batch), batch, groups }];
    const uncounted = { rows, spend };
    for (const ref of refsToCount(uncounted, this.state, (id) => this.counter(id)?.capId, this.by)) {
      if (this.counter(ref.id) === undefined) this.add(newCounter(ref));
    }
    countGroups(uncounted, this.state, this.by);
  }

  /** As settling by a request does. */
  settle(hold: Hold, cost: string, flags: readonly HoldFlag[] = []): void {
    hold.stated = amounts(cost);
    hold.flags = new Set([...[...hold.flags].filter((flag) => flag !== 'estimated'), ...flags]);
    rebook(hold, this.state, this.by, NOON + 60_000);
  }

  settled(capId: string): string {
    const counters = [...this.state.counters.values()].filter((counter) => counter.capId === capId);
    return scaledText(counters.reduce((sum, { settled }) => sum + settled, 0n));
  }

  private counter(id: string): Counter | undefined {
    return this.state.counters.get(id);
  }

  private add(counter: Counter): Counter {
    this.state.counters.set(counter.id, counter);
    return counter;
  }
}

describe('events without a hold', () => {
  it('count in each cap they are under, by its measure, in the period of their time', () => {
    const world = new World([
      capOf(),
      capOf({ id: 'cap-actions', measure: 'actions', currency: null }),
      capOf({ id: 'cap-units', measure: 'units', currency: null, meterId: METER }),
      capOf({ id: 'cap-agent', scope: { customer: ACME, agent: 'a' } }),
      capOf({ id: 'cap-everyone', scope: {} }),
    ]);
    const units = new Map([[METER, scaledFromText('12.5')]]);

    world.count([
      group('0.40', { scope: { customer: ACME, agent: 'a' }, actions: 2, units }),
      group('0.60', { scope: { customer: ACME, agent: 'b' } }),
      group('5', { scope: { customer: OTHER, agent: 'a' } }),
      group('7', { minute: MINUTE + 86_400_000_000 }),
    ]);

    expect(world.settled('cap-everyone')).toBe('13');
    expect(world.settled('cap-agent')).toBe('0.4');
    expect(world.settled('cap-units')).toBe('12.5');
    expect(world.settled('cap-actions')).toBe('4');
    const today = counterId('cap-day', [], Date.UTC(2026, 10, 16) * 1_000);
    const tomorrow = counterId('cap-day', [], Date.UTC(2026, 10, 17) * 1_000);
    expect(scaledText(world.state.counters.get(today)!.settled)).toBe('1');
    expect(scaledText(world.state.counters.get(tomorrow)!.settled)).toBe('7');
  });

  it('are left to the filling of a cap that was made after their commit', () => {
    const world = new World([capOf({ fromBatch: 8 })]);
    world.count([group('1')], [], 7);
    expect(world.state.counters.size).toBe(0);
    world.count([group('2')], [], 8);
    expect(world.settled('cap-day')).toBe('2');
  });

  it('that are corrected count less', () => {
    const world = new World([capOf(), capOf({ id: 'cap-actions', measure: 'actions', currency: null })]);
    world.count([group('3'), group('2')]);
    world.count([group('-3', { actions: -1 })]);
    expect([world.settled('cap-day'), world.settled('cap-actions')]).toEqual(['2', '1']);
  });

  it('what is charged counts by currency, whatever its batch, and at the moment where no event caused it', () => {
    const world = new World([
      capOf({ id: 'cap-usd', measure: 'spend', fromBatch: 99 }),
      capOf({ id: 'cap-eur', measure: 'spend', currency: 'EUR' }),
    ]);
    const scope = { customer: ACME };
    world.count([group('1')], [
      { scope, minute: MINUTE, holdId: null, currency: 'USD', amount: scaledFromText('0.5') },
      { scope, minute: null, holdId: null, currency: 'USD', amount: scaledFromText('0.25') },
    ]); // prettier-ignore
    expect([world.settled('cap-usd'), world.settled('cap-eur')]).toEqual(['0.75', '0']);
  });
});

describe('events that name a hold', () => {
  it.each`
    events            | stated   | flags            | booked   | because
    ${['3']}          | ${null}  | ${[]}            | ${'3'}   | ${'its first event settles it'}
    ${['3', '4']}     | ${null}  | ${[]}            | ${'7'}   | ${'further ones add'}
    ${['3']}          | ${'4'}   | ${[]}            | ${'4'}   | ${'what was stated is of the same work'}
    ${['3', '3']}     | ${'4'}   | ${[]}            | ${'6'}   | ${'unless its events say more'}
    ${['3']}          | ${'5'}   | ${['estimated']} | ${'3'}   | ${'an estimate gives way'}
    ${['3', '-3']}    | ${'4'}   | ${[]}            | ${'4'}   | ${'voided events leave what was stated'}
    ${['3', '-3']}    | ${null}  | ${[]}            | ${'0'}   | ${'or nothing'}
    ${['0.1', '0.2']} | ${'0.3'} | ${[]}            | ${'0.3'} | ${'to the last digit'}
  `('$events and a settling of $stated book $booked: $because', ({ events, stated, flags, booked }) => {
    const world = new World([capOf()]);
    const hold = world.hold('5');
    if (stated !== null) world.settle(hold, stated as string, flags as HoldFlag[]);
    for (const cost of events as string[]) world.count([group(cost, { holdId: HOLD })]);

    expect(world.settled('cap-day')).toBe(booked);
    expect(scaledText(hold.booked!.cost)).toBe(booked);
    expect([hold.status, [...world.state.counters.values()].map(({ held }) => held)]).toEqual(['settled', [0n]]);
  });

  const unknown = { cost: '0', pendingEvents: 1 };
  const priced = { cost: '0.3', pendingEvents: -1, actions: 0 };

  it.each`
    events                                              | stated  | flags            | booked   | told                                         | because
    ${[unknown]}                                        | ${null} | ${[]}            | ${'5'}   | ${['unknown_price', 'estimated']}            | ${'what was held stands in for what isn’t known'}
    ${[unknown, { cost: '1' }]}                         | ${null} | ${[]}            | ${'5'}   | ${['unknown_price', 'estimated']}            | ${'known ones beside it may be a part only'}
    ${[unknown, { cost: '7' }]}                         | ${null} | ${[]}            | ${'7'}   | ${['overrun', 'unknown_price', 'estimated']} | ${'known ones may be more'}
    ${[unknown, priced]}                                | ${null} | ${[]}            | ${'0.3'} | ${[]}                                        | ${'a price that comes is what counts'}
    ${[unknown, unknown, priced]}                       | ${null} | ${[]}            | ${'5'}   | ${['unknown_price', 'estimated']}            | ${'of the other one it isn’t known yet'}
    ${[unknown, { ...priced, cost: '0', actions: -1 }]} | ${null} | ${[]}            | ${'0'}   | ${[]}                                        | ${'voided ones are nothing'}
    ${[unknown]}                                        | ${'2'}  | ${[]}            | ${'2'}   | ${['unknown_price']}                         | ${'somebody said what all of it came to'}
    ${[unknown]}                                        | ${'2'}  | ${['partial']}   | ${'5'}   | ${['partial', 'unknown_price']}              | ${'somebody said the least of it'}
    ${[unknown]}                                        | ${'5'}  | ${['estimated']} | ${'5'}   | ${['estimated', 'unknown_price']}            | ${'nobody knew'}
    ${[unknown, priced]}                                | ${'5'}  | ${['estimated']} | ${'0.3'} | ${['estimated']}                             | ${'an estimate gives way to a price'}
  `('$events and a settling of $stated ($flags) book $booked: $because', ({ events, stated, flags, booked, told }) => {
    const world = new World([capOf()]);
    const hold = world.hold('5');
    if (stated !== null) world.settle(hold, stated as string, flags as HoldFlag[]);
    for (const { cost, ...change } of events as (Omit<Partial<PendingGroup>, 'cost'> & { cost: string })[]) {
      world.count([group(cost, { holdId: HOLD, ...change })]);
    }
    expect([world.settled('cap-day'), scaledText(hold.booked!.cost)]).toEqual([booked, booked]);
    expect([hold.status, hold.flags]).toEqual(['settled', new Set(told as HoldFlag[])]);
  });

  it('count in the period that the hold was in, and at their own place in caps that didn’t hold it', () => {
    const world = new World([capOf(), capOf({ id: 'cap-model', scope: { customer: ACME, model: 'm' } })]);
    world.hold('5');
    const tomorrow = MINUTE + 86_400_000_000;
    world.count([group('3', { holdId: HOLD, minute: tomorrow, scope: { customer: ACME, model: 'm' } })]);

    expect([...world.state.counters.values()].map(({ capId, settled }) => [capId, scaledText(settled)])).toEqual([
      ['cap-day', '3'],
      ['cap-model', '3'],
    ]);
  });

  it.each`
    change                   | because
    ${{ status: 'refused' }} | ${'a hold that was refused is none'}
    ${{ customerId: OTHER }} | ${'another customer’s hold is none of theirs'}
  `('count like any other where $because', ({ change }) => {
    const world = new World([capOf()]);
    const hold = world.hold('5', change as Partial<Hold>);
    world.count([group('3', { holdId: HOLD }), group('1', { holdId: '01930000-0000-7000-8000-00000000000f' })]);
    expect(world.settled('cap-day')).toBe('4');
    expect([hold.used, hold.changed]).toEqual([null, 'no']);
  });

  it('that come when the hold has expired are booked whole and flagged late', () => {
    const world = new World([capOf()]);
    const hold = world.hold('0', { status: 'expired', endedAt: NOON });
    world.count([group('3', { holdId: HOLD })]);
    expect(world.settled('cap-day')).toBe('3');
    expect(hold.flags.has('late')).toBe(true);
  });

  it('with what is charged for them, which is the hold’s too', () => {
    const world = new World([capOf({ measure: 'spend' })]);
    const hold = world.hold('0');
    const spent = { scope: { customer: ACME }, minute: MINUTE, currency: 'USD', amount: scaledFromText('0.5') };
    world.count(
      [group('3', { holdId: HOLD })],
      [
        { ...spent, holdId: HOLD },
        { ...spent, holdId: null },
      ],
    );
    expect(world.settled('cap-day')).toBe('1');
    expect(scaledText(hold.booked!.spend.get('USD')!)).toBe('0.5');
  });
});

type Move = { readonly kind: 'event'; readonly cost: number; readonly named: boolean; readonly minute: number; readonly actions: number; readonly pendingEvents: number } | { readonly kind: 'settle' }; // prettier-ignore

const moves = fc.record({
  events: fc.array(
    fc.record({ cost: fc.integer({ min: 0, max: 9 }), named: fc.boolean(), minute: fc.integer({ min: -90, max: 0 }), voided: fc.boolean(), unknown: fc.constantFrom('no', 'yes', 'priced') }),
    { maxLength: 8 },
  ),
  settled: fc.option(fc.record({ cost: fc.integer({ min: 0, max: 20 }), estimated: fc.boolean() })),
  /** In which order, and how many are counted at a time. */
  order: fc.array(fc.nat(), { minLength: 20, maxLength: 20 }),
  sizes: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 20, maxLength: 20 }),
}); // prettier-ignore

it('any order of settling, events and voids, counted in any portions, comes to the same', () => {
  const caps = [
    capOf(),
    capOf({ id: 'cap-hour', period: 'hour' }),
    capOf({ id: 'cap-rolling', period: 'rolling', rollingSeconds: 3_600 }),
    capOf({ id: 'cap-actions', measure: 'actions', currency: null, period: 'lifetime' }),
  ];
  fc.assert(
    fc.property(moves, ({ events, settled, order, sizes }) => {
      const all: Move[] = events.flatMap(({ cost, named, minute, voided, unknown }) => {
        const event = { kind: 'event', cost, named, minute, actions: 1, pendingEvents: 0 } as const;
        const pending = { ...event, cost: 0, pendingEvents: 1 };
        const price = { ...event, actions: 0, pendingEvents: -1 };
        const stored = { no: [event], yes: [pending], priced: [pending, price] }[unknown];
        if (!voided) return stored;
        return unknown === 'yes'
          ? [pending, { ...pending, actions: -1, pendingEvents: -1 }]
          : [...stored, { ...event, cost: -cost, actions: -1 }];
      });
      if (settled !== null) all.push({ kind: 'settle' });
      const shuffled = all
        .map((move, index) => ({ move, by: order[index % order.length]! }))
        .sort((a, b) => a.by - b.by)
        .map(({ move }) => move);

      const run = (sequence: readonly Move[], portions: readonly number[]) => {
        const world = new World(caps);
        const hold = world.hold('5');
        let portion = 0;
        for (let at = 0; at < sequence.length;) {
          const next: Move[] = [];
          const size = portions[portion++ % portions.length]!;
          while (at < sequence.length && next.length < size && sequence[at]!.kind === 'event')
            next.push(sequence[at++]!);
          world.count(
            next.flatMap((move) =>
              move.kind === 'settle'
                ? []
                : [group(String(move.cost), { holdId: move.named ? HOLD : null, minute: MINUTE + move.minute * 60_000_000, actions: move.actions, pendingEvents: move.pendingEvents })],
            ),
          ); // prettier-ignore
          if (sequence[at]?.kind === 'settle') {
            world.settle(hold, String(settled!.cost), settled!.estimated ? ['estimated'] : []);
            at += 1;
          }
        }
        const counters = [...world.state.counters.values()]
          .map(({ id, settled: sum, held, overrun, buckets }) => ({ id, sum, held, overrun, buckets: buckets?.filter(([, amount]) => amount !== 0n) ?? null }))
          .filter(({ sum, held, overrun }) => sum !== 0n || held !== 0n || overrun !== 0n)
          .sort((a, b) => (a.id < b.id ? -1 : 1)); // prettier-ignore
        return { counters, booked: hold.booked?.cost ?? 0n, flags: [...hold.flags].sort(), status: hold.status };
      };

      expect(run(shuffled, sizes)).toEqual(run(all, [1]));
    }),
    { numRuns: 500 },
  );
});
