import type { FastifyInstance } from 'fastify';

const OLD = '/api/local/', NEW = '/api/rest/';
/** It was called deprecated in the first document that names it (seed 003). */
const DEPRECATED_AT = new Date('2024-01-01T00:00:00Z');

/** Says of every answer of the old API, refusals too, that it is deprecated (RFC 9745), until when it answers (RFC 8594), and what follows it (RFC 8288). Before any route is made. */
export function tellSunset(fastify: FastifyInstance, gone: Date): void {
  const headers = { deprecation: `@${String(DEPRECATED_AT.getTime() / 1000)}`, sunset: gone.toUTCString() };
  fastify.addHook('onRoute', route => {
    if (!route.url.startsWith(OLD)) return;
    const link = `<${route.url.replace(OLD, NEW)}>; rel="successor-version"`;
    route.onRequest = [...[route.onRequest ?? []].flat(), (_request, reply, done) => { void reply.headers({ ...headers, link }); done(); }];
  });
}
