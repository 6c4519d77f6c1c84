import { Controller, Get, Param, Query } from '@nestjs/common';
import { Caller } from '@strowger/auth/caller.decorator';
import { RequireScope } from '@strowger/auth/require-scope.decorator';
import type { AuthenticatedCaller } from '@strowger/auth/token-introspector';
import { ApplicationReach } from './application-reach';

/** `/api/applications/{client_id}/reach`: what an application opens. */
@Controller('api/applications')
export class ApplicationReachController {
  constructor(private readonly reaches: ApplicationReach) {}

  @Get(':client_id/reach') @RequireScope('strowger:applications:read')
  async reach(@Caller() { claims }: AuthenticatedCaller, @Param('client_id') clientId: string, @Query() query: unknown) { return this.reaches.run(clientId, claims, query); }
}
