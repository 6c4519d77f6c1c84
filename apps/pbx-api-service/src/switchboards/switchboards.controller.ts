import { Body, Controller, Get, Param, Patch, Query } from '@nestjs/common';
import { Caller } from '@strowger/auth/caller.decorator';
import type { AuthenticatedCaller } from '@strowger/auth/token-introspector';
import { CallersReach } from '../reach/callers-reach';
import { PageQuery } from '../request-fields';
import { PbxOperation } from '../rest/operation.decorator';
import { shown, shownPage } from '../shown';
import { Switchboard, SwitchboardChange, SwitchboardPage, SwitchboardState } from './switchboard.shapes';
import { Switchboards } from './switchboards';

@Controller('api/rest/switchboards')
export class SwitchboardsController {
  constructor(private readonly switchboards: Switchboards, private readonly reach: CallersReach) {}

  @Get()
  @PbxOperation({ scope: 'rest:switchboards:read', summary: 'Switchboards', query: PageQuery, answer: SwitchboardPage })
  async list(@Caller() caller: AuthenticatedCaller, @Query() query: unknown) {
    const wanted = PageQuery.parse(query);
    return shownPage(await this.switchboards.page(await this.reach.of(caller), wanted), shown);
  }

  @Get(':switchboard')
  @PbxOperation({ scope: 'rest:switchboards:read', summary: 'A switchboard', answer: Switchboard })
  async one(@Caller() caller: AuthenticatedCaller, @Param('switchboard') id: string) { return shown(await this.switchboards.one(await this.reach.of(caller), id)); }

  @Get(':switchboard/state')
  @PbxOperation({ scope: 'rest:switchboards:read', summary: 'What happens at a switchboard now', answer: SwitchboardState })
  async state(@Caller() caller: AuthenticatedCaller, @Param('switchboard') id: string) { return this.switchboards.state(await this.reach.of(caller), id); }

  @Patch(':switchboard')
  @PbxOperation({ scope: 'rest:switchboards:write', summary: 'Change a switchboard', body: SwitchboardChange, answer: Switchboard, administrators: true })
  async change(@Caller() caller: AuthenticatedCaller, @Param('switchboard') id: string, @Body() body: unknown) {
    const changes = SwitchboardChange.parse(body);
    return shown(await this.switchboards.change(await this.reach.of(caller), id, changes));
  }
}
