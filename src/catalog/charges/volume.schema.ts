import { z } from 'zod';
import { tierSchema } from './tier.schema';

export const volumeSchema = <D extends z.ZodType>(decimal: (about: string) => D) =>
  z.strictObject({
    model: z.literal('volume'),
    tiers: z
      .array(tierSchema(decimal, 'Charged for every unit of the period when the total falls in this tier.'))
      .min(1)
      .max(100),
  });
