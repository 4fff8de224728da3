import { Decimal } from '../../../kernel';
import { available, type Reserved } from '.';
import { grant } from './some-grants';

const AT = new Date('2026-03-01T00:00:00Z');
const d = (text: string): Decimal => new Decimal(text);
/** `chat 5, - 2` are 5 for chat and 2 for no feature. */
const held = (text: string): Reserved[] =>
  text
    .split(', ')
    .filter(Boolean)
    .map((each) => {
      const [feature = '', amount = ''] = each.split(' ');
      return { feature: feature === '-' ? null : feature, amount: d(amount) };
    });

const ALL = grant('all', '5', { priority: 1 });
const CHAT = grant('chat', '5', { features: ['chat'] });
const IMAGES = grant('images', '3', { features: ['images'] });

it.each`
  grants                 | holds                      | feature     | most    | because
  ${[]}                  | ${''}                      | ${'chat'}   | ${'0'}  | ${'no credit'}
  ${[ALL]}               | ${''}                      | ${null}     | ${'5'}  | ${'nothing is held'}
  ${[ALL]}               | ${'chat 1, images 2, - 1'} | ${null}     | ${'1'}  | ${'one for everything: all that is held counts'}
  ${[ALL]}               | ${'chat 7'}                | ${'chat'}   | ${'0'}  | ${'never below zero'}
  ${[CHAT]}              | ${''}                      | ${'images'} | ${'0'}  | ${'it is for chat'}
  ${[CHAT]}              | ${''}                      | ${null}     | ${'0'}  | ${'what is of no feature needs credit for everything'}
  ${[CHAT, IMAGES]}      | ${'images 3'}              | ${'chat'}   | ${'5'}  | ${'they share nothing'}
  ${[CHAT]}              | ${'images 1'}              | ${'chat'}   | ${'5'}  | ${'what images could use was used up meanwhile'}
  ${[ALL, CHAT]}         | ${''}                      | ${'chat'}   | ${'10'} | ${'both pay for chat'}
  ${[ALL, CHAT]}         | ${'images 5'}              | ${'chat'}   | ${'0'}  | ${'chat burns the credit for everything first, which images needs'}
  ${[ALL, CHAT]}         | ${'images 3'}              | ${'chat'}   | ${'2'}  | ${'chat may take 2 of what both can use'}
  ${[ALL, CHAT]}         | ${'chat 2'}                | ${'images'} | ${'3'}  | ${'chat may take its 2 there'}
  ${[ALL, CHAT, IMAGES]} | ${'images 3'}              | ${'chat'}   | ${'7'}  | ${'images may burn 3 of the 5, which leaves 2 and chat’s own; and has 3 of its own if chat takes all'}
`('for $feature with [$holds]: $because', ({ grants, holds, feature, most }) => {
  expect(available(grants, held(holds), AT, feature).toFixed()).toBe(most);
});

it('counts what may be overdrawn', () => {
  const of = (overdrawn: string, limit: string) =>
    available([ALL], held('chat 1'), AT, 'chat', { overdrawn: d(overdrawn), limit: d(limit) }).toFixed();
  expect([of('0', '10'), of('4', '10'), of('10', '10'), of('12', '10')]).toEqual(['14', '10', '4', '4']);
});

it('knows what has begun and what is over', () => {
  const grants = [grant('over', '1', { expiresAt: '2026-03-01' }), grant('later', '2', { startsAt: '2026-03-02' })];
  expect(available(grants, [], AT, null).toFixed()).toBe('0');
});
