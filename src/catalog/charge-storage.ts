import { z } from 'zod';
import { decimalText } from '../kernel';
import { decimalString } from '../platform/http';
import type { Charge } from './domain';

/**
 * A charge as the API takes it; decimals arrive as `Decimal`. What can't be right about it as a whole (tiers that
 * descend, a negative price) is `chargeProblems`' to say.
 */
export const ChargeSchema = z.discriminatedUnion('model', [
  z.strictObject({
    model: z.literal('flat'),
    amount: decimalString().describe('Charged once for each period, in the plan’s currency.'),
  }),
  z.strictObject({
    model: z.literal('unit'),
    unitPrice: decimalString().describe('Charged for each unit of the meter, in the plan’s currency.'),
  }),
  z.strictObject({
    model: z.literal('graduated'),
    tiers: z
      .array(
        z.strictObject({
          upTo: decimalString()
            .nullable()
            .describe('Last unit of the tier, inclusive; null for the last tier, which is open.'),
          unitPrice: decimalString().describe('Charged for each unit that falls in this tier.'),
          flatFee: decimalString().optional().describe('Charged once when the tier is reached.'),
        }),
      )
      .min(1)
      .max(100),
  }),
  z.strictObject({
    model: z.literal('consumption_margin'),
    markupPercent: decimalString().describe(
      'Per cent added to the cost of the meter’s events: "30" charges cost × 1.30.',
    ),
  }),
]);

/** A charge with its decimals as strings: how it is stored and how the API answers it. */
export type StoredCharge =
  | { model: 'flat'; amount: string }
  | { model: 'unit'; unitPrice: string }
  | { model: 'graduated'; tiers: { upTo: string | null; unitPrice: string; flatFee?: string }[] }
  | { model: 'consumption_margin'; markupPercent: string };

export function toStoredCharge(charge: Charge): StoredCharge {
  switch (charge.model) {
    case 'flat':
      return { model: 'flat', amount: decimalText(charge.amount) };
    case 'unit':
      return { model: 'unit', unitPrice: decimalText(charge.unitPrice) };
    case 'graduated':
      return {
        model: 'graduated',
        tiers: charge.tiers.map((tier) => ({
          upTo: tier.upTo === null ? null : decimalText(tier.upTo),
          unitPrice: decimalText(tier.unitPrice),
          ...(tier.flatFee === undefined ? {} : { flatFee: decimalText(tier.flatFee) }),
        })),
      };
    case 'consumption_margin':
      return { model: 'consumption_margin', markupPercent: decimalText(charge.markupPercent) };
  }
}

/** @throws ZodError when what is stored is not a charge, which is a fault of ours */
export function fromStoredCharge(stored: StoredCharge): Charge {
  return ChargeSchema.parse(stored);
}
