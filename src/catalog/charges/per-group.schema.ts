import { z } from 'zod';
import { dimensionsSchema, matchSchema } from './match.schema';
import { quantityChargeSchema } from './quantity-charges.schema';

export const perGroupSchema = <D extends z.ZodType>(decimal: (about: string) => D) =>
  z.strictObject({
    model: z.literal('per_group'),
    dimensions: dimensionsSchema(),
    charge: quantityChargeSchema(decimal).describe('For each group on its own: tiers start again in every group.'),
    byValue: z
      .array(z.strictObject({ match: matchSchema(), charge: quantityChargeSchema(decimal) }))
      .max(2_000)
      .optional()
      .describe('Other charges for some groups.'),
  });
