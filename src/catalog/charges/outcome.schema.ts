import { z } from 'zod';
import { FilterSchema } from '../filter.schema';

const field = () => z.string().max(900);
const hours = () => z.number().min(0).max(8_856);

export const outcomeSchema = <D extends z.ZodType>(decimal: (about: string) => D) =>
  z.strictObject({
    model: z.literal('outcome'),
    typeField: field().optional().describe('Where an attempt says its kind of outcome; `data.outcome` when left out.'),
    prices: z
      .array(
        z.strictObject({
          type: z.string().min(1).max(200).describe('The kind of outcome, such as `ticket_resolved`.'),
          unitPrice: decimal('Charged for each such outcome.'),
        }),
      )
      .max(200),
    otherwise: decimal('For outcomes of any other type, or of none. Left out, they aren’t billed.').optional(),
    success: z
      .array(
        z.union(
          [
            z.strictObject({
              humanAccepted: z.literal(true).describe('A person has to have accepted it.'),
              field: field().optional().describe('Where that stands; `data.accepted` when left out.'),
            }),
            z.strictObject({ field: field(), equals: z.union([z.string().max(200), z.number(), z.boolean()]) }),
            z.strictObject({ field: field(), atLeast: decimal('The least score of a success.') }),
          ],
          'must be { field, equals }, { field, atLeast } or { humanAccepted: true }',
        ),
      )
      .min(1)
      .max(20)
      .describe('All of them must hold for an attempt to be a success.'),
    taskField: field()
      .optional()
      .describe('What attempts at one task share; `task` when left out. An event without it is a task of its own.'),
    window: z
      .union([z.literal('period'), z.strictObject({ hours: z.number().positive().max(8_856) })])
      .optional()
      .describe('A task is billed once in each: the period (when left out), or so many hours from its first success.'),
    maxPerTask: z.number().int().min(1).max(1_000_000).optional().describe('Outcomes billed for a task in a period.'),
    attemptPrice: decimal('For each attempt, whatever came of it. Left out, attempts are free.').optional(),
    failurePrice: decimal('For each attempt that failed. Left out, they are free.').optional(),
    confirmationHours: hours()
      .optional()
      .describe('A success counts after so many hours, if it wasn’t reversed before, in the period of that moment.'),
    disputeHours: hours()
      .optional()
      .describe('A reversal up to so many hours after an outcome counted is credited; 90 days when left out.'),
    reversal: FilterSchema.optional().describe(
      'Which events of the meter take an outcome back; `data.reversed` equal to true when left out.',
    ),
    costFloor: z
      .strictObject({
        factor: decimal('1 covers the cost, 1.25 a quarter more.'),
        meter: z.string().max(200).optional().describe('Whose cost; that of all the customer’s events when left out.'),
      })
      .optional()
      .describe('The charge is at least the cost × the factor.'),
  });
