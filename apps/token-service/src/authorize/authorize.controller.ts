import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AuthorizationParameters, authorizationParameters, queryOfForm } from '@strowger/oauth-core/authorization-request';
import { formOf, originOf } from '../client-auth/authenticated-client';
import { Browsers } from '../login/browsers';
import { sendPage, sendTo } from '../page/page';
import { withinDeadline } from '../request-deadline';
import { BeginAuthorization } from './begin-authorization';
import { heldAnswerPage } from './held-answer.page';

/** GET and POST `/oauth/authorize` (RFC 6749 §3.1): both are the same request. A form that another site's page sent comes without our cookie, and is sent here once more by GET. */
@Controller('oauth/authorize')
export class AuthorizeController {
  constructor(private readonly authorization: BeginAuthorization, private readonly browsers: Browsers) {}

  @Get()
  async get(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const [, query = ''] = /\?(.*)$/s.exec(request.url) ?? [];
    await this.begin(authorizationParameters(query), request, reply);
  }

  @Post()
  async post(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    if (this.browsers.isKnown(request)) await this.begin({ params: formOf(request) }, request, reply); else sendTo(reply, `/oauth/authorize?${queryOfForm(formOf(request))}`);
  }

  private async begin(parameters: AuthorizationParameters, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const at = new Date();
    const { to, held } = await withinDeadline(request, (async () => this.authorization.run(parameters, await this.browsers.of(request, reply), at, originOf(request)))());
    if (held) sendPage(reply, 400, heldAnswerPage(held.application.name, held.refusal, to)); else sendTo(reply, to);
  }
}
