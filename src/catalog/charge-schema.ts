import { z } from 'zod';
import type { Decimal } from '../kernel';
import { decimalString } from '../platform/http';
import { consumptionMarginSchema } from './charges/consumption-margin.schema';
import { eventAmountSchema } from './charges/event-amount.schema';
import { graduatedPercentageSchema } from './charges/graduated-percentage.schema';
import { matrixSchema } from './charges/matrix.schema';
import { outcomeSchema } from './charges/outcome.schema';
import { packageSchema } from './charges/package.schema';
import { perGroupSchema } from './charges/per-group.schema';
import { percentageSchema } from './charges/percentage.schema';
import { flatSchema, graduatedSchema, unitSchema } from './charges/quantity-charges.schema';
import { recurringSchema } from './charges/recurring.schema';
import { scheduledSchema } from './charges/scheduled.schema';
import { stairStepSchema } from './charges/stair-step.schema';
import { volumeSchema } from './charges/volume.schema';
import type { Charge } from './domain';

/** Makes the schema of a field that is a decimal, from what the field is about. */
export type DecimalField<D extends z.ZodType> = (about: string) => D;

/** One shape makes both what is asked for and what is answered; only decimals differ. */
function chargeSchema<D extends z.ZodType>(decimal: DecimalField<D>) {
  return z.discriminatedUnion('model', [
    flatSchema(decimal),
    unitSchema(decimal),
    graduatedSchema(decimal),
    volumeSchema(decimal),
    packageSchema(decimal),
    stairStepSchema(decimal),
    percentageSchema(decimal),
    graduatedPercentageSchema(decimal),
    matrixSchema(decimal),
    eventAmountSchema(decimal),
    scheduledSchema(decimal),
    recurringSchema(decimal),
    consumptionMarginSchema(decimal),
    outcomeSchema(decimal),
    perGroupSchema(decimal),
  ]);
}

/** A decimal as it is asked for: it arrives as `Decimal`. */
export const askedDecimal = (about: string) => decimalString().describe(about);

/** A decimal as it is answered and stored: its text. */
export const answeredDecimal = (about: string) => z.string().describe(about);

/**
 * A charge as the API takes it; decimals arrive as `Decimal`. What can't be right about it as a whole (tiers that
 * descend, a negative price) is `chargeProblems`' to say.
 */
export const ChargeSchema = chargeSchema(askedDecimal);

/** A charge as the API answers it. */
export const ChargeResponseSchema = chargeSchema(answeredDecimal);

/** Lists and fields that a schema reads can be written to; those of the domain can't. Nothing else differs. */
type Writable<T> = T extends Decimal
  ? T
  : T extends readonly (infer U)[]
    ? Writable<U>[]
    : T extends object
      ? { -readonly [K in keyof T]: Writable<T[K]> }
      : T;
type Within<One extends Other, Other> = One;

/** What the schema reads is a charge, and every charge can be read: it does not compile when a model is missing. */
export type ChargeAsRead = Within<z.output<typeof ChargeSchema>, Charge>;
export type ChargeAsGiven = Within<Writable<Charge>, z.output<typeof ChargeSchema>>;
