import { Controller, Header, HttpCode, Post, Req, UseGuards } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { formOf, originOf } from '../client-auth/authenticated-client';
import { ClientAuthGuard } from '../client-auth/client-auth.guard';
import { withinDeadline } from '../request-deadline';
import { RevokeToken } from './revoke-token';

/** POST `/oauth/revoke` (RFC 7009): 200 without a body for every token, once the one that is the client's is dead. */
@Controller('oauth/revoke')
export class RevocationController {
  constructor(private readonly revocation: RevokeToken) {}

  @Post() @HttpCode(200) @UseGuards(ClientAuthGuard) @Header('Cache-Control', 'no-store') @Header('Pragma', 'no-cache')
  async revoke(@Req() request: FastifyRequest): Promise<void> {
    if (request.client?.kind !== 'application') throw new OAuthError('invalid_client', 'a service of the deployment introspects; it has no tokens to revoke');
    const text = formOf(request).get('token');
    if (text === undefined) throw new OAuthError('invalid_request', 'token is missing');
    await withinDeadline(request, this.revocation.run(text, request.client.application, originOf(request)));
  }
}
