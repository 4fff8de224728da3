import { decimalText } from '../../kernel';
import { profileOf } from './profile';

const session = (...costs: string[]): { minutes: [number, string][] } => ({
  minutes: costs.map((cost, minute) => [minute, cost]),
});

const many = (count: number, cost: string) => Array.from({ length: count }, () => session(cost));

it.each`
  sessions                                             | perMinute | because
  ${[]}                                                | ${'0'}    | ${'nobody knows'}
  ${[session()]}                                       | ${'0'}    | ${'nothing was spent'}
  ${[session('0.3', '0.1')]}                           | ${'0.3'}  | ${'the busiest minute of one is all there is'}
  ${[...many(19, '0.1'), session('5')]}                | ${'0.1'}  | ${'one in twenty may cost more'}
  ${[...many(19, '0.1'), session('5', '5', '5', '5')]} | ${'0.1'}  | ${'however long'}
  ${[...many(18, '0.1'), session('5'), session('6')]}  | ${'5'}    | ${'two may not'}
  ${[session('10'), session('9')]}                     | ${'10'}   | ${'they are ordered as numbers'}
`('a busy minute costs $perMinute: $because', ({ sessions, perMinute }) => {
  const profile = profileOf(sessions);
  expect(decimalText(profile.costPerMinute)).toBe(perMinute);
  expect(profile.sessions).toBe(sessions.length);
});
