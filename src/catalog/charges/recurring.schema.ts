import { z } from 'zod';
import { tierSchema } from './tier.schema';

export const recurringSchema = <D extends z.ZodType>(decimal: (about: string) => D) =>
  z.strictObject({
    model: z.literal('recurring'),
    unitPrice: decimal('Charged for each unit held, such as a seat. Instead of tiers.').optional(),
    tiers: z
      .array(tierSchema(decimal, 'Charged for each unit that falls in this tier; with tierMode volume for every unit.'))
      .min(1)
      .max(100)
      .optional()
      .describe('Prices by number of units. Instead of a unit price.'),
    tierMode: z
      .enum(['graduated', 'volume'])
      .optional()
      .describe('graduated (when left out): each unit at its tier’s price. volume: all at the last tier’s reached.'),
    quantity: decimal('How many units, where no meter says it. A subscription may have its own number.').optional(),
    proration: z
      .enum(['none', 'time'])
      .optional()
      .describe('time (when left out): a part of a period pays its share. none: it pays in full.'),
  });
