import fc from 'fast-check';
import { Decimal, sum } from '../../kernel';
import type { PerGroupCharge } from '../../catalog/domain';
import { chargePerGroup } from './charge-per-group';
import { chargeQuantity } from './charge-quantity';
import { NegativeQuantityError } from './negative-quantity-error';
import type { UsageGroup } from './usage';

const d = (text: string): Decimal => new Decimal(text);
const group = (project: string | null, quantity: string): UsageGroup => ({
  values: [project],
  quantity: d(quantity),
  cost: d('0'),
  events: 1,
  pendingEvents: 0,
});

const TIERS = [
  { upTo: d('100'), unitPrice: d('1') },
  { upTo: null, unitPrice: d('0.5') },
];
const PER_PROJECT: PerGroupCharge = {
  model: 'per_group',
  dimensions: ['data.project'],
  charge: { model: 'graduated', tiers: TIERS },
  byValue: [{ match: { 'data.project': 'vip' }, charge: { model: 'unit', unitPrice: d('0.1') } }],
};
const told = (...groups: UsageGroup[]): string[] =>
  chargePerGroup(PER_PROJECT, groups).map(({ description, amount }) => `${description} = ${amount.toFixed()}`);

it.each`
  groups                                   | expected                                                                                                                                               | because
  ${[]}                                    | ${[]}                                                                                                                                                  | ${'no project, no charge'}
  ${[group('a', '150'), group('b', '60')]} | ${['project a: Tier 1, up to 100: at 1 each = 100', 'project a: Tier 2, above 100: at 0.5 each = 25', 'project b: Tier 1, up to 100: at 1 each = 60']} | ${'tiers start again in b'}
  ${[group('a', '100')]}                   | ${['project a: Tier 1, up to 100: at 1 each = 100']}                                                                                                   | ${'upTo is inclusive'}
  ${[group('a', '100.5')]}                 | ${['project a: Tier 1, up to 100: at 1 each = 100', 'project a: Tier 2, above 100: at 0.5 each = 0.25']}                                               | ${'a fraction falls in the next tier'}
  ${[group('vip', '150')]}                 | ${['project vip: Units at 0.1 each = 15']}                                                                                                             | ${'a charge of its own'}
  ${[group(null, '3')]}                    | ${['project (none): Tier 1, up to 100: at 1 each = 3']}                                                                                                | ${'events without a project are a group, too'}
  ${[group('a', '0')]}                     | ${[]}                                                                                                                                                  | ${'a project without units charges nothing'}
  ${[group('a', '999999999999')]}          | ${['project a: Tier 1, up to 100: at 1 each = 100', 'project a: Tier 2, above 100: at 0.5 each = 499999999949.5']}                                     | ${'however much is used'}
`('$because', ({ groups, expected }) => {
  expect(told(...groups)).toEqual(expected);
});

it('charges a fee for each group that is used, and none for one that isn’t', () => {
  const charge: PerGroupCharge = {
    ...PER_PROJECT,
    charge: { model: 'graduated', tiers: [{ upTo: null, unitPrice: d('1'), flatFee: d('10') }] },
  };
  const rows = chargePerGroup(charge, [group('a', '1'), group('b', '2'), group('c', '0')]);
  expect(sum(rows.map(({ amount }) => amount)).toFixed()).toBe('23');
});

it('says which values a row is about', () => {
  expect(chargePerGroup(PER_PROJECT, [group('a', '1')])[0]!.group).toEqual(['a']);
});

it('refuses a group below zero, though the others outweigh it', () => {
  expect(() => chargePerGroup(PER_PROJECT, [group('a', '5'), group('b', '-1')])).toThrow(NegativeQuantityError);
});

it('is the sum of its groups, each charged alone, in any order', () => {
  const quantity = fc
    .bigInt({ min: 0n, max: 10n ** 15n })
    .map((units) => new Decimal(units.toString()).dividedBy(1_000));
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.record({ name: fc.string(), quantity }), { selector: ({ name }) => name }),
      (found) => {
        const groups = found.map(({ name, quantity: units }) => group(`p${name}`, units.toFixed()));
        const total = (of: UsageGroup[]): Decimal => sum(chargePerGroup(PER_PROJECT, of).map(({ amount }) => amount));
        const alone = groups.flatMap((of) =>
          of.quantity.isZero() ? [] : chargeQuantity(PER_PROJECT.charge, of.quantity),
        );
        expect(total(groups)).toEqual(sum(alone.map(({ amount }) => amount)));
        expect(total(groups.toReversed())).toEqual(total(groups));
      },
    ),
  );
});
