import { Controller, Get, Header, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Actor } from '@strowger/oauth-core/facts';
import { StoredTokens } from '../introspection/stored-tokens';
import { withinDeadline } from '../request-deadline';
import { inactiveToken, presentedToken } from './presented-token';

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
  /** Who acts in its name (RFC 8693 §4.1). */
  readonly act?: Actor;
}

/** GET `/oauth/resource` and `/user/`: who the presented token speaks for (RFC 6750; any scope). */
@Controller()
export class ResourceController {
  constructor(private readonly tokens: StoredTokens) {}

  @Get(['oauth/resource', 'user']) @Header('Cache-Control', 'no-store')
  async resource(@Req() request: FastifyRequest): Promise<ResourceAnswer> {
    const token = await withinDeadline(request, this.tokens.active(presentedToken(request), { fresh: false }));
    if (!token) throw inactiveToken();
    const { claims, standing } = token;
    return {
      id: claims.sub, login: token.username, client_id: claims.client_id, tenant_id: claims.tenant_id, admin: claims.role === 'administrator',
      access: claims.read_only ? 'read_only' : 'full', extension_id: standing.account.extension_id ?? null, scope: claims.scope, ...(claims.act && { act: claims.act }),
    };
  }
}
