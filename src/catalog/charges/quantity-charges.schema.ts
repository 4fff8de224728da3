import { z } from 'zod';
import { packageSchema } from './package.schema';
import { stairStepSchema } from './stair-step.schema';
import { tierSchema } from './tier.schema';
import { volumeSchema } from './volume.schema';

/**
 * Shapes of charges are made for requests, where a decimal is read into `Decimal`, and for answers, where it is text.
 * What can't be right about a charge as a whole is `chargeProblems`' to say.
 */
export const flatSchema = <D extends z.ZodType>(decimal: (about: string) => D) =>
  z.strictObject({
    model: z.literal('flat'),
    amount: decimal('Charged once for each period, in the plan’s currency.'),
  });

export const unitSchema = <D extends z.ZodType>(decimal: (about: string) => D) =>
  z.strictObject({
    model: z.literal('unit'),
    unitPrice: decimal('Charged for each unit of the meter, in the plan’s currency.'),
  });

export const graduatedSchema = <D extends z.ZodType>(decimal: (about: string) => D) =>
  z.strictObject({
    model: z.literal('graduated'),
    tiers: z.array(tierSchema(decimal, 'Charged for each unit that falls in this tier.')).min(1).max(100),
  });

/** A charge that needs nothing but a quantity: what other models have for a part of the usage. */
export const quantityChargeSchema = <D extends z.ZodType>(decimal: (about: string) => D) =>
  z.discriminatedUnion('model', [
    unitSchema(decimal),
    graduatedSchema(decimal),
    volumeSchema(decimal),
    packageSchema(decimal),
    stairStepSchema(decimal),
  ]);
