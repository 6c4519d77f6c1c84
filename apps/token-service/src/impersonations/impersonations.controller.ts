import { Controller, Get, Query, Req, UseFilters, UseGuards } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { ApiErrorFilter } from '@strowger/auth/api-error.filter';
import { Caller } from '@strowger/auth/caller.decorator';
import { RequireScope } from '@strowger/auth/require-scope.decorator';
import type { AuthenticatedCaller } from '@strowger/auth/token-introspector';
import { auditCursor } from '@strowger/models/audit-events/audit-cursor';
import { withinDeadline } from '../request-deadline';
import { OwnBearerGuard } from '../tokens/own-bearer.guard';
import { Impersonation, Impersonations } from './impersonations';
import { ImpersonationsQuery } from './impersonations.query';

/** `/oauth/impersonations`: what was done in the caller's name, of the own account only. */
@Controller('oauth/impersonations') @UseGuards(OwnBearerGuard) @UseFilters(ApiErrorFilter)
export class ImpersonationsController {
  constructor(private readonly impersonations: Impersonations) {}

  @Get() @RequireScope('strowger:tokens:read')
  async list(@Caller() { claims }: AuthenticatedCaller, @Req() request: FastifyRequest, @Query() query: unknown) {
    const { limit, cursor } = ImpersonationsQuery.parse(query);
    const { items, next } = await withinDeadline(request, this.impersonations.list(claims, limit, cursor));
    return { items: items.map(answer), next_cursor: next ? auditCursor(next) : null };
  }
}

/** What of an event's data is told in another form, or is nobody's here. */
const TOLD_OTHERWISE: ReadonlySet<string> = new Set(['by', 'act', 'tenant_id', 'version']);

function answer({ event: { _id, type, time, subject, data = {} }, actors, clientId }: Impersonation) {
  const rest = Object.fromEntries(Object.entries(data).filter(([name]) => !TOLD_OTHERWISE.has(name)));
  return { id: _id, type, time, ...(subject !== undefined && { subject }), actors, ...(clientId !== undefined && { client_id: clientId }), ...rest };
}
