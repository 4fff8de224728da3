import { Decimal } from '../../../kernel';
import { burn, type Grant } from '.';
import { grant } from './some-grants';

const AT = new Date('2026-03-01T00:00:00Z');
const d = (text: string): Decimal => new Decimal(text);
const shown = ({ pieces, overdraft, uncovered }: ReturnType<typeof burn>): string =>
  [
    ...pieces.map((piece) => `${piece.grant} ${piece.amount.toFixed()}`),
    ...(overdraft.isZero() ? [] : [`overdraft ${overdraft.toFixed()}`]),
    ...(uncovered.isZero() ? [] : [`uncovered ${uncovered.toFixed()}`]),
  ].join(', ');

const SOON = grant('soon', '5', { expiresAt: '2026-03-15', grantedAt: '2026-02-10' });
const LATE = grant('late', '10', { expiresAt: '2026-04-15' });
const NEVER = grant('never', '3', { grantedAt: '2025-01-01' });
const GIFT = grant('gift', '2', { kind: 'promotional', priority: 1 });
const IMAGES = grant('images', '4', { features: ['images'], expiresAt: '2026-03-10' });

it.each`
  grants                                                                                              | wanted              | feature     | burned                                         | because
  ${[LATE, SOON]}                                                                                     | ${'0'}              | ${'chat'}   | ${''}                                          | ${'nothing is wanted'}
  ${[LATE, SOON]}                                                                                     | ${'12.5'}           | ${'chat'}   | ${'soon 5, late 7.5'}                          | ${'what expires soonest is first'}
  ${[NEVER, LATE]}                                                                                    | ${'11'}             | ${'chat'}   | ${'late 10, never 1'}                          | ${'what never expires is last, however old'}
  ${[SOON, GIFT]}                                                                                     | ${'3'}              | ${'chat'}   | ${'gift 2, soon 1'}                            | ${'priority is before expiry'}
  ${[SOON, NEVER]}                                                                                    | ${'8.000000000001'} | ${'chat'}   | ${'soon 5, never 3, uncovered 0.000000000001'} | ${'a millionth of a millionth is not lost'}
  ${[SOON, IMAGES]}                                                                                   | ${'6'}              | ${'images'} | ${'images 4, soon 2'}                          | ${'for images, which expires first'}
  ${[SOON, IMAGES]}                                                                                   | ${'6'}              | ${'chat'}   | ${'soon 5, uncovered 1'}                       | ${'credit for images doesn’t pay for chat'}
  ${[SOON, IMAGES]}                                                                                   | ${'1'}              | ${null}     | ${'soon 1'}                                    | ${'what is of no feature is paid by credit for everything'}
  ${[]}                                                                                               | ${'1'}              | ${'chat'}   | ${'uncovered 1'}                               | ${'no credit'}
  ${[grant('old', '1', { grantedAt: '2026-01-01' }), grant('new', '1', { grantedAt: '2026-02-01' })]} | ${'1.5'}            | ${'chat'}   | ${'old 1, new 0.5'}                            | ${'alike otherwise, the older is first'}
  ${[grant('b', '1'), grant('a', '1')]}                                                               | ${'1.5'}            | ${'chat'}   | ${'a 1, b 0.5'}                                | ${'of one instant, by id'}
  ${[grant('over', '1', { expiresAt: '2026-03-01' })]}                                                | ${'1'}              | ${'chat'}   | ${'uncovered 1'}                               | ${'its expiry is the first instant without it'}
  ${[grant('now', '1', { startsAt: '2026-03-01' })]}                                                  | ${'1'}              | ${'chat'}   | ${'now 1'}                                     | ${'its start is the first instant with it'}
  ${[grant('later', '1', { startsAt: '2026-03-02' })]}                                                | ${'1'}              | ${'chat'}   | ${'uncovered 1'}                               | ${'it has not begun'}
`('$wanted for $feature: $because', ({ grants, wanted, feature, burned }) => {
  expect(shown(burn(grants as Grant[], d(wanted), AT, feature))).toBe(burned);
});

it.each`
  overdrawn | limit  | wanted | burned                                | because
  ${'0'}    | ${'4'} | ${'8'} | ${'soon 5, overdraft 3'}              | ${'as far as the limit goes'}
  ${'3'}    | ${'4'} | ${'8'} | ${'soon 5, overdraft 1, uncovered 2'} | ${'some of it is used up'}
  ${'4'}    | ${'4'} | ${'8'} | ${'soon 5, uncovered 3'}              | ${'all of it is used up'}
  ${'4'}    | ${'1'} | ${'8'} | ${'soon 5, uncovered 3'}              | ${'the limit was lowered since'}
`('$wanted with $overdrawn of $limit overdrawn: $because', ({ overdrawn, limit, wanted, burned }) => {
  expect(shown(burn([SOON], d(wanted), AT, 'chat', { overdrawn: d(overdrawn), limit: d(limit) }))).toBe(burned);
});

it('refuses to burn less than nothing', () => {
  expect(() => burn([SOON], d('-1'), AT, 'chat')).toThrow('not below zero');
});
