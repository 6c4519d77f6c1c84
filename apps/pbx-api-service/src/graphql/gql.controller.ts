import { Controller, Get, HttpCode, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Caller } from '@strowger/auth/caller.decorator';
import { allowanceHeaders, RequestLimit } from '@strowger/auth/request-limit';
import { RequireScope } from '@strowger/auth/require-scope.decorator';
import type { AuthenticatedCaller } from '@strowger/auth/token-introspector';
import { CallersReach } from '../reach/callers-reach';
import { EffectiveScopes } from './effective-scopes';
import { pbxContext } from './pbx-context';
import { GqlServer } from './gql-server';

/** Of the headers that the GraphQL server gives its answer, those that are for the caller. */
const TOLD = ['content-type', 'retry-after', 'allow', 'x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset'];

/** GraphQL over HTTP, for whoever has any scope of it: what exactly is needed, each field says. A query may be a GET, a mutation may not. */
@Controller('api/gql')
@RequireScope('gql', { write: false, below: true })
export class GqlController {
  constructor(private readonly server: GqlServer, private readonly reach: CallersReach, private readonly limit: RequestLimit) {}

  @Get()
  get(@Caller() caller: AuthenticatedCaller, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> { return this.answer(caller, request, reply); }

  @Post()
  @HttpCode(200)
  post(@Caller() caller: AuthenticatedCaller, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> { return this.answer(caller, request, reply); }

  private async answer(caller: AuthenticatedCaller, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { claims } = caller, scopes = new EffectiveScopes(claims), reach = await this.reach.of(caller);
    const context = { ...pbxContext(this.server.does, reach, [...scopes.scopes]), scopes, rights: claims, count: () => { void reply.headers(allowanceHeaders(this.limit.count(claims))); } };
    const answered = await this.server.yoga.handleNodeRequestAndResponse(request, reply, context);
    const told = TOLD.flatMap(name => { const value = answered.headers.get(name); return value === null ? [] : [[name, value] as const]; });
    await reply.status(answered.status).headers({ 'content-type': 'application/json', ...Object.fromEntries(told) }).send(await answered.text());
  }
}
