import { Controller, Header, HttpCode, Post, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { formOf, originOf } from '../client-auth/authenticated-client';
import { ClientAuth } from '../client-auth/client-auth';
import { withinDeadline } from '../request-deadline';
import { RevokeToken } from './revoke-token';

/** POST `/oauth/revoke` (RFC 7009): 200 for every token, once the one that is the client's is dead. The body says nothing: `{}`, for there are clients that read JSON from every answer. */
@Controller('oauth/revoke')
export class RevocationController {
  constructor(private readonly clients: ClientAuth, private readonly revocation: RevokeToken) {}

  @Post() @HttpCode(200) @Header('Cache-Control', 'no-store') @Header('Pragma', 'no-cache')
  revoke(@Req() request: FastifyRequest): Promise<object> { return withinDeadline(request, this.run(request)); }

  private async run(request: FastifyRequest): Promise<object> {
    const client = await this.clients.authenticate(request);
    if (client.kind !== 'application') throw new OAuthError('invalid_client', 'a service of the deployment introspects; it has no tokens to revoke');
    const text = formOf(request).get('token');
    if (text === undefined) throw new OAuthError('invalid_request', 'token is missing');
    await this.revocation.run(text, client.application, originOf(request));
    return {};
  }
}
