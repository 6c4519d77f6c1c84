import { createServer, RequestListener, Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { randomUUID } from 'node:crypto';
import { BadRequestException, HttpException, PayloadTooLargeException } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Admission } from './admission';
import { RequestDurations } from './request-durations';
import { requestIdOf, withRequestId } from './request-context';
import { ServiceConfig } from './service.config';
import { ServiceLog } from './service-log';

/** Most bytes of a request's body. */
const BODY_LIMIT_BYTES = 65536;
/** Most characters of one part of a path that a route takes. */
const PATH_PART_LIMIT = 256;
const SLOW_MS = 1000;
const IDLE_SOCKET_MS = 30_000, KEPT_ALIVE_MS = 72_000;
const MAX_LOGGED_PATH = 256;

/**
 * Nest's Fastify adapter, in which whatever Fastify itself refuses (a body too large, an unknown content type, a path that is no URL)
 * becomes an HttpException with a text that may be shown, for the service's one filter to answer.
 */
export class ServiceHttpAdapter extends FastifyAdapter {
  constructor(config: ServiceConfig, admission: Admission) {
    super({
      logger: false,
      // No Express middleware: nothing here uses any, and every request would look for it.
      skipMiddie: true,
      bodyLimit: BODY_LIMIT_BYTES,
      trustProxy: config.TRUSTED_PROXIES.length > 0 ? [...config.TRUSTED_PROXIES] : false,
      requestIdHeader: false,
      genReqId: requestIdOf,
      serverFactory: (handler: RequestListener) => httpServer(config, admission.before(handler)),
      // `/user/` of the seeds is `/user`: a slash at the end makes no other path.
      routerOptions: { maxParamLength: PATH_PART_LIMIT, ignoreTrailingSlash: true },
      // What arrives on an open connection while the service stops is answered like the rest, and the connection closed.
      return503OnClosing: false,
      frameworkErrors: (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
        reply.header('x-request-id', request.id);
        withRequestId(request.id, () => { request.server.errorHandler(error, request, reply); });
      },
    });
  }

  override mapException(error: unknown): unknown {
    const mapped = super.mapException(error);
    if (!(mapped instanceof HttpException) || mapped === error) return mapped;
    const status = mapped.getStatus();
    const cause = { cause: error };
    switch (codeOf(error)) {
      case 'FST_ERR_BAD_URL': return new BadRequestException('the path is not a valid URL', cause);
      case 'FST_ERR_MAX_PARAM_LENGTH': return new HttpException('a part of the path is too long', 414, cause);
      case 'FST_ERR_CTP_BODY_TOO_LARGE': return new PayloadTooLargeException('the body is larger than 64 KiB', cause);
      case 'FST_ERR_CTP_INVALID_MEDIA_TYPE': return new BadRequestException('the content type is not one that is accepted here', cause);
      case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH': return new BadRequestException('the body is not as long as its Content-Length says', cause);
      default: return new HttpException(STATUS_CODES[status] ?? 'the request is not valid', status, cause);
    }
  }
}

function httpServer(config: ServiceConfig, handler: RequestListener): Server {
  const timeout = config.REQUEST_TIMEOUT_SECONDS * 1000;
  const server = createServer({
    requestTimeout: timeout, headersTimeout: timeout, connectionsCheckingInterval: Math.min(5000, timeout / 4), keepAliveTimeout: KEPT_ALIVE_MS,
  }, handler);
  server.setTimeout(IDLE_SOCKET_MS);
  return server.on('clientError', answerUnreadable);
}

/**
 * Gives every response its `X-Request-Id`, measures it, and logs it: at `warn` from 500 on, at `info` when slow, else at `debug`.
 * The log has the path without its query, and no header and no body: any of these may carry a secret.
 */
export function observeRequests(adapter: FastifyAdapter, log: ServiceLog, durations: RequestDurations): void {
  const debug = log.isLevelEnabled('debug');
  adapter.getInstance()
    .addHook('onRequest', (request, reply, done) => {
      reply.header('x-request-id', request.id);
      withRequestId(request.id, done);
    })
    .addHook('onResponse', (request, reply, done) => {
      durations.measure(request, reply);
      const slow = reply.elapsedTime > SLOW_MS;
      if (debug || slow || reply.statusCode >= 500) {
        log[reply.statusCode >= 500 ? 'warn' : slow ? 'info' : 'debug']({
          request_id: request.id, method: request.method, path: pathOf(request.url), status: reply.statusCode, duration_ms: Math.round(reply.elapsedTime),
        }, 'answered');
      }
      done();
    });
}

const pathOf = (url: string): string => (url.split('?', 1)[0] ?? '').slice(0, MAX_LOGGED_PATH);

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}

/** Answers what could not be read as a request at all: too slow, too large a header, no HTTP. */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) { socket.destroy(); return; }
  const status = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : error.code === 'HPE_HEADER_OVERFLOW' ? 431 : 400;
  const reason = STATUS_CODES[status] ?? 'Bad Request';
  const body = JSON.stringify({ error: 'invalid_request', error_description: status === 408 ? 'the request took too long to arrive' : status === 431 ? 'the header is too large' : 'this is not an HTTP request' });
  socket.write([
    `HTTP/1.1 ${String(status)} ${reason}`, 'Content-Type: application/json; charset=utf-8', `Content-Length: ${String(body.length)}`, 'Cache-Control: no-store',
    `X-Request-Id: ${randomUUID()}`, 'Connection: close', '', body,
  ].join('\r\n'));
  socket.destroy();
}
