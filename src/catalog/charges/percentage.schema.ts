import { z } from 'zod';

export const percentageSchema = <D extends z.ZodType>(decimal: (about: string) => D) =>
  z.strictObject({
    model: z.literal('percentage'),
    percent: decimal('Share of the meter’s value, in per cent: "1.2" is 1.2 %.'),
    fixedPerEvent: decimal('Added for each transaction that isn’t free. An event is a transaction.').optional(),
    freeEvents: z.int().optional().describe('So many transactions of a period are free, at most; 1 or more.'),
    freeAmount: decimal('So much of a period’s value is free, at most.').optional(),
    minPerEvent: decimal('The least that a transaction pays which isn’t free.').optional(),
    maxPerEvent: decimal('The most that a transaction pays.').optional(),
    freeFirst: z
      .enum(['largest', 'earliest'])
      .optional()
      .describe('Which transactions use the free part up: the largest (when left out), or the earliest.'),
  });
