import { BadRequestException, UnsupportedMediaTypeException } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { ACCEPTED_ENCODINGS, canDecode, isCompressed } from './content-encoding';

/**
 * Refuses, before anything is read, what would only fail further in and with words that help nobody: a body that is
 * compressed in a way nobody decodes, or sent where none is decoded, and a NUL in the address, which PostgreSQL takes in
 * no text.
 */
export function refuseUnreadable(server: Pick<FastifyInstance, 'addHook'>): void {
  server.addHook('onRequest', ({ url, headers, routeOptions }, reply, done) => {
    const encoding = headers['content-encoding'];
    if (encoding !== undefined && isCompressed(encoding)) {
      const takesCompressed = routeOptions.config.takesCompressed === true;
      if (!takesCompressed || !canDecode(encoding)) {
        reply.header('accept-encoding', takesCompressed ? ACCEPTED_ENCODINGS : 'identity');
        done(new UnsupportedMediaTypeException());
        return;
      }
    }
    if (url.includes('%00')) done(new BadRequestException('The address has a NUL (%00) in it, which is in no name.'));
    else done();
  });
}
