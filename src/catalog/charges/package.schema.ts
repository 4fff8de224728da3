import { z } from 'zod';

export const packageSchema = <D extends z.ZodType>(decimal: (about: string) => D) =>
  z.strictObject({
    model: z.literal('package'),
    packageSize: decimal('Units in one package, above 0.'),
    packagePrice: decimal('Charged for each package, in the plan’s currency. One that is begun is charged in full.'),
  });
