import { Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { mayUseGrant } from '@strowger/oauth-core/application-rules';
import { ApplicationFacts } from '@strowger/oauth-core/facts';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { Facts } from '@strowger/oauth-core/ports';
import { AuthenticatedClient, formOf, originOf } from '../client-auth/authenticated-client';
import { ClientAuth } from '../client-auth/client-auth';
import { withinDeadline } from '../request-deadline';
import { answerUncached } from '../uncached-answer';
import { TokenServer } from './oauth2orize-token.server';
import { OutboxAge } from './outbox-age';
import { TokenAnswer, TokenIssuer } from './token-issuer';

/** POST `/oauth/token` and `/token` (RFC 6749 §3.2; seed 003 has the shorter path). */
@Controller()
export class TokenController {
  constructor(
    private readonly clients: ClientAuth, private readonly server: TokenServer, private readonly issuer: TokenIssuer, private readonly facts: Facts, private readonly outboxAge: OutboxAge,
  ) {}

  @Post(['oauth/token', 'token']) @HttpCode(200)
  async token(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    answerUncached(reply, JSON.stringify(await withinDeadline(request, this.issue(request))));
  }

  private async issue(request: FastifyRequest): Promise<TokenAnswer> {
    const { application: client, secret_id, at } = applicationOf(await this.clients.authenticate(request));
    const params = formOf(request);
    const grantType = params.get('grant_type');
    if (grantType === undefined) throw new OAuthError('invalid_request', `grant_type is missing; this server knows ${this.server.grantTypes.join(', ')}`);
    if (this.server.grantTypes.includes(grantType)) await this.assertAllowed(client, grantType, at);
    this.outboxAge.assertYoung();
    const tokenRequest = { client, ...(secret_id !== undefined && { secret_id }), params, at, origin: originOf(request) };
    return this.issuer.issue(grantType, tokenRequest, await this.server.decide(grantType, tokenRequest));
  }

  /** A refresh is besides judged by the grant's own type, once that is read; a disabled application's token is simply dead. */
  private async assertAllowed(client: ApplicationFacts, grantType: string, at: Date): Promise<void> {
    if (client.status !== 'active' && grantType !== 'refresh_token') throw new OAuthError('unauthorized_client', 'the application is disabled; its owner or an administrator can enable it');
    const allowed = mayUseGrant(client, await this.facts.tenant(client.tenant_id), grantType, at);
    if (!allowed.allowed) throw new OAuthError('unauthorized_client', allowed.description);
  }
}

function applicationOf(client: AuthenticatedClient) {
  if (client.kind !== 'application') throw new OAuthError('invalid_client', 'a service of the deployment introspects; it gets no tokens');
  return client;
}
