import { z } from 'zod';
import { MeterRequestSchema, PlanRequestSchema } from '../catalog';
import { EventSchema, MOST_EVENTS } from '../events';
import { isTimeZone } from '../kernel';
import { currency, decimalString, instant, key, reference, text } from '../platform/http';

const MOST_GROUPS = 10_000;

const Amounts = {
  quantity: decimalString().optional().describe('In the meter’s unit; 0 without it.'),
  cost: decimalString({ min: '0' }).optional().describe('What it cost you, in the currency costs are kept in.'),
  events: z.int().min(0).optional().describe('How many events that was, for the explanation. It changes no amount.'),
};

/** An event as it would be sent, of which everything can be left out that doesn't matter. */
const EventToPreview = EventSchema.partial().extend({
  cost: z
    .union([decimalString({ min: '0' }), z.strictObject({ amount: decimalString({ min: '0' }), currency: currency() })])
    .nullish()
    .describe(
      'What it cost you. Not known, as at first in real life, where it is in another currency than your costs.',
    ),
});
export type EventToPreview = z.output<typeof EventToPreview>;

const EventList = z.array(EventToPreview).max(MOST_EVENTS);

/** Usage of a price as a quantity, groups or windows. */
const UsageAddedUp = z.strictObject({
  ...Amounts,
  groups: z
    .array(
      z.strictObject({
        by: z.record(z.string().max(900), z.string().max(600).nullable()).describe('Value by field.'),
        ...Amounts,
      }),
    )
    .max(MOST_GROUPS)
    .optional()
    .describe('For charges by dimension.'),
  windows: z
    .array(z.strictObject({ window: z.string().max(200).describe('Its name; `otherwise` is the rest.'), ...Amounts }))
    .max(100)
    .optional()
    .describe('For charges by time.'),
});
/** Usage of a price as the events themselves. */
const UsageListed = UsageAddedUp.extend({ events: EventList });

export type UsageToPreview = z.output<typeof UsageAddedUp> | z.output<typeof UsageListed>;

/** By which of the two it is checked is seen by its events, so that what is wrong in one of them is told of that one. */
export function usageSchemaFor(value: unknown): z.ZodType<UsageToPreview> {
  const listed = typeof value === 'object' && value !== null && 'events' in value && Array.isArray(value.events);
  return listed ? UsageListed : UsageAddedUp;
}

/** What both of a plan's and of a single price's usage may be: which of them is seen by what is previewed. */
const usage = (about: string) => z.record(z.string().max(900), z.unknown()).optional().describe(about);

const Price = PlanRequestSchema.shape.prices.element;

export const PreviewRequest = z.strictObject({
  price: Price.omit({ meter: true })
    .extend({ key: key().optional(), name: text(200).optional() })
    .optional()
    .describe('One price, as in a plan. One of price, plan and planReference.'),
  meter: z
    .union([
      reference(),
      MeterRequestSchema.partial()
        .extend({
          filters: MeterRequestSchema.shape.filters,
          groupBy: MeterRequestSchema.shape.groupBy.unwrap().optional(),
        }) // prettier-ignore
        .strict(),
    ])
    .optional()
    .describe(
      'The meter of a single price: one of yours, by key or id, or what one would say. Without it: what the charge needs, over ' +
        '`data.quantity` of events of the type `usage`.',
    ),
  plan: PlanRequestSchema.optional().describe('A whole plan, as it would be published.'),
  meters: z
    .array(MeterRequestSchema)
    .max(100)
    .optional()
    .describe('Meters of the plan that you don’t have yet. They stand in the place of those you have.'),
  planReference: reference().optional().describe('A plan of yours, by key or id.'),
  currency: currency()
    .optional()
    .describe('Of a single price. Of a plan: one of its currencies; its first without it.'),
  usage: usage(
    'What was used. Of a single price: one of `quantity` (with `cost` and `events`), `groups` (each with `by`, `quantity`, …), `windows` ' +
      '(each with `window`, `quantity`, …) and `events` (a list, as they would be sent). Of a plan: the same by the key of the price.',
  ),
  events: EventList.optional().describe(
    'Of a plan: events, each with its type, that the meters of all prices count for which `usage` says nothing.',
  ),
  previous: usage('Usage so far, in the same form: the answer then tells what is charged on top of it.'),
  period: z
    .strictObject({
      start: instant().describe('Inclusive.'),
      end: instant().describe('Exclusive.'),
      index: z
        .int()
        .min(0)
        .max(10_000)
        .optional()
        .describe('Its number in the subscription, from 0, for discounts and pools.'),
      share: z
        .strictObject({ part: z.int().min(1), whole: z.int().min(1) })
        .optional()
        .describe('How much of the billing period it is, such as 10 of 30 days.'),
    })
    .optional()
    .describe(
      'The billing period. Without it: the month of the events, or this month; by the plan’s interval also the week, quarter, …',
    ),
  timeZone: z
    .string()
    .refine(isTimeZone, 'must be an IANA time zone such as Europe/Berlin')
    .optional()
    .describe('The customer’s; UTC without it.'),
  trial: z.enum(['base_fee', 'everything']).optional().describe('The period is a trial that covers this.'),
  pools: z
    .array(
      z.strictObject({
        pool: key(),
        rolledIn: z
          .array(
            z.strictObject({
              amount: decimalString({ min: '0' }),
              expiresAfterPeriod: z.int().min(0).describe('The number of the last period it can be used in.'),
            }),
          )
          .max(100),
      }),
    )
    .max(20)
    .optional()
    .describe('What the plan’s pools have kept of earlier periods.'),
  chargedInTerm: decimalString({ min: '0' })
    .optional()
    .describe('What earlier periods of the commitment’s term have charged.'),
});
export type PreviewRequest = z.output<typeof PreviewRequest>;

const Row = z.object({
  kind: z.string(),
  description: z.string(),
  from: z.string().nullable().describe('The row’s units come after this many.'),
  upTo: z.string().nullable().describe('The last unit it may hold, inclusive; null when open.'),
  quantity: z.string(),
  unitPrice: z.string().nullable().describe('Where there is one, the amount is exactly quantity × unitPrice.'),
  amount: z.string().describe('Exact. The rows add up to the line.'),
  group: z.array(z.string().nullable()).optional().describe('The values of the charge’s dimensions it is about.'),
  window: z.string().optional().describe('The time window it is about.'),
});

export const PreviewResponse = z.object({
  currency: z.string(),
  period: z.object({ start: z.string(), end: z.string().describe('Exclusive.') }),
  lines: z.array(
    z.object({
      key: z.string().describe('Of the price; `plan:…` for what is agreed for the plan as a whole.'),
      kind: z.enum(['price', 'discount', 'minimum', 'maximum', 'true_up']),
      name: z.string(),
      quantity: z.string(),
      events: z.int().describe('Events behind the quantity.'),
      exactAmount: z.string(),
      amount: z.string().describe('Rounded once to the currency’s minor unit, as on an invoice.'),
      units: z
        .object({ key: z.string(), amount: z.string() })
        .optional()
        .describe('The amount in the price’s own unit.'),
      breakdown: z.array(Row),
      steps: z.array(z.string()).describe('From usage to amount, in sentences.'),
      pendingEvents: z.int().describe('Events whose cost isn’t known, on which the amount depends.'),
    }),
  ),
  exactTotal: z.string(),
  total: z.string().describe('Sum of the lines’ amounts.'),
  pools: z.array(
    z.object({
      pool: z.string(),
      granted: z.string(),
      rolledIn: z.string(),
      used: z.string(),
      left: z.string(),
      rollsOver: z.string().describe('What of it the next period begins with.'),
    }),
  ),
  increment: z
    .object({ exactAmount: z.string() })
    .optional()
    .describe('What `usage` charges more than `previous`; with a cliff it can be less than nothing.'),
});
export type PreviewResponse = z.infer<typeof PreviewResponse>;
