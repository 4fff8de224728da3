import { z } from 'zod';

/** The fields that a charge tells usage apart by. */
export const dimensionsSchema = () =>
  z
    .array(z.string().max(900))
    .min(1)
    .max(5)
    .describe('Fields that the meter groups by, such as `model` or `data.region`; all of them are in its `groupBy`.');

/** Which groups a price or a rule is for. */
export const matchSchema = () =>
  z
    .record(z.string().max(900), z.string().max(1_000))
    .describe(
      'Value by dimension. A dimension that is left out may have any value; what names most dimensions wins. ' +
        'Values are compared as text.',
    );
