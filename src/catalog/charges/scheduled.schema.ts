import { z } from 'zod';
import { WEEKDAYS } from '../domain/charges/scheduled';
import { quantityChargeSchema } from './quantity-charges.schema';

const timeOfDay = () => z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day such as 22:00');
const day = () => z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'must be a day such as 2026-12-24');

export const scheduledSchema = <D extends z.ZodType>(decimal: (about: string) => D) =>
  z.strictObject({
    model: z.literal('scheduled'),
    timeZone: z
      .string()
      .max(64)
      .describe('Whose clock decides: a zone such as `Europe/Berlin`, or `customer` for each customer’s own.'),
    windows: z
      .array(
        z.strictObject({
          name: z.string().min(1).max(100).describe('Shown on the invoice, such as `night`.'),
          charge: quantityChargeSchema(decimal),
          hours: z
            .strictObject({ from: timeOfDay(), to: timeOfDay() })
            .optional()
            .describe('`HH:MM` of the local clock, `to` exclusive. 22:00 to 06:00 lasts over midnight.'),
          weekdays: z
            .array(z.enum(WEEKDAYS))
            .min(1)
            .max(7)
            .optional()
            .describe('Of the local day; for hours over midnight, of the day on which they began.'),
          dates: z
            .strictObject({ from: day(), to: day() })
            .optional()
            .describe('Local days, `to` exclusive; for hours over midnight, the days on which they begin.'),
        }),
      )
      .min(1)
      .max(50)
      .describe('Usage belongs to the first one that matches the local time of its event.'),
    otherwise: quantityChargeSchema(decimal).describe('For usage at any other time.'),
  });
