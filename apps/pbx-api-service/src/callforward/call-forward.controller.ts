import { Body, Controller, Delete, Get, Param, Put, Query } from '@nestjs/common';
import { Caller } from '@strowger/auth/caller.decorator';
import type { AuthenticatedCaller } from '@strowger/auth/token-introspector';
import { Extensions } from '../extensions/extensions';
import { CallersReach } from '../reach/callers-reach';
import { PageQuery } from '../request-fields';
import { PbxOperation } from '../rest/operation.decorator';
import { shownPage } from '../shown';
import { CallForwards, CallForwardSetting, CallForwardsPage, ForwardConditionName } from './call-forward.shapes';
import { CallForwarding, forwardsShown } from './call-forwarding';

@Controller('api/rest/callforward')
export class CallForwardController {
  constructor(private readonly extensions: Extensions, private readonly forwarding: CallForwarding, private readonly reach: CallersReach) {}

  @Get()
  @PbxOperation({ scope: 'rest:callforward:read', summary: 'The call forwarding of all extensions', query: PageQuery, answer: CallForwardsPage })
  async list(@Caller() caller: AuthenticatedCaller, @Query() query: unknown) {
    const wanted = PageQuery.parse(query);
    return shownPage(await this.extensions.page(await this.reach.of(caller), wanted), forwardsShown);
  }

  @Get(':extension')
  @PbxOperation({ scope: 'rest:callforward:read', summary: 'The call forwarding of an extension', answer: CallForwards })
  async one(@Caller() caller: AuthenticatedCaller, @Param('extension') id: string) { return forwardsShown(await this.extensions.one(await this.reach.of(caller), id)); }

  @Put(':extension/:condition')
  @PbxOperation({ scope: 'rest:callforward:write', summary: 'Forward calls: unconditional, busy or no_answer', body: CallForwardSetting, answer: CallForwards })
  async set(@Caller() caller: AuthenticatedCaller, @Param('extension') id: string, @Param('condition') condition: string, @Body() body: unknown) {
    const name = ForwardConditionName.parse(condition), setting = CallForwardSetting.parse(body);
    return forwardsShown(await this.forwarding.set(await this.reach.of(caller), id, name, setting));
  }

  @Delete(':extension/:condition')
  @PbxOperation({ scope: 'rest:callforward:write', summary: 'Forward calls no longer' })
  async clear(@Caller() caller: AuthenticatedCaller, @Param('extension') id: string, @Param('condition') condition: string): Promise<void> {
    await this.forwarding.clear(await this.reach.of(caller), id, ForwardConditionName.parse(condition));
  }
}
