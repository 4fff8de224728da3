import { z } from 'zod';
import { Decimal, decimalProblem, decimalText, parseRfc3339 } from '../kernel';
import { DEEPEST_DATA, LARGEST_DATA, LONGEST, STEPS } from './domain';

const CONTROL_OR_BROKEN = /[\p{Cc}\p{Cs}]/u;

const eventText = (longest: number) =>
  z
    .string()
    .min(1)
    .max(longest)
    .refine((value) => !CONTROL_OR_BROKEN.test(value), 'must not contain control characters or broken Unicode');

const isAmount = (text: string): boolean => decimalProblem(text) === null && !text.startsWith('-');

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

const attribution = (what: string) => eventText(LONGEST.attribution).nullish().describe(what);

/**
 * One usage event, for the API reference. Events are read by hand-written checks (`parseEvent`), which a test holds
 * equal to this.
 */
export const EventSchema = z.strictObject({
  id: eventText(LONGEST.id).describe(
    'Chosen by the sender. With `source` it is the event’s identity: a repeat is counted once.',
  ),
  type: eventText(LONGEST.type).describe('What happened, such as `llm.request`. Meters look for it.'),
  customer: eventText(LONGEST.customer).describe('Whose usage it is: our id or your own key of the customer.'),
  source: eventText(LONGEST.source)
    .nullish()
    .describe('Which of your systems sends it; `api` without it. Ids are unique within a source.'),
  time: z
    .string()
    .refine((value) => parseRfc3339(value) !== null, 'must be an RFC 3339 instant with an offset')
    .nullish()
    .describe('When the usage happened, not when it was sent; kept to the microsecond. Without it: now.'),
  session: attribution('The conversation or run it belongs to.'),
  task: attribution('The task it belongs to.'),
  agent: attribution('The agent that worked.'),
  feature: attribution('The feature of your product.'),
  department: attribution('The department of your customer.'),
  user: attribution('The person at your customer.'),
  parent: attribution(
    'The task (or session, for an event without a task) above this one’s: its name, or `task:NAME` or `session:NAME`. Costs add up along it.',
  ),
  hold: attribution(
    'The hold this usage settles: our id of it, or your key. Usage of a hold that isn’t there counts like any other.',
  ),
  step: z
    .enum(STEPS)
    .nullish()
    .describe('Marks work that was done again: `retry` after a failure, `self_correction` of an own result.'),
  cost: z
    .strictObject({
      amount: z
        .union([z.string(), z.number()])
        .refine((value) => isAmount(typeof value === 'number' ? decimalText(new Decimal(value)) : value))
        .describe('Decimal string, such as "0.0125".'),
      currency: z.string().regex(/^[A-Z]{3}$/),
    })
    .nullish()
    .describe(
      'What it cost you, where you know it. Used when the price book has no price; kept beside ours otherwise.',
    ),
  data: z
    .record(z.string(), z.unknown())
    .refine((value) => depthOf(value) <= DEEPEST_DATA)
    .refine((value) => JSON.stringify(value).length <= LARGEST_DATA)
    .nullish()
    .describe(
      'Your own fields, for meters to filter and sum. Known to costing: provider, model, input_tokens (all input), cache_read_tokens, cache_write_tokens, output_tokens, input_audio_tokens, cache_audio_read_tokens, output_audio_tokens, requests.',
    ),
});
