import { ArgumentsHost, Catch, ExceptionFilter, HttpException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isDatabaseUnavailable } from '@strowger/models/database';
import { NotDurable } from '@strowger/models/turns/turn-writer';
import { TooMuchWaiting } from '@strowger/models/turns/turns';
import { TOKEN_EXCHANGE } from '@strowger/oauth-core/application-rules';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import type { ServiceLog } from '@strowger/service/service-log';
import { errorPage } from './page/error.page';
import { sendPage } from './page/page';
import { formOf, originOf } from './client-auth/authenticated-client';
import { RejectionRecorder } from './rejections/rejection-recorder';
import { withinDeadline } from './request-deadline';

const EXCHANGE_PATH = '/token-exchange';
const TOKEN_PATHS: ReadonlySet<string> = new Set(['/oauth/token', '/token', EXCHANGE_PATH]);
const POST_ONLY: ReadonlySet<string> = new Set([...TOKEN_PATHS, '/oauth/introspect', '/oauth/revoke', '/oauth/device_authorization']);
/** What people look at: they get a page. */
const PAGES: ReadonlySet<string> = new Set(['/oauth/authorize', '/oauth/authorize/decision', '/login', '/logout', '/device']);
/** A device that asks again is not refused (RFC 8628 §3.5). */
const ASKS_AGAIN: ReadonlySet<string> = new Set(['authorization_pending', 'slow_down']);
const LATER = { retryAfterSeconds: 1 };

/** Any throw becomes a body of RFC 6749 §5.2 (RFC 6750 §3 where a bearer token was judged); a refused token request is recorded first. */
@Catch()
export class OAuthErrorFilter implements ExceptionFilter {
  constructor(private readonly rejections: RejectionRecorder, private readonly log: ServiceLog) {}

  async catch(thrown: unknown, host: ArgumentsHost): Promise<void> {
    const request = host.switchToHttp().getRequest<FastifyRequest>(), reply = host.switchToHttp().getResponse<FastifyReply>();
    let error = oauthErrorOf(thrown, request);
    if (isRefusedTokenRequest(request, error)) {
      try {
        await withinDeadline(request, this.record(request, error));
      } catch (unrecorded) {
        error = new OAuthError('temporarily_unavailable', 'the database is not available; try again', { ...LATER, cause: unrecorded });
      }
    }
    if (error.status >= 500) this.log.error({ err: error.cause ?? error, request_id: request.id }, error.code === 'server_error' ? 'a request failed' : 'a request could not be served');
    if (reply.sent) return;
    for (const [name, value] of Object.entries(headersOf(error))) void reply.header(name, value);
    if (PAGES.has(request.routeOptions.url ?? '')) { sendPage(reply, error.status, errorPage(error, request.id)); return; }
    void reply.status(error.status).header('Cache-Control', 'no-store').header('Pragma', 'no-cache').type('application/json; charset=utf-8')
      .send(JSON.stringify({ error: error.wireCode, error_description: error.description }));
  }

  private async record(request: FastifyRequest, error: OAuthError): Promise<void> {
    const application = request.client?.kind === 'application' ? request.client.application : request.namedApplication;
    const grantType = request.routeOptions.url === EXCHANGE_PATH ? TOKEN_EXCHANGE : formOf(request).get('grant_type');
    await this.rejections.tokenRejected(application, grantType !== undefined && KNOWN_GRANT.test(grantType) ? grantType : undefined, error.code, originOf(request));
  }
}

/** Only what looks like a grant type is kept: people paste secrets into any field. */
const KNOWN_GRANT = /^(authorization_code|client_credentials|password|refresh_token|urn:ietf:params:oauth:grant-type:[a-z_-]{1,32})$/;

/** Without the slash at the end, which makes no other path. */
const pathOf = (request: FastifyRequest): string => (request.url.split('?', 1)[0] ?? '').replace(/\/$/, '');
/** By the route that was found: the path itself may be written in many ways. */
const isRefusedTokenRequest = (request: FastifyRequest, error: OAuthError): boolean =>
  request.method === 'POST' && TOKEN_PATHS.has(request.routeOptions.url ?? '') && error.status < 500 && !ASKS_AGAIN.has(error.code);

function oauthErrorOf(thrown: unknown, request: FastifyRequest): OAuthError {
  if (thrown instanceof OAuthError) return thrown;
  if (thrown instanceof NotDurable || thrown instanceof TooMuchWaiting || isDatabaseUnavailable(thrown)) {
    return new OAuthError('temporarily_unavailable', 'the database is not available; try again', { ...LATER, cause: thrown });
  }
  if (thrown instanceof HttpException) {
    const status = thrown.getStatus();
    if (status === 404 && POST_ONLY.has(pathOf(request))) return new OAuthError('method_not_allowed', 'this endpoint takes POST only');
    if (status === 404) return new OAuthError('not_found', 'there is nothing at this path');
    if (status === 413) return new OAuthError('request_too_large', thrown.message, { cause: thrown });
    if (status < 500) return new OAuthError('invalid_request', thrown.message, { cause: thrown });
  }
  return new OAuthError('server_error', 'the server met an unexpected condition', { cause: thrown });
}

function headersOf(error: OAuthError): Record<string, string> {
  return {
    ...(error.retryAfterSeconds !== undefined && { 'Retry-After': String(error.retryAfterSeconds) }),
    ...(error.limit !== undefined && { 'X-RateLimit-Limit': String(error.limit), 'X-RateLimit-Remaining': '0', 'X-RateLimit-Reset': String(error.retryAfterSeconds ?? 1) }),
    ...(error.code === 'invalid_client' && { 'WWW-Authenticate': 'Basic realm="strowger"' }),
    ...(error.code === 'token_missing' && { 'WWW-Authenticate': 'Bearer realm="strowger"' }),
    ...(error.code === 'invalid_token' && { 'WWW-Authenticate': 'Bearer realm="strowger", error="invalid_token"' }),
    ...(error.code === 'method_not_allowed' && { Allow: 'POST' }),
  };
}
