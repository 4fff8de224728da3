import {
  applyDecorators,
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  Inject,
  Injectable,
  SetMetadata,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { ApiBearerAuth, ApiExtension } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { InvariantError } from '../kernel';
import { IS_PUBLIC } from '../platform/http';
import { Authenticator } from './authenticator';
import { MissingScopeError, type Scope, type Tenant, UnauthenticatedError } from './domain';

const NEEDED_SCOPE = 'weir:scope';
/** Under which an operation of the OpenAPI document says its scope. */
export const SCOPE_EXTENSION = 'x-scope';

/** The scope a key needs for a route (or for all of a controller's). */
export function Requires(scope: Scope): MethodDecorator & ClassDecorator {
  return applyDecorators(SetMetadata(NEEDED_SCOPE, scope), ApiBearerAuth(), ApiExtension(SCOPE_EXTENSION, scope));
}

interface WithTenant {
  tenant?: Tenant;
}

/** The organisation that asks, as the guard found it. */
export const Asker = createParamDecorator((_: unknown, context: ExecutionContext): Tenant => {
  const { tenant } = context.switchToHttp().getRequest<WithTenant>();
  if (tenant === undefined) throw new InvariantError('a route that uses its tenant is guarded');
  return tenant;
});

/** Lets a request pass when its key has the route's scope. A route that names none and isn't public lets nobody pass. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(Authenticator) private readonly authenticator: Authenticator,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const places = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean | undefined>(IS_PUBLIC, places) === true) return true;

    const scope = this.reflector.getAllAndOverride<Scope | undefined>(NEEDED_SCOPE, places);
    if (scope === undefined) throw new InvariantError('every route says which scope it needs');

    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest & WithTenant>();
    try {
      // A copy: what the authenticator answers is shared by the requests of a key.
      const tenant = await this.authenticator.authenticate(request.headers.authorization);
      request.tenant = { ...tenant, requestId: request.id };
    } catch (error) {
      if (error instanceof UnauthenticatedError) http.getResponse<FastifyReply>().header('www-authenticate', 'Bearer');
      throw error;
    }
    if (!request.tenant.scopes.has(scope)) throw new MissingScopeError(scope);
    return true;
  }
}
