import { z } from 'zod';

/** Has no decimals of its own: the events bring them. */
export const eventAmountSchema = (_decimal: unknown) => z.strictObject({ model: z.literal('event_amount') });
