import { createParamDecorator, ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AuthenticatedCaller } from './token-introspector';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by BearerGuard, once the token was found active and sufficient. */
    caller?: AuthenticatedCaller;
  }
}

/**
 * The caller of a guarded handler: `list(@Caller() caller: AuthenticatedCaller)`.
 * @throws Error - the handler is not guarded
 */
export const Caller = createParamDecorator((_argument: undefined, context: ExecutionContext): AuthenticatedCaller => {
  const { caller } = context.switchToHttp().getRequest<FastifyRequest>();
  if (!caller) throw new Error('@Caller() in a handler that no BearerGuard guards');
  return caller;
});
