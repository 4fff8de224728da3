import fc from 'fast-check';
import { makeRoom } from './make-room';

/** Days of a month; null is until further notice. */
interface Agreed {
  readonly name: string;
  readonly fromAt: Date;
  readonly toAt: Date | null;
}

const day = (number: number) => new Date(number * 86_400_000);
const agreed = (name: string, from: number, to: number | null): Agreed => ({
  name,
  fromAt: day(from),
  toAt: to === null ? null : day(to),
});

/** The overrides of a price after another was agreed on. */
function after(overrides: readonly Agreed[], taken: Agreed): Agreed[] {
  const { removed, shortened, resumed } = makeRoom(overrides, taken);
  const kept = overrides.filter((each) => !removed.includes(each));
  return [
    ...kept.map((each) => {
      const cut = shortened.find(({ override }) => override === each);
      return cut === undefined ? each : { ...each, toAt: cut.toAt };
    }),
    ...resumed.map(({ override, fromAt }) => ({ ...override, fromAt })),
    taken,
  ].sort((one, other) => one.fromAt.getTime() - other.fromAt.getTime());
}

const told = ({ name, fromAt, toAt }: Agreed) =>
  `${name} ${fromAt.getTime() / 86_400_000}-${toAt === null ? '' : toAt.getTime() / 86_400_000}`;

it.each`
  before                        | taken        | expected                          | because
  ${[]}                         | ${[5, null]} | ${['new 5-']}                     | ${'nothing is in the way'}
  ${[['a', 1, null]]}           | ${[5, null]} | ${['a 1-5', 'new 5-']}            | ${'the one before ends where it begins'}
  ${[['a', 1, null]]}           | ${[5, 8]}    | ${['a 1-5', 'new 5-8', 'a 8-']}   | ${'the one before comes back'}
  ${[['a', 1, 20]]}             | ${[5, 8]}    | ${['a 1-5', 'new 5-8', 'a 8-20']} | ${'and ends when it would have'}
  ${[['a', 5, null]]}           | ${[5, null]} | ${['new 5-']}                     | ${'the same stretch: the later word holds'}
  ${[['a', 5, 8]]}              | ${[1, null]} | ${['new 1-']}                     | ${'wholly covered: it holds nowhere'}
  ${[['a', 5, 20]]}             | ${[1, 8]}    | ${['new 1-8', 'a 8-20']}          | ${'covered at its start: it begins later'}
  ${[['a', 1, 5]]}              | ${[5, 8]}    | ${['a 1-5', 'new 5-8']}           | ${'ends are exclusive: they only touch'}
  ${[['a', 8, 9]]}              | ${[5, 8]}    | ${['new 5-8', 'a 8-9']}           | ${'they touch at the other end'}
  ${[['a', 1, 6], ['b', 7, 9]]} | ${[5, 8]}    | ${['a 1-5', 'new 5-8', 'b 8-9']}  | ${'two are cut'}
`('$before and $taken: $because', ({ before, taken, expected }) => {
  const overrides = (before as [string, number, number | null][]).map((each) => agreed(...each));
  const [from, to] = taken as [number, number | null];
  expect(after(overrides, agreed('new', from, to)).map(told)).toEqual(expected);
});

it('leaves one in force at every instant: the one agreed on last', () => {
  const stretch = fc
    .tuple(fc.integer({ min: 0, max: 30 }), fc.option(fc.integer({ min: 1, max: 10 })))
    .map(([from, days]) => [from, days === null ? null : from + days] as const);
  fc.assert(
    fc.property(fc.array(stretch, { maxLength: 8 }), (stretches) => {
      const all = stretches.map(([from, to], index) => agreed(`${index}`, from, to));
      const overrides = all.reduce<Agreed[]>((before, taken) => after(before, taken), []);
      const holds = (at: Date) => (each: Agreed) => each.fromAt <= at && (each.toAt === null || at < each.toAt);
      for (let number = 0; number < 45; number += 1) {
        const at = day(number);
        const inForce = overrides.filter(holds(at)).map(({ name }) => name);
        const last = all.findLast(holds(at));
        expect(inForce).toEqual(last === undefined ? [] : [last.name]);
      }
      for (const { fromAt, toAt } of overrides) expect(toAt === null || fromAt < toAt).toBe(true);
    }),
  );
});
