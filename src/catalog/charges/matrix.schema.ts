import { z } from 'zod';
import { dimensionsSchema, matchSchema } from './match.schema';

export const matrixSchema = <D extends z.ZodType>(decimal: (about: string) => D) =>
  z.strictObject({
    model: z.literal('matrix'),
    dimensions: dimensionsSchema(),
    cells: z
      .array(
        z.strictObject({
          match: matchSchema(),
          unitPrice: decimal('Charged for each unit in this cell, in the plan’s currency.'),
        }),
      )
      .min(1)
      .max(2_000),
    fallback: decimal(
      'Charged for each unit that is in no cell. null refuses such usage: its invoice waits until a cell is there.',
    ).nullable(),
  });
