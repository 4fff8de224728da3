import type { OpenAPIObject } from '@nestjs/swagger';
import { SCOPE_EXTENSION } from '../../access';

const DETAILS = {
  type: 'array',
  description: 'For a body that can’t be decoded: a google.rpc.BadRequest that says where.',
  items: {
    type: 'object',
    required: ['@type', 'fieldViolations'],
    properties: {
      '@type': { type: 'string' },
      fieldViolations: {
        type: 'array',
        items: { type: 'object', properties: { field: { type: 'string' }, description: { type: 'string' } } },
      },
    },
  },
} as const;

/** The reference's entry of `POST /v1/traces`. The messages are OpenTelemetry's own and only outlined. */
export function tracesOperation(): Pick<OpenAPIObject, 'paths'> {
  const request = {
    type: 'object',
    description: 'An ExportTraceServiceRequest. Fields that are not known are passed over.',
    properties: {
      resourceSpans: {
        type: 'array',
        items: {
          type: 'object',
          properties: {
            resource: { type: 'object' },
            scopeSpans: { type: 'array', items: { type: 'object' } },
          },
        },
      },
    },
  };
  const answer = {
    type: 'object',
    description: 'An ExportTraceServiceResponse.',
    properties: {
      partialSuccess: {
        type: 'object',
        description: 'Only when spans were refused, or stored with a warning.',
        required: ['rejectedSpans', 'errorMessage'],
        properties: {
          rejectedSpans: { type: 'string', description: 'How many, a 64-bit integer.' },
          errorMessage: { type: 'string', description: 'Which and why, for people.' },
        },
        additionalProperties: false,
      },
    },
    additionalProperties: false,
  };
  const status = {
    type: 'object',
    description: 'A google.rpc.Status.',
    required: ['code', 'message'],
    properties: {
      code: { type: 'integer', description: 'A google.rpc.Code.' },
      message: { type: 'string', description: 'Our own code, a colon, and what is wrong.' },
      details: DETAILS,
    },
    additionalProperties: false,
  };
  const binary = { type: 'string', format: 'binary' };
  const content = (json: object) => ({
    'application/json': { schema: json },
    'application/x-protobuf': { schema: binary },
  });
  const operation = {
    operationId: 'TracesRoute_export',
    tags: ['events'],
    summary: 'Record spans of OpenTelemetry',
    description:
      'OTLP over HTTP, for exporters and collectors. Spans of the GenAI conventions become events; all others are passed over. ' +
      'Answered once they are committed. Safe to repeat: a span’s ids are its event’s identity. ' +
      'The answer is in the encoding of the request.',
    security: [{ bearer: [] }],
    [SCOPE_EXTENSION]: 'ingest',
    requestBody: { required: true, content: content(request) },
    responses: {
      200: { description: 'What became of the spans.', content: content(answer) },
      default: { description: 'A refusal. 429 and 503 are worth a retry.', content: content(status) },
    },
  };
  return { paths: { '/v1/traces': { post: operation } } };
}
