import { Readable } from 'node:stream';
import { fastifyHttpProxy } from '@fastify/http-proxy';
import { NotFoundException } from '@nestjs/common';
import type { FastifyInstance } from 'fastify';
import { unavailable } from '@strowger/auth/api-error';
import { requestHeaders, responseHeaders } from './forwarded-headers';
import { isPlainTarget, PublicRoutes } from './public-routes';

const CONNECTIONS = 128;
const CONNECT_TIMEOUT_MS = 2000, ANSWER_TIMEOUT_MS = 15_000;

/**
 * Passes public paths on to their services. A body is taken whole first (at most what the service accepts at all), so that a slow client
 * holds nobody behind the door, and then passed on byte by byte under the type it came with, or without one.
 */
export function openFrontDoor(fastify: FastifyInstance, routes: readonly PublicRoutes[]): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => { done(null, body.length > 0 ? Readable.from([body], { objectMode: false }) : undefined); });
  fastify.addHook('onRequest', (request, _reply, done) => { done(isPlainTarget(request.raw.url ?? '') ? undefined : new NotFoundException()); });
  for (const { upstream, paths } of routes) {
    void fastify.register(fastifyHttpProxy, {
      upstream, routes: [...paths], proxyPayloads: false, internalRewriteLocationHeader: false, disableRequestLogging: true, destroyAgent: true,
      // The proxy's own default is not to look at an upstream's certificate.
      undici: { connections: CONNECTIONS, pipelining: 1, connect: { timeout: CONNECT_TIMEOUT_MS, rejectUnauthorized: true }, headersTimeout: ANSWER_TIMEOUT_MS, bodyTimeout: ANSWER_TIMEOUT_MS },
      replyOptions: {
        // One repetition of a GET whose kept-alive connection had just been closed; it also turns off the repetitions of a 503.
        retriesCount: 1,
        rewriteRequestHeaders: requestHeaders,
        rewriteHeaders: responseHeaders,
        onError: (reply, { error }) => { reply.send(unavailable('the service behind this path does not answer; try again', error)); },
      },
    });
  }
}
