import { CanActivate, ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { mayDo, type Need } from '@strowger/oauth-core/rights';
import { ApiError } from './api-error';
import { bearerToken, inactiveToken } from './bearer-token';
import './caller.decorator';
import { allowanceHeaders, RequestLimit } from './request-limit';
import { NEED } from './require-scope.decorator';
import { TokenIntrospector } from './token-introspector';

/**
 * Lets a request pass whose bearer token may do what the handler's `@RequireScope` says (RFC 6750), within the limit of its client and account,
 * and puts the caller on it. Made to be the APP_GUARD of a service: a handler that says nothing is closed.
 */
@Injectable()
export class BearerGuard implements CanActivate {
  constructor(private readonly introspector: TokenIntrospector, private readonly limit: RequestLimit, private readonly reflector: Reflector) {}

  /**
   * @throws ApiError invalid_request, invalid_token, rate_limit_exceeded, insufficient_scope, access_denied, temporarily_unavailable
   */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    // What comes over the bus is guarded by the bus's own permissions.
    if (context.getType() !== 'http') return true;
    const need = this.reflector.getAllAndOverride<Need | undefined>(NEED, [context.getHandler(), context.getClass()]);
    if (!need) throw new Error(`${context.getClass().name}.${context.getHandler().name} does not say which scope it requires`);
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    void reply.header('cache-control', 'no-store');
    const caller = await this.introspector.introspect(bearerToken(request), request.id);
    if (!caller) throw inactiveToken();
    void reply.headers(allowanceHeaders(this.limit.count(caller.claims)));
    const decision = mayDo(caller.claims, need);
    if (!decision.allowed) {
      throw new ApiError(403, decision.error, decision.description, { status: decision.status, ...(decision.scope !== undefined && { scope: decision.scope }) });
    }
    request.caller = caller;
    return true;
  }
}
