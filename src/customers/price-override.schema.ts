import { z } from 'zod';
import {
  answeredDecimal,
  askedDecimal,
  ChargeResponseSchema,
  ChargeSchema,
  type DecimalField,
  discountSchema,
} from '../catalog';
import { text } from '../platform/http';

/** One shape makes what is asked for, stored and answered; only decimals and charges differ. */
function priceOverride<D extends z.ZodType, C extends z.ZodType>(decimal: DecimalField<D>, charge: C) {
  return {
    name: text(200).optional().describe('Another name on the invoice.'),
    charge: charge.optional().describe('Another charge, whole. Its money is in the subscription’s currency.'),
    allowance: decimal('Another allowance; null takes the plan’s away.').nullable().optional(),
    quantity: decimal('How many of a recurring price are held, such as seats.').optional(),
    minimum: decimal('Charged at least in a period.').optional(),
    maximum: decimal('Charged at most in a period.').optional(),
    discounts: z.array(discountSchema(decimal)).max(20).optional().describe('Instead of the price’s own.'),
  };
}

/** What a subscription agreed on for a price, as the API takes it and as it is stored. */
export const PriceOverrideFields = priceOverride(askedDecimal, ChargeSchema);
export const PriceOverrideSchema = z.strictObject(PriceOverrideFields);

/** As the API answers it. */
export const PriceOverrideResponseFields = priceOverride(answeredDecimal, ChargeResponseSchema);
