import type { FastifyReply, FastifyRequest } from 'fastify';
import { answerOf } from './api-error-answer';
import { ApiError } from './api-error';
import { Guard } from './guard';
import { rememberCaller } from './guarded-request';
import { needOf, NeedOptions } from './need';

export { callerOf } from './guarded-request';

/**
 * Makes hooks that guard routes of Fastify: `app.get('/calllog', { onRequest: guard('rest:calllog:read') }, handler)`. A refusal is answered (RFC 6750,
 * JSON); whoever passes is `callerOf(request)`. No answer is to be kept, unless the handler says otherwise.
 */
export function fastifyGuard(guard: Guard = Guard.start()): (scope: string, options?: NeedOptions) => (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined> {
  return (scope, options) => {
    const need = needOf(scope, options);
    return async (request, reply) => {
      void reply.header('cache-control', 'no-store');
      try {
        rememberCaller(request, await guard.authorize(request, need, request.method));
        return undefined;
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        const { status, headers, body } = answerOf(error);
        return reply.status(status).headers(headers).send(body);
      }
    };
  };
}
