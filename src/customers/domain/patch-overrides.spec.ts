import fc from 'fast-check';
import { patchOverrides } from './patch-overrides';

interface Agreed {
  readonly definition: Readonly<Record<string, unknown>>;
  readonly fromAt: Date;
  readonly toAt: Date | null;
}

const day = (count: number): Date => new Date(count * 86_400_000);
const agreed = (definition: Agreed['definition'], from: number, to: number | null = null): Agreed => ({
  definition,
  fromAt: day(from),
  toAt: to === null ? null : day(to),
});

/** What holds at an instant. */
function at(overrides: readonly Agreed[], instant: Date): Agreed['definition'] | null {
  const holding = overrides.filter(({ fromAt, toAt }) => fromAt <= instant && (toAt === null || instant < toAt));
  expect(holding.length).toBeLessThan(2);
  return holding[0]?.definition ?? null;
}

function patched(overrides: readonly Agreed[], patch: Agreed['definition'], from: number): readonly Agreed[] {
  const { kept, shortened, added } = patchOverrides(overrides, patch, day(from));
  return [...kept, ...shortened, ...added];
}

it.each<[string, Agreed[], (Agreed['definition'] | null)[]]>([
  ['nothing agreed on: it holds from then on', [], [null, { seats: 5 }, { seats: 5 }, { seats: 5 }]],
  [
    'other terms stay for as long as they hold',
    [agreed({ charge: 1 }, 0, 20)],
    [{ charge: 1 }, { charge: 1, seats: 5 }, { seats: 5 }, { seats: 5 }],
  ],
  ['the same term is replaced', [agreed({ seats: 3 }, 0)], [{ seats: 3 }, { seats: 5 }, { seats: 5 }, { seats: 5 }]],
  [
    'what is planned for the same term still comes',
    [agreed({ seats: 9 }, 30)],
    [null, { seats: 5 }, { seats: 5 }, { seats: 9 }],
  ],
  [
    'what is planned for another term has it, too',
    [agreed({ charge: 2 }, 30)],
    [null, { seats: 5 }, { seats: 5 }, { charge: 2, seats: 5 }],
  ],
])('5 seats from day 10 on: %s', (_because, before, expected) => {
  const after = patched(before, { seats: 5 }, 10);
  expect([5, 15, 25, 35].map((instant) => at(after, day(instant)))).toEqual(expected);
});

it('before the change everything is as it was, behind it the terms hold, and nothing overlaps', () => {
  const stretches = fc
    .array(fc.record({ gap: fc.nat(10), length: fc.integer({ min: 1, max: 20 }), seats: fc.boolean() }), {
      maxLength: 5,
    })
    .map((each) => {
      let now = 0;
      return each.map(({ gap, length, seats }, place) => {
        const from = now + gap;
        now = from + length;
        return agreed(seats ? { seats: place } : { charge: place }, from, now);
      });
    });
  fc.assert(
    fc.property(stretches, fc.nat(100), (before, from) => {
      const after = patched(before, { seats: 'new' }, from);
      const planned = before.find(({ fromAt, definition }) => fromAt > day(from) && 'seats' in definition);
      for (let instant = 0; instant < 120; instant += 1) {
        const was = at(before, day(instant));
        const is = at(after, day(instant));
        if (instant < from || (planned !== undefined && planned.fromAt <= day(instant))) expect(is).toEqual(was);
        else expect(is).toEqual({ ...was, seats: 'new' });
      }
    }),
  );
});
