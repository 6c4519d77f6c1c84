import { Controller, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { TOKEN_EXCHANGE } from '@strowger/oauth-core/application-rules';
import { ACCESS_TOKEN_TYPE, USERNAME_TYPE } from '@strowger/oauth-core/grants/token-exchange.grant';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { mayActForOthers } from '@strowger/oauth-core/standing';
import { originOf } from '../client-auth/authenticated-client';
import { StoredTokens } from '../introspection/stored-tokens';
import { withinDeadline } from '../request-deadline';
import { inactiveToken, presentedToken } from '../resource/presented-token';
import { IssueToken } from '../token/issue-token';
import { TokenAnswer } from '../token/token-issuer';
import { answerUncached } from '../uncached-answer';

/** Where the clock comes from. */
export const NOW = Symbol('now');
const LONGEST = 4096;
const text = z.string().min(1).max(LONGEST);
/** Seed 003 writes the name `e-mail` in its table and `email` in its example. */
const Wanted = z.strictObject({ email: text.optional(), 'e-mail': text.optional(), scope: text.optional() })
  .transform(({ email, 'e-mail': same, scope }) => ({ name: same === undefined ? email : email === undefined ? same : undefined, scope }));
const SHAPE = 'the body must be a JSON object with email (a username or an e-mail, once), and nothing else but scope';

/** POST `/token-exchange` (seed 003): a short way to ask for a token exchange, with the caller's token as the actor's. */
@Controller('token-exchange')
export class TokenExchangeController {
  constructor(private readonly tokens: StoredTokens, private readonly issue: IssueToken, @Inject(NOW) private readonly now: () => Date) {}

  @Post() @HttpCode(200)
  async exchange(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    answerUncached(reply, JSON.stringify(await withinDeadline(request, this.answer(request))));
  }

  private async answer(request: FastifyRequest): Promise<TokenAnswer> {
    const at = this.now(), actorToken = presentedToken(request);
    const caller = await this.tokens.active(actorToken, { fresh: false });
    if (!caller) throw inactiveToken();
    const client = caller.standing.application;
    request.client = { kind: 'application', application: client, at };
    const { data } = Wanted.safeParse(request.body);
    if (data?.name === undefined) throw new OAuthError('invalid_request', SHAPE);
    if (!mayActForOthers(caller.standing)) throw new OAuthError('access_denied', 'only an API access with impersonation can act for somebody else; an administrator can give it');
    const params = new Map(Object.entries({
      grant_type: TOKEN_EXCHANGE, subject_token: data.name, subject_token_type: USERNAME_TYPE, actor_token: actorToken, actor_token_type: ACCESS_TOKEN_TYPE, ...(data.scope !== undefined && { scope: data.scope }),
    }));
    return this.issue.run(TOKEN_EXCHANGE, { client, params, at, origin: originOf(request) });
  }
}
