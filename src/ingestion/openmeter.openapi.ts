import type { OpenAPIObject } from '@nestjs/swagger';
import { z } from 'zod';
import { SCOPE_EXTENSION } from '../access';
import { MOST_EVENTS } from '../events';
import { OpenMeterEventSchema } from './cloudevents.openapi';

/** The reference's entry of `POST /api/v1/events`. */
export function openMeterOperation(): OpenAPIObject['paths'] {
  const event = z.toJSONSchema(OpenMeterEventSchema, { target: 'openapi-3.0' });
  const list = { type: 'array', items: event, maxItems: MOST_EVENTS };
  const operation = {
    operationId: 'OpenMeterRoute_ingest',
    tags: ['events'],
    summary: 'Ingest events as OpenMeter’s clients send them',
    description:
      'CloudEvents, stored as a whole or not at all, and answered once they are committed. A repeat of an event is answered ' +
      'like the first. With a key that has the scope `manage` as well, a subject that is no customer yet becomes one.',
    security: [{ bearer: [] }],
    [SCOPE_EXTENSION]: 'ingest',
    requestBody: {
      required: true,
      content: {
        'application/json': { schema: { oneOf: [event, list] } },
        'application/cloudevents+json': { schema: event },
        'application/cloudevents-batch+json': { schema: list },
      },
    },
    responses: { 204: { description: 'Stored, now or before.' } },
  };
  return { '/api/v1/events': { post: operation } } as unknown as OpenAPIObject['paths'];
}
