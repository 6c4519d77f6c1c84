import { CanActivate, ExecutionContext, Inject, Injectable, Optional } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { assertMay } from './assert-may';
import { bearerToken, inactiveToken, type BearingRequest } from './bearer-token';
import './caller.decorator';
import { rememberCaller } from './guarded-request';
import { needOfRequest, type RouteNeed } from './need';
import { allowanceHeaders, RequestLimit } from './request-limit';
import { NEED } from './require-scope.decorator';
import { TokenIntrospector, type AuthenticatedCaller } from './token-introspector';

/** Of Fastify, or of Express: there Node's own request is the request itself, and it has no id. */
interface GuardedRequest extends Omit<BearingRequest, 'raw'> {
  readonly method: string;
  readonly rawHeaders: readonly string[];
  readonly raw?: BearingRequest['raw'];
  readonly id?: string;
  caller?: AuthenticatedCaller;
}
interface Reply { header(name: string, value: string): unknown }

/**
 * Lets a request pass whose bearer token may do what the handler's `@RequireScope` says (RFC 6750), within the limit of its client and account,
 * and puts the caller on it. Made to be the APP_GUARD of a service: a handler that says nothing is closed, and so is what is neither a request of HTTP nor
 * a message of a bus (a resolver of `@nestjs/graphql`, a WebSocket gateway).
 */
@Injectable()
export class BearerGuard implements CanActivate {
  /** Without a limit, nobody's requests are counted. */
  constructor(private readonly introspector: TokenIntrospector, @Optional() @Inject(RequestLimit) private readonly limit: RequestLimit | undefined, private readonly reflector: Reflector) {}

  /**
   * @throws ApiError invalid_request, invalid_token, rate_limit_exceeded, insufficient_scope, access_denied, temporarily_unavailable
   */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    // What comes over the bus is guarded by the bus's own permissions.
    const kind = context.getType<string>();
    if (kind === 'rpc') return true;
    if (kind !== 'http') throw new Error(`${context.getClass().name}.${context.getHandler().name} is of kind ${kind}, which this guard does not know: guard its route with the guard for Express or Fastify`);
    const need = this.reflector.getAllAndOverride<RouteNeed | undefined>(NEED, [context.getHandler(), context.getClass()]);
    if (!need) throw new Error(`${context.getClass().name}.${context.getHandler().name} does not say which scope it requires`);
    const request = context.switchToHttp().getRequest<GuardedRequest>(), reply = context.switchToHttp().getResponse<Reply>();
    reply.header('cache-control', 'no-store');
    const caller = await this.introspector.introspect(bearerToken({ headers: request.headers, query: request.query, body: request.body, raw: request.raw ?? request }), request.id ?? '');
    if (!caller) throw inactiveToken();
    if (this.limit) for (const [name, value] of Object.entries(allowanceHeaders(this.limit.count(caller.claims)))) reply.header(name, value);
    assertMay(caller.claims, needOfRequest(need, request.method));
    request.caller = caller;
    rememberCaller(request, caller);
    return true;
  }
}
