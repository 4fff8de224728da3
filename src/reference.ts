import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { eventsOperation } from './ingestion';

/** In the order in which a newcomer needs them. */
const TAGS: readonly (readonly [name: string, description: string])[] = [
  ['events', 'What happened in your product. Sent once or often, counted once.'],
  ['catalog', 'What you sell: meters say which events count, plans say what they cost your customers.'],
  ['customers', 'Who buys it: customers, their subscriptions, and test clocks to play months in seconds.'],
  ['usage', 'What was used, as of the last accepted event.'],
  ['invoices', 'What is asked for it, and why.'],
  ['price book', 'What it costs you.'],
  ['access', 'Organisations and their API keys.'],
  ['health', 'For load balancers.'],
];

const PROBLEM: NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>[string] = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'detail', 'requestId'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string', description: 'The kind of refusal, in words.' },
    status: { type: 'integer', description: 'The HTTP status again.' },
    code: { type: 'string', description: 'Stable; act on this.', example: 'customer_not_found' },
    detail: { type: 'string', description: 'What is wrong and what to do, for people.' },
    errors: {
      type: 'array',
      description: 'The fields that are wrong.',
      items: {
        type: 'object',
        properties: { field: { type: 'string', example: 'prices[0].charge.unitPrice' }, detail: { type: 'string' } },
      },
    },
    requestId: { type: 'string', description: 'Under which our log has it.' },
  },
};

/** The OpenAPI document, made from the schemas that check the requests, and a page to read and try it. */
export function serveReference(app: NestFastifyApplication): void {
  const builder = new DocumentBuilder()
    .setTitle('Weir')
    .setDescription(
      'Meters, costs, prices and bills AI usage. Decimals are strings, times are RFC 3339, errors are application/problem+json ' +
        'with a stable `code`. POSTs take an `Idempotency-Key`. Things with a `key` can be addressed by it or by our id.',
    )
    .setVersion('v1')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An API key: weir_…' }, 'bearer')
    .setLicense('Apache-2.0', '');
  for (const [name, description] of TAGS) builder.addTag(name, description);

  SwaggerModule.setup('reference', app, () => complete(SwaggerModule.createDocument(app, builder.build())), {
    jsonDocumentUrl: 'openapi.json',
    yamlDocumentUrl: 'openapi.yaml',
    customSiteTitle: 'Weir API reference',
    // The other product's banner takes a third of a phone's screen.
    customCss: '.swagger-ui .topbar { display: none }',
    swaggerOptions: { persistAuthorization: true, docExpansion: 'list', defaultModelsExpandDepth: -1 },
  });
}

/** Adds what no controller says: the events route, and how every refusal looks. */
function complete(document: OpenAPIObject): OpenAPIObject {
  for (const [path, operations] of Object.entries(eventsOperation().paths)) {
    document.paths[path] = { ...document.paths[path], ...operations };
  }
  const refusal = {
    description: 'A refusal.',
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
  document.components = { ...document.components, schemas: { ...document.components?.schemas, Problem: PROBLEM } };
  for (const item of Object.values(document.paths)) {
    for (const operation of [item.get, item.post, item.delete]) {
      if (operation !== undefined) operation.responses['default'] ??= refusal;
    }
  }
  return document;
}
