import { Controller, Header, HttpCode, Post, Req, UseGuards } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { AccessTokenClaims } from '@strowger/oauth-core/facts';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { Facts } from '@strowger/oauth-core/ports';
import { covers } from '@strowger/oauth-core/scope';
import { AuthenticatedClient, formOf } from '../client-auth/authenticated-client';
import { ClientAuthGuard } from '../client-auth/client-auth.guard';
import { withinDeadline } from '../request-deadline';
import { StoredTokens } from './stored-tokens';

/** RFC 7662 §2.2; an inactive token, and one the caller may not see, is exactly `{"active":false}`. */
type IntrospectionAnswer = { readonly active: false } | ({ readonly active: true; readonly token_type: 'Bearer'; readonly username: string } & AccessTokenClaims);

/** POST `/oauth/introspect` (RFC 7662). */
@Controller('oauth/introspect')
export class IntrospectionController {
  constructor(private readonly tokens: StoredTokens, private readonly facts: Facts) {}

  @Post() @HttpCode(200) @UseGuards(ClientAuthGuard) @Header('Cache-Control', 'no-store')
  introspect(@Req() request: FastifyRequest): Promise<IntrospectionAnswer> { return withinDeadline(request, this.judge(request)); }

  private async judge(request: FastifyRequest): Promise<IntrospectionAnswer> {
    const client = request.client;
    if (!client || (client.kind === 'application' && client.secret_id === undefined)) {
      throw new OAuthError('invalid_client', 'introspection needs a client with a secret');
    }
    const text = formOf(request).get('token');
    if (text === undefined) throw new OAuthError('invalid_request', 'token is missing');
    const token = await this.tokens.active(text, { fresh: client.kind === 'service' });
    if (!token || !(await this.maySee(client, token.claims))) return { active: false };
    return { active: true, token_type: 'Bearer', username: token.username, ...token.claims };
  }

  /** A service of the deployment sees every token, a client its own, an administrator's with `strowger:tokens:read` its tenant's. */
  private async maySee(client: AuthenticatedClient, claims: AccessTokenClaims): Promise<boolean> {
    if (client.kind === 'service') return true;
    const { application } = client;
    if (application.status !== 'active') return false;
    if (application.id === claims.application_id) return true;
    if (application.tenant_id !== claims.tenant_id || !covers(application.scope.split(' '), 'strowger:tokens:read')) return false;
    const owner = await this.facts.account(application.owner);
    return owner?.status === 'active' && owner.role === 'administrator';
  }
}
