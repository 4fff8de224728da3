import { z } from 'zod';
import { LONGEST } from '../events';

const attribution = (what: string) =>
  z
    .union([z.string().min(1).max(LONGEST.attribution), z.number().int(), z.boolean()])
    .nullish()
    .describe(`Extension: ${what}`);

const attributes = {
  id: z.string().min(1).max(LONGEST.id).describe('With `source` the event’s identity: a repeat is counted once.'),
  source: z.string().min(1).max(LONGEST.source).describe('Which of your systems sends it.'),
  type: z.string().min(1).max(LONGEST.type).describe('What happened. Meters look for it.'),
  subject: z.string().min(1).max(LONGEST.customer).describe('The customer: your key, or our id.'),
  time: z.string().nullish().describe('When it happened, RFC 3339. Without it: now.'),
  datacontenttype: z.string().nullish().describe('JSON, if anything.'),
  dataschema: z.string().min(1).nullish().describe('Yours; not looked at.'),
  data: z.record(z.string(), z.unknown()).nullish().describe('Your own fields, for meters and costing.'),
};

/** A CloudEvent 1.0 as `POST /v1/events` takes it, for the API reference; `parseCloudEvent` is what reads it. */
export const CloudEventSchema = z.looseObject({
  specversion: z.literal('1.0'),
  ...attributes,
  session: attribution('the conversation or run it belongs to.'),
  task: attribution('the task it belongs to.'),
  agent: attribution('the agent that worked.'),
  feature: attribution('the feature of your product.'),
  department: attribution('the department of your customer.'),
  user: attribution('the person at your customer.'),
  parent: attribution('the node of work above this one.'),
  hold: attribution('the hold it settles: your key of it, or our id.'),
  step: z.enum(['retry', 'self_correction']).nullish().describe('Extension: why work was done again.'),
  costamount: z.union([z.string(), z.number()]).nullish().describe('Extension: what it cost you, such as "0.0125".'),
  costcurrency: z.string().nullish().describe('Extension: the currency of that, such as USD.'),
});

/** The same as OpenMeter's API has it: the version may be left out. */
export const OpenMeterEventSchema = CloudEventSchema.extend({ specversion: z.literal('1.0').nullish() });
