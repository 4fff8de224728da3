import { z } from 'zod';
import { FILTER_OPERATORS } from './domain';

const scalar = z.union([
  z
    .string()
    .max(500)
    .refine((value) => value.isWellFormed() && !value.includes('\0'), 'must not contain NUL or broken Unicode'),
  z.number(),
  z.boolean(),
]);

/** A condition on a field of an event, as meters and own resources have them. */
export const FilterSchema = z.strictObject({
  field: z
    .string()
    .max(900)
    .describe(
      '`data.<name>` (deeper with dots), `usage.<name>`, or source, session, task, agent, feature, department, user, parent, step, provider, model.',
    ),
  operator: z
    .enum(FILTER_OPERATORS)
    .describe('less_than, at_most, greater_than and at_least compare numbers; the others compare text.'),
  value: z
    .union([scalar, z.array(scalar).max(200)])
    .optional()
    .describe('A list for in and not_in, nothing for exists and not_exists.'),
});
