import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { Caller } from '@strowger/auth/caller.decorator';
import type { AuthenticatedCaller } from '@strowger/auth/token-introspector';
import { CallersReach } from '../reach/callers-reach';
import { PbxOperation } from '../rest/operation.decorator';
import { shownPage } from '../shown';
import { Call, CallPage, CallQuery, NewCall } from './call.shapes';
import { Calls, callShown } from './calls';

@Controller('api/rest/calls')
export class CallsController {
  constructor(private readonly calls: Calls, private readonly reach: CallersReach) {}

  @Get()
  @PbxOperation({ scope: 'rest:calls:read', summary: 'Calls in progress, newest first', query: CallQuery, answer: CallPage })
  async list(@Caller() caller: AuthenticatedCaller, @Query() query: unknown) {
    const wanted = CallQuery.parse(query), page = await this.calls.page(await this.reach.of(caller), wanted), now = new Date();
    return shownPage(page, call => callShown(call, now));
  }

  @Get(':call')
  @PbxOperation({ scope: 'rest:calls:read', summary: 'A call in progress', answer: Call })
  async one(@Caller() caller: AuthenticatedCaller, @Param('call') id: string) { return callShown(await this.calls.one(await this.reach.of(caller), id), new Date()); }

  @Post()
  @PbxOperation({ scope: 'rest:calls:write', summary: 'Start a callback: rings the extension, then the number', body: NewCall, answer: Call, status: 201 })
  async start(@Caller() caller: AuthenticatedCaller, @Body() body: unknown) {
    const wanted = NewCall.parse(body);
    return callShown(await this.calls.start(await this.reach.of(caller), wanted), new Date());
  }

  @Delete(':call')
  @PbxOperation({ scope: 'rest:calls:write', summary: 'Hang up' })
  async hangUp(@Caller() caller: AuthenticatedCaller, @Param('call') id: string): Promise<void> { await this.calls.hangUp(await this.reach.of(caller), id); }
}
