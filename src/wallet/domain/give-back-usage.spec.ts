import fc from 'fast-check';
import { Decimal, decimalText, sum, ZERO } from '../../kernel';
import { type FeatureBurn, giveBackUsage } from './give-back-usage';
import { chargedFor } from './pay-invoice';
import { type Grant, type GrantPiece, NO_TOTALS, NOTHING_BURNED, sumOfPieces } from './prepaid';
import { grant } from './prepaid/some-grants';
import { burnOf, grantTo, type MoveReason } from './wallet-moves';
import type { LockedWallet } from './wallet-state';

const AT = new Date('2026-03-01T00:00:00Z');
const d = (text: string): Decimal => new Decimal(text);

/** A wallet with what it burned for one period, by feature, as the journal would tell it. */
class Life {
  readonly wallet: LockedWallet;
  stacks: readonly FeatureBurn[] = [];
  covered: readonly GrantPiece[] = [];
  private seq = 0n;

  constructor(grants: readonly Grant[], limit = '0') {
    this.wallet = {
      ...{ id: 'w', key: 'w', customerId: 'c', currency: 'USD', unit: null, burns: new Map(), whenEmpty: 'refuse' },
      ...{ measure: 'money', booksCurrency: 'USD', testNow: null, totals: NO_TOTALS, earnedBooked: ZERO },
      ...{ grants: [], overdraft: { overdrawn: ZERO, limit: d(limit) }, settled: ZERO, held: ZERO, heldBy: [] },
      changed: false,
    };
    for (const each of grants) this.grant(each);
  }

  grant(each: Grant): void {
    const pieces = grantTo(this.wallet, each, AT).flatMap(({ kind, grantId, amount }) =>
      kind === 'cover' && grantId !== null ? [{ grant: grantId, amount: amount.negated() }] : [],
    );
    this.covered = merged([...this.covered, ...pieces]);
  }

  /** What a spend entry does; below zero it gives back. */
  charge(feature: string | null, amount: Decimal): void {
    const reason: MoveReason = {
      source: { kind: 'spend', id: 's' },
      feature,
      period: { subscriptionId: 's', index: 0 },
      at: AT,
    };
    if (amount.lessThan(0)) {
      const given = giveBackUsage(this.wallet, this.stacks, this.covered, amount.negated(), reason);
      this.stacks = given.stacks;
      this.covered = given.covered;
      return;
    }
    const entries = burnOf(this.wallet, amount, reason);
    const of = (kind: string): Decimal =>
      sum(entries.filter((entry) => entry.kind === kind).map((entry) => entry.amount.negated()));
    const before = this.stacks.find((stack) => stack.feature === feature)?.burned ?? NOTHING_BURNED;
    const pieces = entries.flatMap(({ grantId, amount: moved }) =>
      grantId === null ? [] : [{ grant: grantId, amount: moved.negated() }],
    );
    const burned = {
      pieces: merged([...before.pieces, ...pieces]),
      overdraft: before.overdraft.plus(of('overdraft')),
      uncovered: before.uncovered.plus(of('uncovered')),
    };
    const others = this.stacks.filter((stack) => stack.feature !== feature);
    this.stacks = [...others, { feature, burned, last: (this.seq += 1n) }];
  }

  get charged(): Decimal {
    return sum(this.stacks.map(({ burned }) => chargedFor(burned)));
  }
}

/** Each grant once, where it was burned last. */
function merged(pieces: readonly GrantPiece[]): GrantPiece[] {
  const amounts = new Map<string, Decimal>();
  for (const { grant: id, amount } of pieces) {
    const all = (amounts.get(id) ?? ZERO).plus(amount);
    amounts.delete(id);
    amounts.set(id, all);
  }
  return [...amounts].map(([id, amount]) => ({ grant: id, amount }));
}

const lefts = ({ wallet }: Life): string =>
  [...wallet.grants]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map(({ id, left }) => `${id} ${decimalText(left)}`)
    .join(', ');

it('a cheaper tier that another feature reached goes back to the feature that had burned, and is not burned twice', () => {
  const life = new Life([grant('a', '8.09777', { cost: null })]);
  life.charge('chat', d('1.998'));
  for (let crossing = 0; crossing < 3; crossing += 1) {
    life.charge('images', d('-0.777'));
    expect(life.wallet.settled.toFixed()).toBe('6.87677');
    life.charge('images', d('0.777'));
    expect(life.wallet.settled.toFixed()).toBe('6.09977');
  }
});

it.each`
  credit                   | limit  | charges                                                                 | left             | settled  | because
  ${{ a: '5', b: '5' }}    | ${'0'} | ${[['chat', '3'], ['images', '4'], ['chat', '-4']]}                     | ${'a 3, b 4'}    | ${'7'}   | ${'its own 3.00 first, then what images burned last'}
  ${{ a: '10' }}           | ${'0'} | ${[['chat', '2'], ['images', '3'], [null, '-4']]}                       | ${'a 9'}         | ${'9'}   | ${'nothing of its own: images burned last, then chat'}
  ${{ a: '5' }}            | ${'0'} | ${[['chat', '5'], ['images', '2'], ['search', '-1']]}                   | ${'a 0'}         | ${'0'}   | ${'what wasn’t covered is less'}
  ${{ a: '5' }}            | ${'0'} | ${[['images', '7'], ['chat', '1'], [null, '-4']]}                       | ${'a 1'}         | ${'1'}   | ${'3.00 weren’t covered, whoever used last'}
  ${{ a: '5' }}            | ${'3'} | ${[['chat', '8'], ['images', '-2']]}                                    | ${'a 0'}         | ${'-1'}  | ${'then it is less below zero'}
  ${{ chat: '5', a: '5' }} | ${'0'} | ${[['chat', '3'], ['images', '6'], ['chat', '-1']]}                     | ${'a 0, chat 3'} | ${'3'}   | ${'credit for chat is for chat again'}
  ${{ a: '5' }}            | ${'0'} | ${[['chat', '2'], ['images', '-9']]}                                    | ${'a 5'}         | ${'5'}   | ${'never more than was burned'}
  ${{ a: '5' }}            | ${'0'} | ${[['chat', '2'], ['images', '-1'], ['chat', '-1'], ['search', '0.5']]} | ${'a 4.5'}       | ${'4.5'} | ${'what went back for images isn’t chat’s any more'}
`('$charges: $because', ({ credit, limit, charges, left, settled }) => {
  const grants = Object.entries(credit as Record<string, string>).map(([id, amount], place) =>
    grant(id, amount, { features: id === 'chat' ? ['chat'] : null, priority: place }),
  );
  const life = new Life(grants, limit);
  for (const [feature, amount] of charges as [string | null, string][]) life.charge(feature, d(amount));
  expect(lefts(life)).toBe(left);
  expect(life.wallet.settled.toFixed()).toBe(settled);
});

const feature = fc.constantFrom('chat', 'images', 'search', null);
const scope = fc.option(fc.constantFrom('chat', 'images'), { nil: null });
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ of: feature, amount: fc.integer({ min: -400, max: 400 }) }) },
  { weight: 1, arbitrary: fc.record({ scope, amount: fc.integer({ min: 1, max: 300 }) }) },
);
const atoms = (count: number): Decimal => d('0.000000000001').times(count);

it('whatever features the charges move at: burned less given back is what was charged, and never below nothing', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), fc.integer({ min: 0, max: 300 }), (steps, limit) => {
      const life = new Life([], decimalText(atoms(limit)));
      let charged = ZERO;
      for (const [place, each] of steps.entries()) {
        if ('of' in each) {
          // A period is never charged less than nothing.
          const amount = Decimal.max(atoms(each.amount), charged.negated());
          if (amount.isZero()) continue;
          life.charge(each.of, amount);
          charged = charged.plus(amount);
        } else {
          const features = each.scope === null ? null : [each.scope];
          life.grant(
            grant(`g${place}`, decimalText(atoms(each.amount)), { features, priority: place % 3, cost: null }),
          );
        }
        expect(decimalText(life.charged)).toBe(decimalText(charged));
        const { wallet, stacks } = life;
        for (const { burned } of stacks) {
          expect(burned.uncovered.lessThan(0) || burned.overdraft.lessThan(0)).toBe(false);
          expect(burned.pieces.some(({ amount }) => amount.lessThan(0))).toBe(false);
        }
        const left = sum(wallet.grants.map((own) => own.left));
        expect(decimalText(wallet.settled)).toBe(decimalText(left.minus(wallet.overdraft.overdrawn)));
        const gone = sum(wallet.grants.map((own) => own.amount.minus(own.left)));
        const burned = sum(stacks.map((stack) => sumOfPieces(stack.burned.pieces)));
        expect(decimalText(gone)).toBe(decimalText(burned.plus(sumOfPieces(life.covered))));
      }
    }),
    { numRuns: 500 },
  );
});

it('crossing a tier back and forth changes nothing, however often and at whatever feature', () => {
  const charge = fc.tuple(feature, fc.integer({ min: 1, max: 300 }));
  fc.assert(
    fc.property(
      fc.array(charge, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 2_000, max: 3_000 }),
      fc.array(fc.tuple(feature, feature), { minLength: 1, maxLength: 8 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (charges, credit, crossings, part) => {
        const life = new Life([grant('a', decimalText(atoms(credit)), { cost: null })]);
        for (const [of, amount] of charges) life.charge(of, atoms(amount));
        const before = lefts(life);
        const cheaper = atoms(Math.ceil(charges.reduce((all, [, amount]) => all + amount, 0) * part));
        fc.pre(cheaper.greaterThan(0));
        for (const [down, up] of crossings) {
          life.charge(down, cheaper.negated());
          life.charge(up, cheaper);
          expect(lefts(life)).toBe(before);
        }
      },
    ),
    { numRuns: 300 },
  );
});
