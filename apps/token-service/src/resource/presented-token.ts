import type { FastifyRequest } from 'fastify';
import { OAuthError } from '@strowger/oauth-core/oauth-error';

/**
 * The access token that a request presents (RFC 6750 §2.1): in its header and nowhere else.
 * @throws OAuthError invalid_request - there is a query; token_missing; invalid_token - what is no token at all
 */
export function presentedToken(request: Pick<FastifyRequest, 'url' | 'headers'>): string {
  const header = request.headers.authorization;
  if (request.url.includes('?')) throw new OAuthError('invalid_request', 'a token goes into the Authorization header, never into the URL');
  // Another scheme counts as no token: whoever sends it does not know what is wanted here.
  if (header === undefined || !/^bearer( |$)/i.test(header)) throw new OAuthError('token_missing', 'send the access token as Authorization: Bearer ...');
  const [, text] = /^bearer ([A-Za-z0-9._~+/-]+=*)$/i.exec(header) ?? [];
  if (text === undefined) throw inactiveToken();
  return text;
}

/** Unknown, expired, revoked or forged look all the same. */
export const inactiveToken = (): OAuthError => new OAuthError('invalid_token', 'the access token is unknown, expired or revoked');
