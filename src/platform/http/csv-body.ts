import { UnsupportedMediaTypeException } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Turns a `text/csv` body into what the route takes as JSON; without it the route takes no CSV. May throw a DomainError. */
    fromCsv?: (text: string) => unknown;
  }
}

/** Takes CSV on the routes that say how to read it. What they make of it is checked as if it had come as JSON. */
export function takeCsv(server: Pick<FastifyInstance, 'addContentTypeParser'>): void {
  server.addContentTypeParser('text/csv', { parseAs: 'buffer' }, (request, body, done) => {
    const { fromCsv } = request.routeOptions.config;
    if (fromCsv === undefined) {
      done(new UnsupportedMediaTypeException());
      return;
    }
    try {
      done(null, fromCsv(body.toString('utf8')));
    } catch (error) {
      done(error as Error);
    }
  });
}
