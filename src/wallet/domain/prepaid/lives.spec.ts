import fc from 'fast-check';
import { Decimal, decimalText, sum, ZERO } from '../../../kernel';
import {
  afterBurn,
  afterGivingBack,
  available,
  type Burn,
  burn,
  coverOverdraft,
  expiriesAt,
  giveBack,
  type Grant,
  isFor,
  NOTHING_BURNED,
  type Reserved,
  sumOfPieces,
  withoutBack,
  worthOf,
} from '.';

/** The wallets of these properties live for ten days, and their amounts are atoms of 10^-12, so that a loop can count them. */
const ATOM = new Decimal('1e-12');
const START_MS = Date.parse('2026-01-01T00:00:00Z');
const day = (number: number): Date => new Date(START_MS + number * 86_400_000);
const atoms = (count: number): Decimal => ATOM.times(count);
const FEATURES = ['chat', 'images', 'search'] as const;

const feature = fc.constantFrom(...FEATURES, null);
const scope = fc.option(fc.uniqueArray(fc.constantFrom(...FEATURES), { minLength: 1, maxLength: 2 }), { nil: null });
const aGrant = fc
  .record({
    count: fc.integer({ min: 1, max: 20 }),
    priority: fc.integer({ min: 0, max: 2 }),
    start: fc.integer({ min: 0, max: 4 }),
    length: fc.option(fc.integer({ min: 1, max: 6 }), { nil: null }),
    features: scope,
    granted: fc.integer({ min: 0, max: 2 }),
    rollover: fc.option(fc.integer({ min: 0, max: 25 }), { nil: null }),
    cost: fc.option(fc.integer({ min: 0, max: 500 }), { nil: null }),
  })
  .map((drawn): Omit<Grant, 'id'> => ({
    kind: drawn.cost === null ? 'promotional' : 'bought',
    amount: atoms(drawn.count),
    left: atoms(drawn.count),
    priority: drawn.priority,
    startsAt: day(drawn.start),
    expiresAt: drawn.length === null ? null : day(drawn.start + drawn.length),
    features: drawn.features,
    grantedAt: day(drawn.granted),
    rolloverLimit: drawn.rollover === null ? null : atoms(drawn.rollover),
    cost: drawn.cost === null ? null : { amount: new Decimal(drawn.cost).dividedBy(100), currency: 'USD' },
  }));
const someGrants = fc
  .array(aGrant, { maxLength: 6 })
  .map((grants): Grant[] => grants.map((each, place) => ({ ...each, id: `g${place}` })));
const wanted = fc.integer({ min: 0, max: 50 });
const at = fc.integer({ min: 0, max: 10 });

/**
 * The rule again, as simply as it can be said: each atom looks at all the grants and takes the best one.
 *
 * @returns atoms by grant in the order in which they were first burned, and how many nobody paid
 */
function burnAtomByAtom(
  grants: readonly Grant[],
  count: number,
  now: Date,
  of: string | null,
): [[string, number][], number] {
  const left = new Map(grants.map((each) => [each.id, each.left.dividedBy(ATOM).toNumber()]));
  const burned = new Map<string, number>();
  let unpaid = 0;
  for (let atom = 0; atom < count; atom += 1) {
    let best: Grant | null = null;
    for (const each of grants) {
      const begun = each.startsAt <= now;
      const over = each.expiresAt !== null && each.expiresAt <= now;
      const allowed = each.features === null || (of !== null && each.features.includes(of));
      if (left.get(each.id)! > 0 && begun && !over && allowed && (best === null || isBefore(each, best))) best = each;
    }
    if (best === null) unpaid += 1;
    else {
      left.set(best.id, left.get(best.id)! - 1);
      burned.set(best.id, (burned.get(best.id) ?? 0) + 1);
    }
  }
  return [[...burned], unpaid];
}

function isBefore(a: Grant, b: Grant): boolean {
  if (a.priority !== b.priority) return a.priority < b.priority;
  const ends = [a, b].map(({ expiresAt }) => (expiresAt ?? day(1_000)).getTime());
  if (ends[0] !== ends[1]) return ends[0]! < ends[1]!;
  if (a.grantedAt.getTime() !== b.grantedAt.getTime()) return a.grantedAt < b.grantedAt;
  return a.id < b.id;
}

it('burns what a loop over every atom burns', () => {
  fc.assert(
    fc.property(someGrants, wanted, at, feature, (grants, count, on, of) => {
      const { pieces, overdraft, uncovered } = burn(grants, atoms(count), day(on), of);
      const [expected, unpaid] = burnAtomByAtom(grants, count, day(on), of);
      expect(pieces.map(({ grant, amount }) => [grant, amount.dividedBy(ATOM).toNumber()])).toEqual(expected);
      expect([overdraft.toFixed(), uncovered.dividedBy(ATOM).toNumber()]).toEqual(['0', unpaid]);
    }),
  );
});

it('two burns of parts are one of the whole, with an overdraft and without', () => {
  fc.assert(
    fc.property(
      someGrants,
      wanted,
      wanted,
      at,
      feature,
      fc.integer({ min: 0, max: 30 }),
      (grants, a, b, on, of, most) => {
        const limit = atoms(most);
        const whole = burn(grants, atoms(a + b), day(on), of, { overdrawn: ZERO, limit });
        const first = burn(grants, atoms(a), day(on), of, { overdrawn: ZERO, limit });
        const rest = afterBurn(grants, first.pieces);
        const second = burn(rest, atoms(b), day(on), of, { overdrawn: first.overdraft, limit });

        expect(lefts(afterBurn(rest, second.pieces))).toEqual(lefts(afterBurn(grants, whole.pieces)));
        expect(decimalText(first.overdraft.plus(second.overdraft))).toBe(decimalText(whole.overdraft));
        expect(decimalText(first.uncovered.plus(second.uncovered))).toBe(decimalText(whole.uncovered));
      },
    ),
  );
});

it('too much burned and given back again is as if it had never been burned', () => {
  fc.assert(
    fc.property(
      someGrants,
      wanted,
      wanted,
      at,
      feature,
      fc.integer({ min: 0, max: 30 }),
      (grants, right, more, on, of, most) => {
        const overdraft = { overdrawn: ZERO, limit: atoms(most) };
        const burned = burn(grants, atoms(right + more), day(on), of, overdraft);
        const back = giveBack(burned, atoms(more));
        const wantedOnly = burn(grants, atoms(right), day(on), of, overdraft);

        expect(back.beyond.toFixed()).toBe('0');
        expect(lefts(afterGivingBack(afterBurn(grants, burned.pieces), back.pieces))).toEqual(
          lefts(afterBurn(grants, wantedOnly.pieces)),
        );
        expect(shown(withoutBack(burned, back))).toEqual(shown(wantedOnly));
      },
    ),
  );
});

/** A day in the life of a wallet. */
const step = fc.oneof(
  fc.record({ does: fc.constant('burn' as const), count: wanted, of: feature }),
  fc.record({ does: fc.constant('give back' as const), count: wanted }),
  fc.record({ does: fc.constant('cover' as const) }),
  fc.record({ does: fc.constant('grant' as const), grant: aGrant }),
  fc.record({ does: fc.constant('expire' as const) }),
);

it('what was granted is burned, expired or left, whatever happens; and is worth what was paid for it', () => {
  fc.assert(
    fc.property(someGrants, fc.array(fc.tuple(at, step), { maxLength: 25 }), (first, days) => {
      let grants: Grant[] = first;
      let granted = sum(first.map(({ amount }) => amount));
      let paid = sum(first.map(({ cost }) => cost?.amount ?? ZERO));
      let [breakage, worth] = [ZERO, ZERO];
      let burned: Burn = NOTHING_BURNED;
      let covered = ZERO;
      let overdrawn = ZERO;
      const limit = atoms(15);
      const take = (next: Grant[]): void => {
        for (const grant of next) {
          const before = grants.find(({ id }) => id === grant.id)!;
          worth = worth.plus(worthOf(grant, grant.amount.minus(before.left), grant.amount.minus(grant.left)));
        }
        grants = next;
      };

      for (const [on, what] of [...days].sort(([a], [b]) => a - b)) {
        const now = day(on);
        if (what.does === 'burn') {
          const each = burn(grants, atoms(what.count), now, what.of, { overdrawn, limit });
          take(afterBurn(grants, each.pieces));
          overdrawn = overdrawn.plus(each.overdraft);
          burned = {
            pieces: [...burned.pieces, ...each.pieces],
            overdraft: burned.overdraft.plus(each.overdraft),
            uncovered: burned.uncovered.plus(each.uncovered),
          };
        } else if (what.does === 'give back') {
          // What is overdrawn and covered stays: the spec beside giveBackOverdraft has it.
          const back = giveBack({ ...burned, overdraft: ZERO }, atoms(what.count));
          take(afterGivingBack(grants, back.pieces));
          burned = { ...withoutBack({ ...burned, overdraft: ZERO }, back), overdraft: burned.overdraft };
        } else if (what.does === 'cover') {
          const pieces = coverOverdraft(grants, overdrawn, now);
          take(afterBurn(grants, pieces));
          covered = covered.plus(sumOfPieces(pieces));
          overdrawn = overdrawn.minus(sumOfPieces(pieces));
        } else if (what.does === 'grant') {
          const grant = { ...what.grant, id: `d${grants.length}`, grantedAt: now };
          grants = [...grants, grant];
          granted = granted.plus(grant.amount);
          paid = paid.plus(grant.cost?.amount ?? ZERO);
        } else {
          for (const expiry of expiriesAt(grants, now)) {
            const grant = grants.find(({ id }) => id === expiry.grant)!;
            const gone = grant.amount.minus(grant.left);
            worth = worth.plus(worthOf(grant, gone, gone.plus(expiry.breakage)));
            breakage = breakage.plus(expiry.breakage);
            // What rolls over is taken off the grant that it was in: the new one has it.
            const kept = expiry.rolledOver;
            grants = grants.map((each) => (each.id === grant.id ? { ...each, left: ZERO } : each));
            if (kept === null) continue;
            grants.push({ ...kept, id: `r${grants.length}`, left: kept.amount });
          }
          expect(expiriesAt(grants, now).filter(({ rolledOver }) => rolledOver !== null)).toEqual([]);
        }

        const left = sum(grants.map((each) => each.left));
        const used = sumOfPieces(burned.pieces).plus(covered);
        expect(decimalText(granted)).toBe(decimalText(used.plus(breakage).plus(left)));
        const open = sum(grants.map((each) => worthOf(each, each.amount.minus(each.left), each.amount)));
        expect(decimalText(paid)).toBe(decimalText(worth.plus(open)));
        expect(decimalText(burned.overdraft)).toBe(decimalText(overdrawn.plus(covered)));
        expect(overdrawn.greaterThan(limit) || overdrawn.lessThan(0)).toBe(false);
      }
    }),
    { numRuns: 300 },
  );
});

it('holds that were let in find their credit, in whatever order they are settled', () => {
  const hold = fc.record({ feature, count: fc.integer({ min: 1, max: 15 }) });
  fc.assert(
    fc.property(
      someGrants,
      fc.array(hold, { maxLength: 8 }),
      at,
      fc.infiniteStream(fc.nat()),
      (grants, asked, on, dice) => {
        const held: Reserved[] = [];
        for (const each of asked) {
          const most = available(grants, held, day(on), each.feature);
          const amount = Decimal.min(atoms(each.count), most);
          if (amount.greaterThan(0)) held.push({ feature: each.feature, amount });
        }
        let left = grants;
        const open = [...held];
        while (open.length > 0) {
          const [settled] = open.splice(dice.next().value! % open.length, 1);
          const { pieces, uncovered } = burn(left, settled!.amount, day(on), settled!.feature);
          expect(uncovered.toFixed()).toBe('0');
          left = afterBurn(left, pieces);
        }
      },
    ),
    { numRuns: 500 },
  );
});

it('where no grant has a scope, available is what is left less what is held', () => {
  fc.assert(
    fc.property(someGrants, fc.array(fc.tuple(feature, wanted)), at, feature, (grants, holds, on, of) => {
      const all = grants.map((each) => ({ ...each, features: null }));
      const held = holds.map(([each, count]) => ({ feature: each, amount: atoms(count) }));
      const left = sumOfPieces(burn(all, atoms(10_000), day(on), of).pieces);
      const expected = Decimal.max(left.minus(sum(held.map(({ amount }) => amount))), ZERO);
      expect(all.every((each) => isFor(each, of))).toBe(true);
      expect(decimalText(available(all, held, day(on), of))).toBe(decimalText(expected));
    }),
  );
});

function lefts(grants: readonly Grant[]): string[] {
  return grants.map(({ id, left }) => `${id} ${decimalText(left)}`);
}

/** Pieces of one grant beside each other are one. */
function shown({ pieces, overdraft, uncovered }: Burn): string[] {
  return [
    ...pieces.map((each) => `${each.grant} ${decimalText(each.amount)}`),
    decimalText(overdraft),
    decimalText(uncovered),
  ];
}
