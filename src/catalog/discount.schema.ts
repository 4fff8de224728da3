import { z } from 'zod';
import { key, text } from '../platform/http';
import type { DecimalField } from './charge-schema';

/** Something that lowers an amount, with exactly one of percent, amount and free units. */
export function discountSchema<D extends z.ZodType>(decimal: DecimalField<D>) {
  const scope = {
    key: key().describe('Your own id for the discount, one of its kind in the price or plan.'),
    name: text(200).describe('As the customer sees it.'),
    prices: z.array(key()).min(1).max(200).optional().describe('Of a plan: the prices it is for. All without it.'),
    fromPeriod: z.int().min(0).max(10_000).optional().describe('The first period it is given in, counted from 0.'),
    periods: z.int().min(1).max(10_000).optional().describe('For how many periods; for ever without it.'),
  };
  return z.union([
    z.strictObject({ ...scope, percent: decimal('Per cent of the amount, 0 to 100.') }),
    z.strictObject({ ...scope, amount: decimal('Taken off the amount, in its currency; never below 0.') }),
    z.strictObject({ ...scope, freeUnits: decimal('Units that cost nothing; in a price only.') }),
  ]);
}
