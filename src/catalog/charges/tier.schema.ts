import { z } from 'zod';

/** A tier of units with a price of its own. */
export const tierSchema = <D extends z.ZodType>(decimal: (about: string) => D, aboutUnitPrice: string) =>
  z.strictObject({
    upTo: decimal('Last unit of the tier, inclusive; null for the last tier, which is open.').nullable(),
    unitPrice: decimal(aboutUnitPrice),
    flatFee: decimal('Charged once when the tier is reached.').optional(),
  });
