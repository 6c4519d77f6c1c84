import { Controller, Delete, Get, HttpCode, Param, Query, Req, UseFilters, UseGuards } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ApiErrorFilter } from '@strowger/auth/api-error.filter';
import { Caller } from '@strowger/auth/caller.decorator';
import { RequireScope } from '@strowger/auth/require-scope.decorator';
import type { AuthenticatedCaller } from '@strowger/auth/token-introspector';
import { pageLimit } from '@strowger/service/page-limit';
import { originOf } from '../client-auth/authenticated-client';
import { withinDeadline } from '../request-deadline';
import { OwnBearerGuard } from '../tokens/own-bearer.guard';
import { ConnectedApplication, ConnectedApplications } from './connected-applications';

/** `?limit=&cursor=` of GET `/oauth/consents`. */
const ConsentsQuery = z.strictObject({
  limit: pageLimit,
  cursor: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'the next_cursor of an earlier answer').optional(),
});

/** `/oauth/consents`: the applications that the caller's account is connected with. */
@Controller('oauth/consents') @UseGuards(OwnBearerGuard) @UseFilters(ApiErrorFilter)
export class ConsentsController {
  constructor(private readonly connected: ConnectedApplications) {}

  @Get() @RequireScope('strowger:tokens:read')
  async list(@Caller() { claims }: AuthenticatedCaller, @Req() request: FastifyRequest, @Query() query: unknown) {
    const { limit, cursor } = ConsentsQuery.parse(query);
    const { items, next } = await withinDeadline(request, this.connected.list(claims, limit, cursor));
    return { items: items.map(answer), next_cursor: next ?? null };
  }

  @Delete(':client_id') @RequireScope('strowger:tokens:write') @HttpCode(204)
  async remove(@Caller() { claims }: AuthenticatedCaller, @Req() request: FastifyRequest, @Param('client_id') clientId: string): Promise<void> {
    await withinDeadline(request, this.connected.remove(clientId, claims, originOf(request)));
  }
}

const answer = ({ consent, application, last_token_at, impersonation }: ConnectedApplication) => ({
  client_id: application.client_id, name: application.name, type: application.type, scope: consent.scope, implied: consent.implied, granted_at: consent.granted_at, ...(last_token_at && { last_token_at }), ...(impersonation && { impersonation }),
});
