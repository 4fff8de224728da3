import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Authenticator, MissingScopeError, type Tenant, UnauthenticatedError } from '../../access';

/**
 * Who sends events, on a route that stands outside Nest's guards.
 *
 * @throws UnauthenticatedError, MissingScopeError
 */
export async function tenantOf(
  authenticator: Authenticator,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Tenant> {
  const tenant = await authenticator.authenticate(request.headers.authorization).catch((error: unknown) => {
    if (error instanceof UnauthenticatedError) reply.header('www-authenticate', 'Bearer');
    throw error;
  });
  if (!tenant.scopes.has('ingest')) throw new MissingScopeError('ingest');
  return tenant;
}
