import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { Caller } from '@strowger/auth/caller.decorator';
import type { AuthenticatedCaller } from '@strowger/auth/token-introspector';
import { CallersReach } from '../reach/callers-reach';
import { PbxOperation } from '../rest/operation.decorator';
import { shownPage } from '../shown';
import { Fax, FaxPage, FaxQuery, NewFax } from './fax.shapes';
import { Faxes, faxShown } from './faxes';

@Controller('api/rest/faxes')
export class FaxesController {
  constructor(private readonly faxes: Faxes, private readonly reach: CallersReach) {}

  @Get()
  @PbxOperation({ scope: 'rest:faxes:read', summary: 'Faxes, newest first', query: FaxQuery, answer: FaxPage })
  async list(@Caller() caller: AuthenticatedCaller, @Query() query: unknown) {
    const wanted = FaxQuery.parse(query), page = await this.faxes.page(await this.reach.of(caller), wanted), now = new Date();
    return shownPage(page, fax => faxShown(fax, now));
  }

  @Get(':fax')
  @PbxOperation({ scope: 'rest:faxes:read', summary: 'A fax', answer: Fax })
  async one(@Caller() caller: AuthenticatedCaller, @Param('fax') id: string) { return faxShown(await this.faxes.one(await this.reach.of(caller), id), new Date()); }

  @Post()
  @PbxOperation({ scope: 'rest:faxes:write', summary: 'Send a text as a fax', body: NewFax, answer: Fax, status: 201 })
  async send(@Caller() caller: AuthenticatedCaller, @Body() body: unknown) {
    const wanted = NewFax.parse(body);
    return faxShown(await this.faxes.send(await this.reach.of(caller), wanted), new Date());
  }

  @Post(':fax/cancel')
  @PbxOperation({ scope: 'rest:faxes:write', summary: 'Cancel a fax that is on its way', answer: Fax })
  async cancel(@Caller() caller: AuthenticatedCaller, @Param('fax') id: string) { return faxShown(await this.faxes.cancel(await this.reach.of(caller), id), new Date()); }

  @Post(':fax/repeat')
  @PbxOperation({ scope: 'rest:faxes:write', summary: 'Send a fax again', answer: Fax })
  async repeat(@Caller() caller: AuthenticatedCaller, @Param('fax') id: string) { return faxShown(await this.faxes.repeat(await this.reach.of(caller), id), new Date()); }

  @Delete(':fax')
  @PbxOperation({ scope: 'rest:faxes:write', summary: 'Delete a fax that came in' })
  async remove(@Caller() caller: AuthenticatedCaller, @Param('fax') id: string): Promise<void> { await this.faxes.remove(await this.reach.of(caller), id); }
}
