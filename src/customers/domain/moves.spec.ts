import { moveInstant } from './moves';

const about = {
  subscription: { startAt: new Date('2026-01-31T14:30:00Z') },
  customer: { timeZone: 'Europe/Berlin' },
  phases: [{ plan: { interval: 'month' } }],
} as const;

it.each`
  mode         | effectiveAt               | at                            | because
  ${'now'}     | ${'2026-03-11T12:34:56Z'} | ${'2026-03-11T12:34:56.000Z'} | ${'it splits the period it lies in'}
  ${'renewal'} | ${'2026-03-11T12:34:56Z'} | ${'2026-03-30T22:00:00.000Z'} | ${'periods begin on the 31st at midnight, which is summer time by then'}
  ${'renewal'} | ${'2026-02-01T00:00:00Z'} | ${'2026-02-27T23:00:00.000Z'} | ${'in February on the last day'}
  ${'now'}     | ${'2026-02-27T23:00:00Z'} | ${'2026-02-27T23:00:00.000Z'} | ${'the start of a period is the same for both'}
  ${'renewal'} | ${'2026-02-27T23:00:00Z'} | ${'2026-02-27T23:00:00.000Z'} | ${'that period is the first that begins then or later'}
  ${'now'}     | ${'2025-11-11T00:00:00Z'} | ${'2026-01-31T14:30:00.000Z'} | ${'one that begins later begins with it'}
  ${'renewal'} | ${'2026-01-31T14:30:00Z'} | ${'2026-01-31T14:30:00.000Z'} | ${'and so does one that begins then'}
`('$mode at $effectiveAt is $at: $because', ({ mode, effectiveAt, at }) => {
  expect(moveInstant(mode, new Date(effectiveAt), about).toISOString()).toBe(at);
});
