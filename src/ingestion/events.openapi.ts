import type { OpenAPIObject } from '@nestjs/swagger';
import { z } from 'zod';
import { SCOPE_EXTENSION } from '../access';
import { EventSchema, MOST_EVENTS } from '../events';
import { CloudEventSchema } from './cloudevents.openapi';
import { TouchedInvoiceResponse } from './changes/change-responses';
import { RESULTS } from './domain';
import { openMeterOperation } from './openmeter.openapi';

const ReceiptsResponse = z.object({
  accepted: z.number().int(),
  duplicates: z.number().int().describe('Sent before, with the same content. Counted once.'),
  rejected: z.number().int(),
  results: z.array(
    z.object({
      index: z.number().int().describe('Place in the request, from 0.'),
      id: z.string().nullable(),
      status: z.enum(['accepted', 'duplicate', 'rejected']),
      code: z.string().optional().describe('Why it was rejected.'),
      field: z.string().optional(),
      detail: z.string().optional(),
    }),
  ),
  closedPeriods: z.array(TouchedInvoiceResponse).optional().describe('Only of a backfill.'),
});

/** A line of the answer to events that came as lines, or its last line. */
const LineResponse = z.union([
  z.object({
    line: z.number().int().describe('Counted from 1, blank lines too.'),
    id: z.string().nullable(),
    status: z.enum(['accepted', 'duplicate', 'rejected']),
    code: z.string().optional().describe('Why it was rejected.'),
    field: z.string().optional(),
    detail: z.string().optional(),
  }),
  z.object({
    accepted: z.number().int(),
    duplicates: z.number().int(),
    rejected: z.number().int(),
    complete: z.boolean().describe('False when the stream broke off.'),
    resumeFromLine: z.number().int().optional().describe('Send on from here: of these lines nothing is known.'),
    code: z.string().optional().describe('Why it broke off.'),
    detail: z.string().optional(),
    closedPeriods: z.array(TouchedInvoiceResponse).optional().describe('Only of a backfill: the first 10,000.'),
    moreClosedPeriods: z.literal(true).optional().describe('There are more than are listed.'),
  }),
]);

/** The reference's entry of `POST /v1/events`, which no Nest controller describes. */
export function eventsOperation(): Pick<OpenAPIObject, 'paths'> {
  const event = z.toJSONSchema(EventSchema, { target: 'openapi-3.0', unrepresentable: 'any' });
  const cloudEvent = z.toJSONSchema(CloudEventSchema, { target: 'openapi-3.0' });
  const list = { type: 'array', items: event, minItems: 1, maxItems: MOST_EVENTS };
  const body = {
    oneOf: [
      event,
      list,
      { type: 'object', properties: { events: list }, required: ['events'], additionalProperties: false },
    ],
  };
  const operation = {
    operationId: 'EventsRoute_record',
    tags: ['events'],
    summary: 'Record usage events',
    description:
      `One event, a list, or {"events": […]}, up to ${MOST_EVENTS.toLocaleString('en')}. Answered once they are committed. ` +
      'Safe to repeat: an event’s source and id are its identity. A refused event does not keep the others out; ' +
      'a request of a single event that is refused is answered with 422. As application/x-ndjson a stream of any length, an ' +
      'event a line, answered line by line while it is read. CloudEvents 1.0 structured, batched, or with their attributes in ' +
      '`ce-` headers. Any of these may be compressed with gzip, deflate or br.',
    security: [{ bearer: [] }],
    parameters: [
      {
        name: 'dryRun',
        in: 'query',
        required: false,
        schema: { type: 'string', enum: ['true', 'false'] },
        description:
          'With `true` nothing is stored: the answer says what would become of each event. In a stream of lines an event is not held ' +
          'against those further up.',
      },
      {
        name: 'results',
        in: 'query',
        required: false,
        schema: { type: 'string', enum: [...RESULTS] },
        description: 'Of a stream of lines: an answer for each, which is the default, or for the rejected ones alone.',
      },
      {
        name: 'backfill',
        in: 'query',
        required: false,
        schema: { type: 'string', enum: ['true', 'false'] },
        description:
          'With `true` events of any age are taken, and `closedPeriods` lists the finalized invoices whose period they fall in. The key needs the scope `backfill` as well.',
      },
    ],
    [SCOPE_EXTENSION]: 'ingest',
    requestBody: {
      required: true,
      content: {
        'application/json': { schema: body },
        'application/x-ndjson': { schema: event },
        'application/cloudevents+json': { schema: cloudEvent },
        'application/cloudevents-batch+json': { schema: { type: 'array', items: cloudEvent, maxItems: MOST_EVENTS } },
      },
    },
    responses: {
      200: {
        description: 'What became of each event.',
        content: {
          'application/json': { schema: z.toJSONSchema(ReceiptsResponse, { target: 'openapi-3.0' }) },
          'application/x-ndjson': { schema: z.toJSONSchema(LineResponse, { target: 'openapi-3.0' }) },
        },
      },
    },
  };
  return { paths: { '/v1/events': { post: operation }, ...openMeterOperation() } } as unknown as Pick<
    OpenAPIObject,
    'paths'
  >;
}
