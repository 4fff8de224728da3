import type { OpenAPIObject } from '@nestjs/swagger';
import { z } from 'zod';
import { SCOPE_EXTENSION } from '../../access';
import { CAP_KINDS, DECISIONS, HOLD_FLAGS, MEASURES, REASONS } from '../domain';

const decimal = (what: string) => z.string().describe(`Decimal. ${what}`);
const name = (what: string) => z.string().min(1).max(255).optional().describe(what);

const ESTIMATE = {
  amount: decimal('What it costs and what is charged for it alike, in the currency of costs.').optional(),
  cost: decimal('What it costs, in the currency of costs.').optional(),
  spend: decimal('What is charged for it.').optional(),
  currency: z.string().optional().describe('Of `spend`; the currency of costs without it.'),
  units: z.record(z.string(), z.string()).optional().describe('Quantities by meter, our id or its key.'),
  actions: decimal('Events it will send; 1 without it.').optional(),
  provider: name('Whose model it is, such as openai.'),
  model: name('Priced by the price book.'),
  type: name('The type of the events that the work will send.'),
  inputTokens: decimal('Of the model.').optional(),
  outputTokens: decimal('Of the model.').optional(),
  maxTokens: decimal('The most output there can be.').optional(),
  taskClass: name('Sized by what work of this class came to before.'),
};
const Amounts = z
  .record(z.string(), z.unknown())
  .describe('Measures to decimals: `cost`, `actions`; `spend` by currency, `units` by meter.');

const HoldBody = z.object({
  customer: z.string().describe('Whose work it is: our id or your key.'),
  subscription: name('Our id or your key.'),
  department: name('Your own name for it, as in events.'),
  feature: name('Your own name for it, as in events.'),
  agent: name('Your own name for it, as in events.'),
  session: name('Your own name for it, as in events.'),
  task: name('Your own name for it, as in events.'),
  user: name('Your own name for it, as in events.'),
  model: name('Your own name for it, as in events.'),
  parent: name('The hold that this is a part of: our id or its key. It is held within that, and never more.'),
  taskClass: name('What kind of work it is, to learn how much such work comes to.'),
  key: name('Chosen by you. A repeat with the same key holds nothing more and gets the first answer.'),
  ttl: z.string().optional().describe('How long it is held, such as "10m". It expires then.'),
  estimate: z.object(ESTIMATE).describe('How much the work may come to, said in one way.'),
});

const Cap = z.object({
  id: z.string(),
  key: z.string(),
  kind: z.enum(CAP_KINDS),
  measure: z.enum(MEASURES),
  limit: z.string(),
  settled: z.string(),
  held: z.string(),
  available: z.string(),
  resets: z.string().nullable(),
  exceeded: z.boolean().describe('Whether it objects.'),
});
const HoldAnswer = z.object({
  decision: z.enum(DECISIONS).describe('Only with `allow` something is held.'),
  hold: z.string().nullable().describe('Name it in the events of the work, or settle it.'),
  held: Amounts,
  caps: z.array(Cap).describe('Every cap that applies, in the order in which they are looked at.'),
  wallets: z.array(
    z.object({
      id: z.string(),
      currency: z.string().nullable(),
      unit: z.string().nullable(),
      settled: z.string(),
      held: z.string(),
      available: z.string(),
    }),
  ),
  expires: z.string().nullable(),
  reason: z.enum(REASONS).nullable().describe('The first of the strictest objections.'),
  detail: z.string().nullable().describe('The same in words.'),
  model: z.string().nullable().describe('Of a downgrade: the model to use instead.'),
  flags: z.array(z.enum(HOLD_FLAGS)),
  sizing: z
    .object({ risk: z.number(), from: z.string(), samples: z.number().int() })
    .nullable()
    .describe('How likely it is too small, where history said how much.'),
});
const Ended = z.object({
  hold: z.string(),
  status: z.string(),
  held: Amounts.optional(),
  booked: Amounts.optional(),
  released: Amounts,
  overrun: Amounts.optional().describe('What was booked above what was held.'),
  flags: z.array(z.enum(HOLD_FLAGS)),
  caps: z.array(Cap),
});
const SettleBody = z.object({
  ...ESTIMATE,
  events: z.array(z.record(z.string(), z.unknown())).max(1_000).optional().describe('What it came to, as events.'),
  partial: z.boolean().optional().describe('It broke off: what is said is the least, and may be said again.'),
});
const ExtendBody = z.object({ ...ESTIMATE, ttl: z.string().optional().describe('How long from now, such as "10m".') });

const ReleaseBody = z.object({});
const SeveralBody = z.object({ holds: z.array(HoldBody).min(1).max(1_000) });
const Refused = z.object({
  problem: z
    .object({
      code: z.string(),
      detail: z.string(),
      errors: z.array(z.object({ field: z.string(), detail: z.string() })),
    })
    .describe('Why this one couldn’t be decided; the others were.'),
});
const SeveralAnswer = z.object({
  holds: z.array(z.union([HoldAnswer, Refused])).describe('One for each, in the order in which they were asked for.'),
});

/** The reference's entries of the routes of holds, which no Nest controller describes. */
export function holdsOperations(): Pick<OpenAPIObject, 'paths'> {
  const hold = schemaOf(HoldBody);
  const answer = schemaOf(HoldAnswer);
  const several = schemaOf(SeveralBody);
  const answers = schemaOf(SeveralAnswer);
  return {
    paths: {
      '/v1/holds': {
        post: operation({
          operationId: 'HoldsRoute_hold',
          summary: 'Hold money before work',
          description:
            'All caps and credit that apply are asked in one step, and where nothing objects it is held in all of them. A refusal ' +
            'is an answer (200) that says why and what is left. Several at once as {"holds": […]}: each for itself, in order.',
          body: { oneOf: [hold, several] },
          answer: { oneOf: [answer, answers] },
        }),
      },
      '/v1/holds/{hold}/settle': {
        post: operation({
          operationId: 'HoldsRoute_settle',
          summary: 'Settle a hold',
          description:
            'What the work came to is spent, the rest is free again; more than was held is spent whole, and told. Without a body it ' +
            'settles at what was held, flagged `estimated`. Events that name a hold settle it by themselves. Safe to repeat.',
          body: schemaOf(SettleBody),
          answer: schemaOf(Ended),
        }),
      },
      '/v1/holds/{hold}/extend': {
        post: operation({
          operationId: 'HoldsRoute_extend',
          summary: 'Hold more, or for longer',
          description: 'Where more doesn’t fit, the hold stays as it was. A repeat holds more again.',
          body: schemaOf(ExtendBody),
          answer,
        }),
      },
      '/v1/holds/{hold}/release': {
        post: operation({
          operationId: 'HoldsRoute_release',
          summary: 'Release a hold',
          description: 'The work wasn’t done: all that was held is free again. Safe to repeat.',
          body: schemaOf(ReleaseBody),
          answer: schemaOf(Ended),
        }),
      },
    },
  };
}

interface Described {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly body: object;
  readonly answer: object;
}

function operation({ operationId, summary, description, body, answer }: Described) {
  const isOfOne = operationId !== 'HoldsRoute_hold';
  return {
    operationId,
    tags: ['holds'],
    summary,
    description,
    security: [{ bearer: [] }],
    parameters: isOfOne
      ? [{ name: 'hold', in: 'path' as const, required: true, schema: { type: 'string' }, description: 'Our id, or your key.' }] // prettier-ignore
      : [],
    requestBody: { required: true, content: { 'application/json': { schema: body } } },
    responses: {
      '200': { description: 'Decided, and committed.', content: { 'application/json': { schema: answer } } },
    },
    [SCOPE_EXTENSION]: 'ingest',
  };
}

function schemaOf(schema: z.ZodType): object {
  return z.toJSONSchema(schema, { target: 'openapi-3.0', unrepresentable: 'any' });
}
