import type { Plan } from '../../catalog/domain';
import { plansOfMove } from './plan-after-move';

const at = (day: string) => new Date(`2026-${day}T00:00:00Z`);
const plan = (id: string): Plan => ({
  ...{ id, key: 'pro', version: 1, name: 'Pro', currency: 'USD', interval: 'month', status: 'published', prices: [] },
});
const [V1, V2, V3] = ['v1', 'v2', 'v3'].map(plan) as [Plan, Plan, Plan];
const planned = { fromAt: at('03-01'), plan: V2, moveId: 'm' };
const about = {
  subscription: { startAt: at('01-01'), currency: null },
  customer: { timeZone: 'UTC' },
  phases: [{ fromAt: at('01-01'), plan: V1, moveId: null }, planned],
  overrides: [],
};

it.each`
  when           | to      | takenBack    | from           | now     | then    | because
  ${at('02-01')} | ${V3}   | ${[]}        | ${at('02-01')} | ${'v1'} | ${'v3'} | ${'before what is planned, which stays planned'}
  ${at('03-01')} | ${V3}   | ${[]}        | ${at('03-01')} | ${'v2'} | ${'v3'} | ${'in the place of what is planned'}
  ${at('04-01')} | ${V3}   | ${[]}        | ${at('04-01')} | ${'v2'} | ${'v3'} | ${'behind what is planned'}
  ${at('03-01')} | ${V2}   | ${[]}        | ${at('03-01')} | ${'v2'} | ${'v2'} | ${'it has that already'}
  ${at('02-01')} | ${null} | ${[planned]} | ${at('03-01')} | ${'v2'} | ${'v1'} | ${'to stay: beside what is taken back'}
  ${at('02-01')} | ${null} | ${[]}        | ${at('02-01')} | ${'v1'} | ${'v1'} | ${'to stay, and nothing is planned'}
`('$because', ({ when, to, takenBack, from, now, then }) => {
  const plans = plansOfMove(about, when, to, takenBack);
  expect({ at: plans.at, now: plans.now.id, then: plans.then.id }).toEqual({ at: from, now, then });
});
