import { ArgumentsHost, Catch, ExceptionFilter, HttpException, Logger, Optional } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ZodError } from 'zod';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { answerOf } from './api-error-answer';
import { ApiError, unavailable } from './api-error';

const FIELDS_NAMED = 5;

/** Answers every throw of a management API in one shape: `{"error","error_description","status"?,"scope"?}` and RFC 6750's header. */
@Catch()
export class ApiErrorFilter implements ExceptionFilter {
  private readonly log = new Logger('api');

  /** `own` knows the errors of the service itself; what it leaves undefined is judged by `apiErrorOf`. */
  constructor(@Optional() private readonly own: (error: unknown) => ApiError | undefined = () => undefined) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    // A transport has its own filter.
    if (host.getType() !== 'http') throw thrown;
    const request = host.switchToHttp().getRequest<FastifyRequest>(), reply = host.switchToHttp().getResponse<FastifyReply>();
    const error = this.own(thrown) ?? apiErrorOf(thrown);
    if (error.httpStatus >= 500) {
      const fields = { err: error.cause ?? thrown, request_id: request.id };
      if (error.httpStatus === 500) this.log.error(fields, 'a request failed'); else this.log.warn(fields, 'a request could not be served');
    }
    if (reply.sent) return;
    const { status, headers, body } = answerOf(error);
    for (const [name, value] of Object.entries(headers)) void reply.header(name, value);
    void reply.status(status).send(body);
  }
}

/** Any throw as an ApiError; what nobody foresaw is a bare 500, its cause for the log only. */
export function apiErrorOf(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  if (thrown instanceof OAuthError) return ofOAuthError(thrown);
  if (thrown instanceof ZodError) return new ApiError(400, 'invalid_request', fieldsOf(thrown));
  if (thrown instanceof HttpException) return ofHttpException(thrown);
  if (isUnavailable(thrown)) return unavailable('a part that this request needs does not answer; try again', thrown);
  return new ApiError(500, 'server_error', 'the server met an unexpected condition', { cause: thrown });
}

function ofOAuthError(error: OAuthError): ApiError {
  return new ApiError(error.status, error.wireCode, error.description, {
    ...(error.code === 'rate_limit_exceeded' && { status: error.code }),
    ...(error.code === 'access_denied' && { status: error.code }),
    ...(error.retryAfterSeconds !== undefined && { retryAfterSeconds: error.retryAfterSeconds }),
    ...(error.limit !== undefined && { limit: error.limit }),
    cause: error.cause,
  });
}

function ofHttpException(error: HttpException): ApiError {
  const status = error.getStatus();
  switch (status) {
    // Nest's own text repeats the path.
    case 404: return new ApiError(404, 'not_found', 'there is nothing at this path');
    case 403: return new ApiError(403, 'access_denied', error.message, { status: 'access_denied' });
    case 405: return new ApiError(405, 'method_not_allowed', error.message);
    case 413: return new ApiError(413, 'request_too_large', error.message);
    case 503: return unavailable(error.message, error);
    default: return status < 500 ? new ApiError(400, 'invalid_request', error.message) : new ApiError(500, 'server_error', 'the server met an unexpected condition', { cause: error });
  }
}

/** What is wrong with which fields, without what was sent in them. */
function fieldsOf(error: ZodError): string {
  return error.issues.slice(0, FIELDS_NAMED).map(issue => {
    const path = issue.path.map(String).join('.');
    return `${path === '' ? '' : `${path}: `}${issue.message.replaceAll('"', "'")}`;
  }).join('; ');
}

/** By name, because a guard of an API knows no database: errors of the driver and of ours that say "not now". */
const UNAVAILABLE = /^(Mongo(ose)?\w*(Network|Selection|PoolCle|PoolClosed|NotConnected|TopologyClosed|ServerClosed|ClientClosed|Timeout)\w*|PoolCleared\w*|WaitQueueTimeoutError|NotDurable|TooMuchWaiting|BusUnavailable|QueueFull)$/;
/** Codes of MongoDB for an operation that ran out of time, and for a server that is no primary or is shutting down. */
const UNAVAILABLE_CODES: ReadonlySet<unknown> = new Set([50, 91, 189, 262, 10107, 11600, 11602, 13435, 13436]);

function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (UNAVAILABLE.test(error.name)) return true;
  // The driver reports a lost connection as a bulk write error, too: one without refusals.
  if (error.name === 'MongoBulkWriteError' && 'writeErrors' in error && Array.isArray(error.writeErrors) && error.writeErrors.length === 0) return true;
  if (error.name !== 'MongoServerError' && error.name !== 'MongoBulkWriteError') return false;
  if ('code' in error && UNAVAILABLE_CODES.has(error.code)) return true;
  if (!('errorLabels' in error) || !Array.isArray(error.errorLabels)) return false;
  return error.errorLabels.includes('RetryableWriteError') || error.errorLabels.includes('TransientTransactionError');
}
