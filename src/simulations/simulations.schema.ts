import { z } from 'zod';
import { PlanRequestSchema } from '../catalog';
import { isTimeZone } from '../kernel';
import { decimalString, instant, PageQuery, pageOf, reference, text } from '../platform/http';
import { CUSTOMER_ORDERS } from './persistence/simulated-customers';

const MOST_CANDIDATES = 5;
const MOST_NAMED_CUSTOMERS = 10_000;
const MOST_COST_CHANGES = 20;

const planOrReference = () =>
  z.union([
    reference().describe('A plan, by key its newest published version, by id any version or draft.'),
    PlanRequestSchema.describe('A plan as POST /v1/plans takes it. It is not stored.'),
  ]);

export const SimulationRequest = z.strictObject({
  name: text(200).optional().describe('For people.'),
  candidates: z
    .array(
      z.strictObject({
        name: text(100).describe('How it is called in the answers, such as its idea.'),
        plan: planOrReference(),
      }),
    )
    .min(1)
    .max(MOST_CANDIDATES)
    .describe('What is tried out.'),
  baseline: z
    .union([z.literal('current'), planOrReference()])
    .nullable()
    .default('current')
    .describe(
      'What candidates are compared with: `current` is the plan each customer has now, with its overrides; null compares with nothing.',
    ),
  customers: z
    .strictObject({
      keys: z.array(reference()).min(1).max(MOST_NAMED_CUSTOMERS).optional().describe('These, by key or id.'),
      plan: reference().optional().describe('Those who have a version of this plan now, by its key or id.'),
    })
    .refine(({ keys, plan }) => keys === undefined || plan === undefined, 'must name either keys or a plan')
    .optional()
    .describe('Whom it is about. Without it: everybody.'),
  from: instant().describe('Usage from this instant on.'),
  to: instant().describe(
    'Usage before this instant. At most 24 months after `from`; a last month that is short is prorated.',
  ),
  timeZone: z
    .string()
    .max(64)
    .default('UTC')
    .refine(isTimeZone, 'must be an IANA time zone such as Europe/Berlin')
    .describe('Where months begin.'),
  costChanges: z
    .array(
      z.strictObject({
        provider: text(255).optional().describe('Only events of this provider; case does not matter.'),
        model: text(255).optional().describe('Only events of this model; case does not matter.'),
        percent: decimalString({ min: '-100', max: '100000' }).describe('20 is 20 % dearer, -50 half as dear.'),
      }),
    )
    .max(MOST_COST_CHANGES)
    .default([])
    .describe(
      'What if usage had cost something else: in what candidates charge and leave, not in what was. Changes that meet the same event are multiplied.',
    ),
  lossAbovePercent: decimalString({ min: '0', max: '1000000' })
    .optional()
    .describe('From which rise on a bill counts in `shareAbove`; 10 without it.'),
});

const Money = z.string();
const Percent = z.string().nullable().describe('To four digits; null of nothing.');

const Totals = z.object({
  revenueNow: Money.nullable().describe('Of the customers that can be compared; null where none can.'),
  revenueThen: Money.describe('What all would pay by the candidate.'),
  change: Money.nullable().describe('Of the customers that can be compared.'),
  changePercent: Percent,
  cost: Money.nullable().describe(
    'Of the usage, as it would be, in the candidate’s currency; null without an exchange rate.',
  ),
  costNow: Money.nullable().describe('As it was, of the customers that can be compared.'),
  marginNow: Money.nullable().describe('revenueNow − costNow.'),
  marginThen: Money.nullable().describe('revenueThen − cost.'),
  marginPercentThen: Percent,
  pendingEvents: z.number().int().describe('Events whose cost is not known yet: it is in no cost.'),
  compared: z.number().int().describe('Customers whose bill now and then can be compared.'),
  gainers: z.number().int().describe('Customers who would pay less.'),
  losers: z.number().int().describe('Customers who would pay more.'),
  unchanged: z.number().int(),
  notRated: z.number().int().describe('Customers whose usage the candidate can’t charge; their row says why.'),
  shareAbove: z
    .object({ abovePercent: z.string(), customers: z.number().int(), percent: Percent })
    .describe('Customers whose bill would rise by more than `lossAbovePercent`, of those compared.'),
});

const IncludedUse = z.object({
  kind: z.enum(['pool', 'allowance']),
  key: z.string().describe('Of the pool, or of the price.'),
  granted: z.string(),
  used: z.string(),
  percent: Percent,
});

export const SimulationResponse = z.object({
  id: z.string(),
  name: z.string().nullable(),
  status: z.enum(['running', 'done', 'cancelled', 'failed']),
  from: z.string(),
  to: z.string(),
  timeZone: z.string(),
  baseline: z.string().nullable().describe('`current`, the key of a plan, or null.'),
  progress: z.object({
    customers: z.number().int(),
    total: z.number().int(),
    percent: z.number().describe('Of 100, to one decimal.'),
  }),
  work: z
    .object({
      events: z.number().int().describe('Events behind the usage.'),
      ratings: z
        .number()
        .int()
        .describe('How often a plan was rated: customers × months × plans, however many events.'),
    })
    .describe('What it took so far.'),
  failedReason: z.string().nullable(),
  results: z
    .array(
      z.object({
        candidate: z.string(),
        plan: z.object({ key: z.string(), version: z.number().int() }),
        currency: z.string().describe('Of all amounts of this candidate.'),
        totals: Totals,
        histogram: z
          .array(
            z.object({
              fromPercent: z.number(),
              toPercent: z.number().nullable().describe('Null where it is open.'),
              customers: z.number().int(),
            }),
          )
          .describe(
            'Customers by how their bill changes. A bar holds the end that is farther from zero; 0 to 0 is unchanged. The last holds those who pay nothing now, too.',
          ),
        allowances: z.array(IncludedUse).describe('How much of what the plan includes is used, by all.'),
      }),
    )
    .describe('For each candidate, of the customers done so far.'),
  madeBy: z.string(),
  createdAt: z.string(),
  finishedAt: z.string().nullable(),
});
export type SimulationResponse = z.infer<typeof SimulationResponse>;
export const SimulationPage = pageOf(SimulationResponse);

export const CustomersQuery = PageQuery.extend({
  candidate: z.string().max(100).optional().describe('By its name; the first without it.'),
  order: z
    .enum(CUSTOMER_ORDERS)
    .default('change')
    .describe('change: greatest rise first; -change: greatest fall first; margin: least left first.'),
});

export const CsvQuery = CustomersQuery.pick({ candidate: true, order: true });

const SimulatedCustomerResponse = z.object({
  customer: z.object({ id: z.string(), key: z.string(), name: z.string() }),
  revenueNow: Money.nullable(),
  revenueThen: Money.nullable().describe('Null where the candidate can’t charge this usage; `problem` says why.'),
  change: Money.nullable(),
  changePercent: Percent,
  costNow: Money.nullable(),
  cost: Money.nullable(),
  marginThen: Money.nullable(),
  marginPercentThen: Percent,
  pendingEvents: z.number().int(),
  events: z.number().int(),
  lines: z
    .array(z.object({ key: z.string(), name: z.string(), quantity: z.string(), amount: Money }))
    .describe('What each price of the candidate comes to, over all months.'),
  pools: z.array(IncludedUse),
  problem: z.string().nullable(),
});
export type SimulatedCustomerResponse = z.infer<typeof SimulatedCustomerResponse>;
export const SimulatedCustomersResponse = pageOf(SimulatedCustomerResponse).extend({
  candidate: z.string(),
  currency: z.string(),
});
