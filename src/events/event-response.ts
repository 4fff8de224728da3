import { z } from 'zod';
import { decimalText, formatMicros, toPublicId } from '../kernel';
import { STEPS } from './domain';
import type { StoredEvent } from './persistence/stored-events';

export const StoredEventResponse = z.object({
  id: z.string(),
  source: z.string(),
  type: z.string(),
  customer: z.string().describe('Our id of the customer.'),
  time: z.string().describe('When it happened, to the microsecond.'),
  receivedAt: z.string(),
  session: z.string().nullable(),
  task: z.string().nullable(),
  agent: z.string().nullable(),
  feature: z.string().nullable(),
  department: z.string().nullable(),
  user: z.string().nullable(),
  parent: z.string().nullable(),
  hold: z.string().nullable().describe('The hold it settles, as it was named.'),
  step: z.enum(STEPS).nullable(),
  cost: z.object({
    status: z
      .enum(['priced', 'reported', 'pending', 'none'])
      .describe(
        'priced: from the price book; reported: as the sender said; pending: not known yet; none: nothing that costs.',
      ),
    amount: z.string().nullable().describe('Decimal, in the organisation’s currency; null unless priced or reported.'),
    reported: z.object({ amount: z.string(), currency: z.string() }).nullable(),
  }),
  data: z.record(z.string(), z.unknown()).nullable(),
});

/** An event as the API answers it. */
export function toEventResponse(event: StoredEvent): z.infer<typeof StoredEventResponse> {
  return {
    id: event.id,
    source: event.source,
    type: event.type,
    customer: toPublicId('customer', event.customerId),
    time: formatMicros(event.happenedAt),
    receivedAt: formatMicros(event.receivedAt),
    session: event.session,
    task: event.task,
    agent: event.agent,
    feature: event.feature,
    department: event.department,
    user: event.user,
    parent: event.parent,
    hold: event.hold,
    step: event.step,
    cost: {
      status: event.costStatus,
      amount: event.amount === null ? null : decimalText(event.amount),
      reported: event.cost,
    },
    data: event.data === null ? null : { ...event.data },
  };
}
