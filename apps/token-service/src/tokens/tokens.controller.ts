import { Controller, Delete, Get, HttpCode, Param, Query, Req, UseFilters, UseGuards } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { ApiErrorFilter } from '@strowger/auth/api-error.filter';
import { Caller } from '@strowger/auth/caller.decorator';
import { RequireScope } from '@strowger/auth/require-scope.decorator';
import type { AuthenticatedCaller } from '@strowger/auth/token-introspector';
import { AccessTokenDocument } from '@strowger/models/access-tokens/access-tokens.schema';
import { originOf } from '../client-auth/authenticated-client';
import { withinDeadline } from '../request-deadline';
import { ListTokens } from './list-tokens';
import { OwnBearerGuard } from './own-bearer.guard';
import { RemoveToken } from './remove-token';
import { cursorOf, tokenIdOf, TokensQuery } from './tokens.query';

/** `/oauth/tokens`: live tokens, an administrator's tenant's, of others their own and those of API accesses they own. */
@Controller('oauth/tokens') @UseGuards(OwnBearerGuard) @UseFilters(ApiErrorFilter)
export class TokensController {
  constructor(private readonly lists: ListTokens, private readonly removal: RemoveToken) {}

  @Get() @RequireScope('strowger:tokens:read')
  async list(@Caller() { claims }: AuthenticatedCaller, @Req() request: FastifyRequest, @Query() query: unknown) {
    const { items, next } = await withinDeadline(request, this.lists.run(claims, TokensQuery.parse(query)));
    return { items: items.map(answer), next_cursor: next ? cursorOf(next) : null };
  }

  @Delete(':id') @RequireScope('strowger:tokens:write') @HttpCode(204)
  async remove(@Caller() { claims }: AuthenticatedCaller, @Req() request: FastifyRequest, @Param('id') id: string): Promise<void> {
    await withinDeadline(request, this.removal.run(tokenIdOf(id), claims, originOf(request)));
  }
}

/** A token as its list shows it: never anything that could be used as one. */
function answer({ _id, client_id, client_name, application_id, sub, username, grant_type, grant_id, scope, token_format, issued_at, exp, ip, user_agent, act }: AccessTokenDocument) {
  return {
    token_id: _id.toString('base64url'), client_id, client_name, application_id, account_id: sub, username, grant_type, ...(grant_id !== undefined && { grant_id }), scope, token_format,
    issued_at, expires_at: new Date(exp * 1000), ...(ip !== undefined && { ip }), ...(user_agent !== undefined && { user_agent }), ...(act && { act }),
  };
}
