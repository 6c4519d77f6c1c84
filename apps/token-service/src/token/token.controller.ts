import { Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { AuthenticatedClient, formOf, originOf } from '../client-auth/authenticated-client';
import { ClientAuth } from '../client-auth/client-auth';
import { withinDeadline } from '../request-deadline';
import { answerUncached } from '../uncached-answer';
import { IssueToken } from './issue-token';
import { TokenAnswer } from './token-issuer';

/** POST `/oauth/token` and `/token` (RFC 6749 §3.2; seed 003 has the shorter path). */
@Controller()
export class TokenController {
  constructor(private readonly clients: ClientAuth, private readonly tokens: IssueToken) {}

  @Post(['oauth/token', 'token']) @HttpCode(200)
  async token(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    answerUncached(reply, JSON.stringify(await withinDeadline(request, this.issue(request))));
  }

  private async issue(request: FastifyRequest): Promise<TokenAnswer> {
    const { application: client, secret_id, at } = applicationOf(await this.clients.authenticate(request));
    const params = formOf(request);
    const grantType = params.get('grant_type');
    if (grantType === undefined) throw new OAuthError('invalid_request', `grant_type is missing; this server knows ${this.tokens.grantTypes.join(', ')}`);
    return this.tokens.run(grantType, { client, ...(secret_id !== undefined && { secret_id }), params, at, origin: originOf(request) });
  }
}

function applicationOf(client: AuthenticatedClient) {
  if (client.kind !== 'application') throw new OAuthError('invalid_client', 'a service of the deployment introspects; it gets no tokens');
  return client;
}
