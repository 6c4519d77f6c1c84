import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerOf } from './api-error-answer';
import { ApiError } from './api-error';
import { Guard } from './guard';
import { rememberCaller } from './guarded-request';
import { needOf, NeedOptions } from './need';

export { callerOf } from './guarded-request';

/** A middleware of Express, or of any router that calls them alike. */
export type Middleware = (request: IncomingMessage & { readonly query?: unknown; readonly body?: unknown }, response: ServerResponse, next: (error?: unknown) => void) => void;

/**
 * Makes middlewares that guard routes of Express: `app.get('/calllog', guard('rest:calllog:read'), handler)`. A refusal is answered (RFC 6750, JSON);
 * whoever passes is `callerOf(request)`. No answer is to be kept, unless the handler says otherwise.
 */
export function expressGuard(guard: Guard = Guard.start()): (scope: string, options?: NeedOptions) => Middleware {
  return (scope, options) => {
    const need = needOf(scope, options);
    return (request, response, next) => {
      const { headers, query, body, method } = request;
      response.setHeader('cache-control', 'no-store');
      guard.authorize({ headers, query, body, raw: request }, need, method).then(caller => { rememberCaller(request, caller); next(); }, (error: unknown) => {
        if (!(error instanceof ApiError)) { next(error); return; }
        const answer = answerOf(error);
        response.writeHead(answer.status, answer.headers).end(answer.body);
      });
    };
  };
}
