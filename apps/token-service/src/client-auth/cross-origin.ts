import type { FastifyInstance } from 'fastify';
import { ApplicationFacts } from '@strowger/oauth-core/facts';

/** Everybody's to read. */
const PUBLIC: ReadonlySet<string> = new Set(['/.well-known/oauth-authorization-server', '/.well-known/jwks.json']);
/** What a browser-based application calls from its own page. */
const CLIENTS: ReadonlySet<string> = new Set(['/oauth/token', '/token', '/oauth/revoke']);

/** Whether a page of this origin is the application's: it runs in browsers, and one of its redirect URIs is there. */
const isOwnOrigin = ({ type, redirect_uris }: Pick<ApplicationFacts, 'type' | 'redirect_uris'>, origin: string): boolean =>
  type === 'browser' && redirect_uris.some(uri => URL.parse(uri)?.origin === origin);

/**
 * Lets pages of other origins read answers (CORS): metadata and keys any page; tokens only the pages of the application they
 * are for. Such requests are forms without headers of their own, so no browser asks first; what asks first is refused.
 */
export function answerOtherOrigins(fastify: FastifyInstance): void {
  fastify.addHook('onSend', (request, reply, payload, done) => {
    const { origin } = request.headers;
    if (origin !== undefined) {
      const route = request.routeOptions.url ?? '', { client } = request;
      if (PUBLIC.has(route)) reply.header('access-control-allow-origin', '*');
      else if (CLIENTS.has(route)) {
        reply.header('vary', 'Origin');
        if (client?.kind === 'application' && isOwnOrigin(client.application, origin)) reply.header('access-control-allow-origin', origin);
      }
    }
    done(null, payload);
  });
}
