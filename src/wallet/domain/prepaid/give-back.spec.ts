import { Decimal } from '../../../kernel';
import { type Burn, giveBack, giveBackOverdraft, withoutBack } from '.';

const d = (text: string): Decimal => new Decimal(text);
/** `a 5, b 7.5`, the first burned first. */
const pieces = (text: string): Burn['pieces'] =>
  text
    .split(', ')
    .filter(Boolean)
    .map((piece) => ({ grant: piece.split(' ')[0]!, amount: d(piece.split(' ')[1]!) }));
const text = (of: Burn['pieces']): string => of.map((piece) => `${piece.grant} ${piece.amount.toFixed()}`).join(', ');

it.each`
  burned             | overdraft | uncovered | amount   | back                 | overdraftBack | uncoveredBack | beyond | because
  ${'a 5, b 7.5'}    | ${'0'}    | ${'1'}    | ${'3'}   | ${'b 2'}             | ${'0'}        | ${'1'}        | ${'0'} | ${'what wasn’t covered is first'}
  ${'a 5, b 7.5'}    | ${'2'}    | ${'1'}    | ${'4'}   | ${'b 1'}             | ${'2'}        | ${'1'}        | ${'0'} | ${'then the overdraft, then the newest'}
  ${'a 5, b 7.5'}    | ${'0'}    | ${'0'}    | ${'9'}   | ${'b 7.5, a 1.5'}    | ${'0'}        | ${'0'}        | ${'0'} | ${'then the one before'}
  ${'a 1, b 2, a 3'} | ${'0'}    | ${'0'}    | ${'5.5'} | ${'a 3, b 2, a 0.5'} | ${'0'}        | ${'0'}        | ${'0'} | ${'a grant in two burns'}
  ${'a 5'}           | ${'0'}    | ${'0'}    | ${'7'}   | ${'a 5'}             | ${'0'}        | ${'0'}        | ${'2'} | ${'no more than was burned'}
  ${'a 5'}           | ${'0'}    | ${'0'}    | ${'0'}   | ${''}                | ${'0'}        | ${'0'}        | ${'0'} | ${'nothing back'}
`(
  '$amount back of [$burned]: $because',
  ({ burned, overdraft, uncovered, amount, back, overdraftBack, uncoveredBack, beyond }) => {
    const given = giveBack({ pieces: pieces(burned), overdraft: d(overdraft), uncovered: d(uncovered) }, d(amount));
    expect(text(given.pieces)).toBe(back);
    expect(given.overdraft.toFixed()).toBe(overdraftBack);
    expect(given.uncovered.toFixed()).toBe(uncoveredBack);
    expect(given.beyond.toFixed()).toBe(beyond);
  },
);

it('what remains is the burn without what was given back', () => {
  const burned = { pieces: pieces('a 1, b 2, a 3'), overdraft: d('1'), uncovered: d('2') };
  const rest = withoutBack(burned, giveBack(burned, d('7')));
  expect(text(rest.pieces)).toBe('a 1, b 1');
  expect([rest.overdraft.toFixed(), rest.uncovered.toFixed()]).toEqual(['0', '0']);
});

it('an overdraft that grants have covered since goes back to them', () => {
  const back = giveBackOverdraft(d('1'), pieces('a 2, b 3'), d('5'));
  expect(back.overdraft.toFixed()).toBe('1');
  expect(text(back.pieces)).toBe('b 3, a 1');
});

it('refuses to give back less than nothing', () => {
  expect(() => giveBack({ pieces: [], overdraft: d('0'), uncovered: d('0') }, d('-1'))).toThrow('not below zero');
});
