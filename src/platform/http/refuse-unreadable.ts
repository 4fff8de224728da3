import { BadRequestException, UnsupportedMediaTypeException } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';

/**
 * Refuses, before anything is read, what would only fail further in and with words that help nobody: a compressed body,
 * which is no JSON, and a NUL in the address, which PostgreSQL takes in no text.
 */
export function refuseUnreadable(server: Pick<FastifyInstance, 'addHook'>): void {
  server.addHook('onRequest', ({ url, headers }, _reply, done) => {
    const encoding = headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') done(new UnsupportedMediaTypeException());
    else if (url.includes('%00'))
      done(new BadRequestException('The address has a NUL (%00) in it, which is in no name.'));
    else done();
  });
}
