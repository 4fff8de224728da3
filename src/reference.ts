import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { SCOPE_EXTENSION } from './access';
import { holdsOperations } from './entitlements';
import { eventsOperation, tracesOperation } from './ingestion';

/** In the order in which a newcomer needs them. */
const TAGS: readonly (readonly [name: string, description: string])[] = [
  ['events', 'What happened in your product. Sent once or often, counted once.'],
  ['catalog', 'What you sell: meters say which events count, plans say what they cost your customers.'],
  ['customers', 'Who buys it: customers, their subscriptions, and test clocks to play months in seconds.'],
  ['usage', 'What was used, as of the last accepted event.'],
  ['caps', 'How much may be used, by whom and what for; sessions that were stopped, and what somebody should know.'],
  ['holds', 'Money held before the work and settled after it.'],
  ['wallets', 'Credit that is paid before it is used.'],
  ['balances', 'What is left.'],
  ['loops', 'Agents that run away.'],
  ['taxes', 'What is asked on top of it, or lies within it, for others.'],
  ['invoices', 'What is asked for it, and why.'],
  [
    'billing runs',
    'When it is asked for: what is closed and finalized by itself, and who is left alone with a reason.',
  ],
  ['ledger', 'What was earned, is owed and was paid, in double entry.'],
  ['simulations', 'What other plans would have asked for it, before anybody pays by them.'],
  ['price book', 'What it costs you.'],
  ['costs', 'What it did cost you: by whom and what for, what is not known yet, and what a corrected price changes.'],
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
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'weir_…', description: 'An API key.' }, 'bearer')
    .addBearerAuth(
      {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'WEIR_OPERATOR_KEY',
        description: 'The key of this installation’s operator.',
      },
      'operator',
    );
  for (const [name, description] of TAGS) builder.addTag(name, description);

  SwaggerModule.setup('reference', app, () => complete(SwaggerModule.createDocument(app, builder.build())), {
    jsonDocumentUrl: 'openapi.json',
    yamlDocumentUrl: 'openapi.yaml',
    customSiteTitle: 'Weir API reference',
    // The other product's banner takes a third of a phone's screen.
    customCss: '.swagger-ui .topbar { display: none }',
    swaggerOptions: {
      persistAuthorization: true,
      docExpansion: 'list',
      defaultModelsExpandDepth: -1,
      // The page's own default would send the document to a server on the internet.
      validatorUrl: 'none',
    },
  });
}

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description:
    'Chosen by you, for this request alone: a repeat with it gets the first answer and does nothing. 1 to 255 visible ASCII characters.',
  schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[\\x21-\\x7e]+$' },
} as const;

/** For answers that need no more words than their schema has. */
const MEANINGS: Readonly<Record<string, string>> = {
  200: 'Done.',
  201: 'Made, or there already with the same content.',
  202: 'Asked for; it begins within a moment.',
  204: 'Done; there is nothing to say.',
};

/** Adds what no controller says: routes outside Nest, scopes in words, `Idempotency-Key`, and how every refusal looks. */
function complete(document: OpenAPIObject): OpenAPIObject {
  document.info = { ...document.info, license: { name: 'Apache-2.0' } };
  const outsideNest = { ...eventsOperation().paths, ...tracesOperation().paths, ...holdsOperations().paths };
  for (const [path, operations] of Object.entries(outsideNest)) {
    document.paths[path] = { ...document.paths[path], ...operations };
  }
  const refusal = {
    description: 'A refusal.',
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
  document.components = { ...document.components, schemas: { ...document.components?.schemas, Problem: PROBLEM } };
  for (const item of Object.values(document.paths)) {
    for (const operation of [item.get, item.post, item.put, item.patch, item.delete]) {
      if (operation === undefined) continue;
      operation.responses['default'] ??= refusal;
      for (const [status, response] of Object.entries(operation.responses)) {
        if (response !== undefined && 'description' in response) response.description ||= MEANINGS[status] ?? '';
      }
      const scope: unknown = (operation as { [SCOPE_EXTENSION]?: unknown })[SCOPE_EXTENSION];
      if (typeof scope !== 'string') continue;
      operation.description = [operation.description, `Needs a key with the scope \`${scope}\`.`].join(' ').trim();
      // An event's own id makes its repeat safe.
      if (operation === item.post && scope !== 'ingest') {
        operation.parameters = [...(operation.parameters ?? []), IDEMPOTENCY_KEY];
      }
    }
  }
  return document;
}
