import { Controller, Get, Header, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { StoredTokens } from '../introspection/stored-tokens';
import { withinDeadline } from '../request-deadline';

/** Who a token speaks for, as the seeds' systems answer it. */
interface ResourceAnswer {
  readonly id: string;
  readonly login: string;
  readonly client_id: string;
  readonly tenant_id: string;
  readonly admin: boolean;
  readonly access: 'full' | 'read_only';
  readonly extension_id: string | null;
  readonly scope: string;
}

/** GET `/oauth/resource` and `/user/`: who the presented token speaks for (RFC 6750; any scope). */
@Controller()
export class ResourceController {
  constructor(private readonly tokens: StoredTokens) {}

  @Get(['oauth/resource', 'user']) @Header('Cache-Control', 'no-store')
  async resource(@Req() request: FastifyRequest): Promise<ResourceAnswer> {
    const header = request.headers.authorization;
    if (request.url.includes('?')) throw new OAuthError('invalid_request', 'a token goes into the Authorization header, never into the URL');
    // Another scheme counts as no token: whoever sends it does not know what is wanted here.
    if (header === undefined || !/^bearer( |$)/i.test(header)) throw new OAuthError('token_missing', 'send the access token as Authorization: Bearer ...');
    const [, text] = /^bearer ([A-Za-z0-9._~+/-]+=*)$/i.exec(header) ?? [];
    const token = text === undefined ? undefined : await withinDeadline(request, this.tokens.active(text, { fresh: false }));
    if (!token) throw new OAuthError('invalid_token', 'the access token is unknown, expired or revoked');
    const { claims, standing } = token;
    return {
      id: claims.sub, login: token.username, client_id: claims.client_id, tenant_id: claims.tenant_id, admin: claims.role === 'administrator',
      access: claims.read_only ? 'read_only' : 'full', extension_id: standing.account.extension_id ?? null, scope: claims.scope,
    };
  }
}
