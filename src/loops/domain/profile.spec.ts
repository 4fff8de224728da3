import { decimalText } from '../../kernel';
import { profileOf } from './profile';

const session = (...costs: string[]): { minutes: [number, string][] } => ({
  minutes: costs.map((cost, minute) => [minute, cost]),
});

it.each`
  sessions                                                          | perMinute | because
  ${[]}                                                             | ${'0'}    | ${'nobody knows'}
  ${[session()]}                                                    | ${'0'}    | ${'nothing was spent'}
  ${[session('0.3')]}                                               | ${'0.3'}  | ${'one minute is all of them'}
  ${[session(...Array<string>(19).fill('0.1')), session('5')]}      | ${'0.1'}  | ${'one in twenty may cost more'}
  ${[session(...Array<string>(18).fill('0.1')), session('5', '6')]} | ${'5'}    | ${'two may not'}
  ${[session('10', '9', '2')]}                                      | ${'10'}   | ${'they are ordered as numbers'}
`('a busy minute costs $perMinute: $because', ({ sessions, perMinute }) => {
  const profile = profileOf(sessions);
  expect(decimalText(profile.costPerMinute)).toBe(perMinute);
  expect(profile.sessions).toBe(sessions.length);
});
