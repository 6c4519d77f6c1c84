import { Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { formOf, originOf } from '../client-auth/authenticated-client';
import { ClientAuth } from '../client-auth/client-auth';
import { withinDeadline } from '../request-deadline';
import { answerUncached } from '../uncached-answer';
import { BeginDeviceAuthorization, DeviceAuthorizationAnswer } from './begin-device-authorization';

/** POST `/oauth/device_authorization` (RFC 8628 §3.1): a device that has no browser begins. */
@Controller('oauth/device_authorization')
export class DeviceAuthorizationController {
  constructor(private readonly clients: ClientAuth, private readonly beginnings: BeginDeviceAuthorization) {}

  @Post() @HttpCode(200)
  async begin(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    answerUncached(reply, JSON.stringify(await withinDeadline(request, this.run(request))));
  }

  private async run(request: FastifyRequest): Promise<DeviceAuthorizationAnswer> {
    const client = await this.clients.authenticate(request);
    if (client.kind !== 'application') throw new OAuthError('invalid_client', 'a service of the deployment introspects; it gets no tokens');
    return this.beginnings.run({ client: client.application, params: formOf(request), at: client.at, origin: originOf(request) });
  }
}
