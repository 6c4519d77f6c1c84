import { printable } from '@strowger/oauth-core/printable';
import { ApiError } from './api-error';

const MAX_DESCRIPTION = 512;

/** An answer as any HTTP server can send it. `body` is JSON. */
export interface ErrorAnswer { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string }

/** A refusal in one shape: `{"error","error_description","status"?,"scope"?}` and RFC 6750's header. */
export function answerOf(error: ApiError): ErrorAnswer {
  const { status, scope } = error.details;
  return {
    status: error.httpStatus,
    headers: { ...headersOf(error), 'content-type': 'application/json; charset=utf-8' },
    body: JSON.stringify({ error: error.error, error_description: printable(error.description, MAX_DESCRIPTION), ...(status !== undefined && { status }), ...(scope !== undefined && { scope }) }),
  };
}

function headersOf(error: ApiError): Record<string, string> {
  const { retryAfterSeconds, scope, limit } = error.details;
  const challenge = ['realm="strowger"'];
  // RFC 6750 §3.1: no error is named to who sent no token.
  if (error.httpStatus === 403 || error.error === 'invalid_token') challenge.push(`error="${printable(error.error)}"`, `error_description="${printable(error.description, MAX_DESCRIPTION)}"`);
  if (scope !== undefined) challenge.push(`scope="${printable(scope, MAX_DESCRIPTION)}"`);
  return {
    'cache-control': 'no-store',
    ...((error.httpStatus === 401 || error.httpStatus === 403) && { 'www-authenticate': `Bearer ${challenge.join(', ')}` }),
    ...(limit !== undefined && { 'x-ratelimit-limit': String(limit), 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(retryAfterSeconds ?? 1) }),
    ...((retryAfterSeconds !== undefined || error.httpStatus === 503) && { 'retry-after': String(retryAfterSeconds ?? 1) }),
  };
}
