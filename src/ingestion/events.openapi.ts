import type { OpenAPIObject } from '@nestjs/swagger';
import { z } from 'zod';
import { SCOPE_EXTENSION } from '../access';
import { EventSchema, MOST_EVENTS } from '../events';
import { TouchedInvoiceResponse } from './changes/change-responses';

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

/** The reference's entry of `POST /v1/events`, which no Nest controller describes. */
export function eventsOperation(): Pick<OpenAPIObject, 'paths'> {
  const event = z.toJSONSchema(EventSchema, { target: 'openapi-3.0', unrepresentable: 'any' });
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
      'a request of a single event that is refused is answered with 422.',
    security: [{ bearer: [] }],
    parameters: [
      {
        name: 'dryRun',
        in: 'query',
        required: false,
        schema: { type: 'string', enum: ['true', 'false'] },
        description: 'With `true` nothing is stored: the answer says what would become of each event.',
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
    requestBody: { required: true, content: { 'application/json': { schema: body } } },
    responses: {
      200: {
        description: 'What became of each event.',
        content: { 'application/json': { schema: z.toJSONSchema(ReceiptsResponse, { target: 'openapi-3.0' }) } },
      },
    },
  };
  return { paths: { '/v1/events': { post: operation } } } as unknown as Pick<OpenAPIObject, 'paths'>;
}
