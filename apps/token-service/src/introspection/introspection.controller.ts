import { Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AccessTokenClaims } from '@strowger/oauth-core/facts';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { Facts } from '@strowger/oauth-core/ports';
import { covers } from '@strowger/oauth-core/scope';
import { AuthenticatedClient, formOf } from '../client-auth/authenticated-client';
import { ClientAuth } from '../client-auth/client-auth';
import { withinDeadline } from '../request-deadline';
import { answerUncached } from '../uncached-answer';
import { ActiveToken, StoredTokens } from './stored-tokens';

/** An inactive token, and one the caller may not see (RFC 7662 §2.2). */
const INACTIVE = JSON.stringify({ active: false });

/** POST `/oauth/introspect` (RFC 7662). */
@Controller('oauth/introspect')
export class IntrospectionController {
  /** Of claims that are asked for again and again. */
  private readonly answers = new WeakMap<AccessTokenClaims, string>();

  constructor(private readonly clients: ClientAuth, private readonly tokens: StoredTokens, private readonly facts: Facts) {}

  @Post() @HttpCode(200)
  async introspect(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    answerUncached(reply, await withinDeadline(request, this.judge(request)));
  }

  private async judge(request: FastifyRequest): Promise<string> {
    const client = await this.clients.authenticate(request);
    if (client.kind === 'application' && client.secret_id === undefined) {
      throw new OAuthError('invalid_client', 'introspection needs a client with a secret');
    }
    const text = formOf(request).get('token');
    if (text === undefined) throw new OAuthError('invalid_request', 'token is missing');
    const token = await this.tokens.active(text, { fresh: client.kind === 'service' });
    if (!token || !(await this.maySee(client, token.claims))) return INACTIVE;
    return this.answers.get(token.claims) ?? this.answerOf(token);
  }

  private answerOf({ claims, username }: ActiveToken): string {
    const answer = JSON.stringify({ active: true, token_type: 'Bearer', username, ...claims });
    this.answers.set(claims, answer);
    return answer;
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
