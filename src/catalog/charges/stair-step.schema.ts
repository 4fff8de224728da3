import { z } from 'zod';

export const stairStepSchema = <D extends z.ZodType>(decimal: (about: string) => D) =>
  z.strictObject({
    model: z.literal('stair_step'),
    steps: z
      .array(
        z.strictObject({
          upTo: decimal('Last unit of the step, inclusive; null for the last step, which is open.').nullable(),
          amount: decimal('Charged once when the total falls in this step, for all units together.'),
        }),
      )
      .min(1)
      .max(100),
    chargeZero: z
      .boolean()
      .optional()
      .describe('Whether a period without usage pays the first step’s amount. Left out, it pays nothing.'),
  });
