import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';
import { ApplicationFacts } from '@strowger/oauth-core/facts';
import { Origin } from '@strowger/oauth-core/ports';

/** Who called, once client authentication has passed: an application, or a service of the deployment. */
export type AuthenticatedClient =
  | { readonly kind: 'application'; readonly application: ApplicationFacts; readonly secret_id?: string; readonly at: Date }
  | { readonly kind: 'service'; readonly id: string; readonly at: Date };

declare module 'fastify' {
  interface FastifyRequest {
    client?: AuthenticatedClient;
    /** The application that the request names, where it exists: for the record of a refusal. What was typed otherwise is never kept. */
    namedApplication?: ApplicationFacts;
  }
}

const MAX_USER_AGENT = 256;

/** The parsed form of a request; the body parser has made it. */
export const formOf = (request: FastifyRequest): ReadonlyMap<string, string> => request.body instanceof Map ? request.body as ReadonlyMap<string, string> : new Map();

/** Where a request came from: the address that trusted proxies name, or the peer's where they name none that is one. */
export function originOf(request: FastifyRequest): Origin {
  const agent = request.headers['user-agent'];
  return { ip: isIP(request.ip) ? request.ip : request.socket.remoteAddress ?? 'unknown', ...(agent !== undefined && { user_agent: agent.slice(0, MAX_USER_AGENT) }), request_id: request.id };
}
