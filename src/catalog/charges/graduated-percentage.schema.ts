import { z } from 'zod';

export const graduatedPercentageSchema = <D extends z.ZodType>(decimal: (about: string) => D) =>
  z.strictObject({
    model: z.literal('graduated_percentage'),
    tiers: z
      .array(
        z.strictObject({
          upTo: decimal('Where the tier ends, inclusive, in value; null for the last tier, which is open.').nullable(),
          percent: decimal('Share of the value that falls in this tier, in per cent: "1.2" is 1.2 %.'),
          flatFee: decimal('Charged once when the tier is reached.').optional(),
        }),
      )
      .min(1)
      .max(100),
  });
