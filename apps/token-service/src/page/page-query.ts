import type { FastifyRequest } from 'fastify';
import { parseForm } from '@strowger/oauth-core/form';

/** The query of a page's own address, by the rules of forms. @throws OAuthError invalid_request - it breaks them */
export const queryOf = (request: FastifyRequest): ReadonlyMap<string, string> => parseForm(/\?(.*)$/s.exec(request.url)?.[1] ?? '');
