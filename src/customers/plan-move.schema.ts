import { z } from 'zod';
import { currency, instant, reference, text } from '../platform/http';
import { MOVE_MODES } from './domain';
import type { NewPlanMove } from './plan-moves.service';

const MoveRule = z
  .strictObject({
    startedBefore: instant().optional().describe('The subscription began before it.'),
    startedAfter: instant().optional().describe('The subscription began then or later.'),
    customerPrefix: text(100).optional().describe('The customer’s key begins with it.'),
    currency: currency().optional().describe('The subscription is charged in it.'),
  })
  .refine((rule) => Object.values(rule).some((condition) => condition !== undefined), {
    error: 'must have a condition; leave the rule out to move everyone',
  });

/** A move as the API takes it; also what a preview of one is asked with. */
export const PlanMoveFields = {
  fromPlan: reference().describe('The plan they have then: by key any version, by id that version.'),
  toPlan: reference().describe('The plan they get: by key its newest version, by id that version.'),
  mode: z.enum(MOVE_MODES).describe('now: at the instant. renewal: with the next billing period. stay: not after all.'),
  effectiveAt: instant()
    .optional()
    .describe('From when on; not in a period that has its invoice. Without it: now, by each customer’s clock.'),
  customers: z.array(reference()).min(1).max(1_000).optional().describe('Only these, by key or id.'),
  rule: MoveRule.optional().describe('Only those for which all of it holds.'),
  reason: text(500).describe('Why, for the record.'),
};

export const PlanMoveRequest = z
  .strictObject(PlanMoveFields)
  .refine(({ customers, rule }) => customers === undefined || rule === undefined, {
    path: ['rule'],
    error: 'can’t be given beside `customers`',
  });

export function toNewPlanMove(request: z.infer<typeof PlanMoveRequest>): NewPlanMove {
  const { customers, rule, effectiveAt = null, ...wanted } = request;
  return { ...wanted, effectiveAt, chosen: { customers, rule } };
}
