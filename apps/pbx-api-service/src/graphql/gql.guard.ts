import { CanActivate, ExecutionContext, Injectable, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from '@strowger/auth/api-error';
import { bearerToken, inactiveToken } from '@strowger/auth/bearer-token';
import { BearerGuard } from '@strowger/auth/bearer.guard';
import { allowanceHeaders, RequestLimit } from '@strowger/auth/request-limit';
import { TokenIntrospector } from '@strowger/auth/token-introspector';
import { EffectiveScopes, whyNothing } from './effective-scopes';

const SOME_GQL_SCOPE = 'strowger:some-gql-scope';
/** A handler for whoever has anything of the GraphQL API: what exactly, its fields say. */
export const SomeGqlScope = (): MethodDecorator => SetMetadata(SOME_GQL_SCOPE, true);

/** The guard of both APIs: of REST each route names its scope, of GraphQL each field does. */
@Injectable()
export class GqlGuard implements CanActivate {
  private readonly bearer: BearerGuard;

  constructor(private readonly introspector: TokenIntrospector, private readonly limit: RequestLimit, private readonly reflector: Reflector) {
    this.bearer = new BearerGuard(introspector, limit, reflector);
  }

  /** @throws ApiError invalid_request, invalid_token, rate_limit_exceeded, insufficient_scope, access_denied, temporarily_unavailable */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (this.reflector.get<boolean | undefined>(SOME_GQL_SCOPE, context.getHandler()) !== true) return this.bearer.canActivate(context);
    const request = context.switchToHttp().getRequest<FastifyRequest>(), reply = context.switchToHttp().getResponse<FastifyReply>();
    void reply.header('cache-control', 'no-store');
    const caller = await this.introspector.introspect(bearerToken(request), request.id);
    if (!caller) throw inactiveToken();
    void reply.headers(allowanceHeaders(this.limit.count(caller.claims)));
    if (new EffectiveScopes(caller.claims).scopes.size === 0) {
      const { error, description, status, scope } = whyNothing(caller.claims);
      throw new ApiError(403, error, description, { status, ...(scope !== undefined && { scope }) });
    }
    request.caller = caller;
    return true;
  }
}
