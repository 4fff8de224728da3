import fc from 'fast-check';
import { Decimal, scaledFromDecimal, scaledText } from '../../kernel';
import { type Cause, spread } from './spread';

const PERIOD = { start: 0, end: 3_600_000_000 };
const charge = {
  meterId: 'm',
  otherMeterIds: ['other'],
  byCost: false,
  amount: new Decimal(0),
  quantity: new Decimal(0),
};

function cause(
  name: string,
  units: Record<string, bigint>,
  more: { cost?: bigint; actions?: number; minute?: number } = {},
): Cause {
  // prettier-ignore
  const { cost = 0n, actions = 1, minute = 0 } = more;
  const group = { scope: { customer: 'c', feature: name }, minute, holdId: null, cost, actions, pendingEvents: 0, units: new Map(Object.entries(units)), steps: [] }; // prettier-ignore
  return { group, pendingId: '1' };
}

function said(difference: string, of: Partial<typeof charge>, causes: Cause[]): string[] {
  return spread(scaled(difference), { ...charge, ...of }, PERIOD, causes).map(
    ({ cause: by, amount }) => `${by?.group.scope.feature ?? '-'} ${scaledText(amount)}`,
  );
}

function scaled(text: string): bigint {
  return scaledFromDecimal(new Decimal(text));
}

it('is in proportion to what was used, exactly, and leaves out who used nothing', () => {
  expect(said('0.8', {}, [cause('a', { m: 30n }), cause('b', { m: 10n }), cause('c', { x: 9n }), cause('d', { m: 0n })])).toEqual(['a 0.6', 'b 0.2']); // prettier-ignore
  expect(said('1', {}, [cause('a', { m: 1n }), cause('b', { m: 1n }), cause('c', { m: 1n })])).toEqual([
    'a 0.333333333333333333333334',
    'b 0.333333333333333333333333',
    'c 0.333333333333333333333333',
  ]);
});

it('is in proportion to costs where the charge is', () => {
  expect(said('12', { byCost: true }, [cause('a', { m: 1n }, { cost: 3n }), cause('b', { m: 9n }, { cost: 1n })])).toEqual(['a 9', 'b 3']); // prettier-ignore
});

it('goes by events where quantities add up to nothing, by other meters where none is its own, and to nobody else', () => {
  expect(said('3', {}, [cause('a', { m: 0n }, { actions: 2 }), cause('b', { m: 0n })])).toEqual(['a 2', 'b 1']);
  expect(said('3', {}, [cause('a', { other: 5n }), cause('b', { x: 5n })])).toEqual(['a 3']);
  expect(said('3', {}, [cause('b', { x: 5n })])).toEqual(['- 3']);
  expect(said('0', {}, [cause('b', { x: 5n })])).toEqual([]);
});

it('blames no event of another period, but those of the minute in which it begins', () => {
  const period = { start: 90_000_000, end: 180_000_000 };
  const causes = [0, 60_000_000, 120_000_000, 180_000_000].map((minute) =>
    cause(String(minute), { m: 1n }, { minute }),
  );
  expect(spread(4n, charge, period, causes).map(({ cause: by }) => by!.group.minute)).toEqual([
    60_000_000, 120_000_000,
  ]);
});

it('moves what was taken off here and added there, at the average price', () => {
  const of = { amount: new Decimal('10'), quantity: new Decimal('5') };
  const one = scaled('1');
  expect(said('0', of, [cause('a', { m: one }), cause('b', { m: -one })])).toEqual(['a 2', 'b -2']);
  // What is left over the average is spread by how much each moved.
  expect(said('3', of, [cause('a', { m: 2n * one }), cause('b', { m: -one })])).toEqual(['a 4.666666666666666666666667', 'b -1.666666666666666666666667']); // prettier-ignore
  expect(said('-2', of, [cause('b', { m: -one })])).toEqual(['b -2']);
});

it('adds up to the difference, whatever there is', () => {
  const amounts = fc.bigInt({ min: -(10n ** 27n), max: 10n ** 27n });
  const causes = fc.array(
    fc.record({ m: amounts, cost: amounts, meter: fc.constantFrom('m', 'other', 'x'), actions: fc.integer({ min: -2, max: 3 }) }), // prettier-ignore
    { maxLength: 6 },
  );
  const of = fc.record({ amount: fc.nat(1_000), quantity: fc.nat(1_000), byCost: fc.boolean() });
  fc.assert(
    fc.property(amounts, causes, of, (difference, given, { amount, quantity, byCost }) => {
      const all = given.map(({ m, cost, meter, actions }, place) => cause(String(place), { [meter]: m }, { cost, actions })); // prettier-ignore
      const stated = { ...charge, amount: new Decimal(amount), quantity: new Decimal(quantity), byCost };
      const parts = spread(difference, stated, PERIOD, all);
      expect(parts.reduce((sum, part) => sum + part.amount, 0n)).toBe(difference);
      for (const part of parts) expect(part.amount).not.toBe(0n);
    }),
  );
});
