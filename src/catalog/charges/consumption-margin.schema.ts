import { z } from 'zod';
import { dimensionsSchema, matchSchema } from './match.schema';

export const consumptionMarginSchema = <D extends z.ZodType>(decimal: (about: string) => D) => {
  const rule = () => ({
    markupPercent: decimal(
      'Per cent added to the cost: "30" charges cost × 1.30, "0" passes the cost through.',
    ).optional(),
    grossMarginPercent: decimal('Per cent of the charge left above the cost: "30" charges cost ÷ 0.70.').optional(),
  });
  return z.strictObject({
    model: z.literal('consumption_margin'),
    ...rule(),
    fixedPerUnit: decimal('Added for each unit of the meter.').optional(),
    floorPerUnit: decimal('The charge is at least this × the meter’s quantity.').optional(),
    ceilingPerUnit: decimal('The charge is at most this × the meter’s quantity.').optional(),
    byDimension: z
      .strictObject({
        dimensions: dimensionsSchema(),
        rules: z
          .array(z.strictObject({ match: matchSchema(), ...rule() }))
          .min(1)
          .max(2_000),
      })
      .optional()
      .describe('Other margins for some groups, such as for a provider. The rest has the margin above.'),
    tiers: z
      .strictObject({
        mode: z
          .enum(['graduated', 'whole'])
          .describe('`graduated`: each part of the cost by its own band. `whole`: all of it by the band it falls in.'),
        bands: z
          .array(
            z.strictObject({
              upToCost: decimal('The last of the cost in the band, inclusive; null for the last band.').nullable(),
              ...rule(),
            }),
          )
          .min(1)
          .max(100),
      })
      .optional()
      .describe('Margins by how much was spent in the period, instead of the one above.'),
  });
};
