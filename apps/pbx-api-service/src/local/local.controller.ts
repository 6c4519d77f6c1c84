import { Controller, Get, Query } from '@nestjs/common';
import { Caller } from '@strowger/auth/caller.decorator';
import type { AuthenticatedCaller } from '@strowger/auth/token-introspector';
import { CallLog } from '../calllog/call-log';
import { CallLogPage, CallLogQuery } from '../calllog/call-log.shapes';
import { CallersReach } from '../reach/callers-reach';
import { PageQuery } from '../request-fields';
import { PbxOperation } from '../rest/operation.decorator';
import { shown, shownPage } from '../shown';
import { SwitchboardPage } from '../switchboards/switchboard.shapes';
import { Switchboards } from '../switchboards/switchboards';

/** The "Local API" of seed 003, deprecated there already: what it answers is what its successor answers. */
@Controller('api/local')
export class LocalController {
  constructor(private readonly log: CallLog, private readonly switchboards: Switchboards, private readonly reach: CallersReach) {}

  @Get('calllog')
  @PbxOperation({ scope: 'rest:calllog:read', summary: 'The call log; use /api/rest/calllog', query: CallLogQuery, answer: CallLogPage, deprecated: true })
  async calls(@Caller() caller: AuthenticatedCaller, @Query() query: unknown) {
    const wanted = CallLogQuery.parse(query);
    return shownPage(await this.log.page(await this.reach.of(caller), wanted), shown);
  }

  @Get('switchboards')
  @PbxOperation({ scope: 'rest:switchboards:read', summary: 'Switchboards; use /api/rest/switchboards', query: PageQuery, answer: SwitchboardPage, deprecated: true })
  async boards(@Caller() caller: AuthenticatedCaller, @Query() query: unknown) {
    const wanted = PageQuery.parse(query);
    return shownPage(await this.switchboards.page(await this.reach.of(caller), wanted), shown);
  }
}
