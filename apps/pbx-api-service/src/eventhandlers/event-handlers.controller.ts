import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { Caller } from '@strowger/auth/caller.decorator';
import type { AuthenticatedCaller } from '@strowger/auth/token-introspector';
import { CallersReach } from '../reach/callers-reach';
import { PbxOperation } from '../rest/operation.decorator';
import { shown, shownPage } from '../shown';
import { EventHandler, EventHandlerChange, EventHandlerPage, EventHandlerQuery, NewEventHandler } from './event-handler.shapes';
import { EventHandlers } from './event-handlers';

@Controller('api/rest/eventhandlers')
export class EventHandlersController {
  constructor(private readonly handlers: EventHandlers, private readonly reach: CallersReach) {}

  @Get()
  @PbxOperation({ scope: 'rest:eventhandlers:read', summary: 'Handlers of events, newest first', query: EventHandlerQuery, answer: EventHandlerPage })
  async list(@Caller() caller: AuthenticatedCaller, @Query() query: unknown) {
    const wanted = EventHandlerQuery.parse(query);
    return shownPage(await this.handlers.page(await this.reach.of(caller), wanted), shown);
  }

  @Get(':handler')
  @PbxOperation({ scope: 'rest:eventhandlers:read', summary: 'A handler', answer: EventHandler })
  async one(@Caller() caller: AuthenticatedCaller, @Param('handler') id: string) { return shown(await this.handlers.one(await this.reach.of(caller), id)); }

  @Post()
  @PbxOperation({ scope: 'rest:eventhandlers:write', summary: 'Add a handler', body: NewEventHandler, answer: EventHandler, status: 201 })
  async add(@Caller() caller: AuthenticatedCaller, @Body() body: unknown) {
    const wanted = NewEventHandler.parse(body);
    return shown(await this.handlers.add(await this.reach.of(caller), wanted));
  }

  @Patch(':handler')
  @PbxOperation({ scope: 'rest:eventhandlers:write', summary: 'Change a handler', body: EventHandlerChange, answer: EventHandler })
  async change(@Caller() caller: AuthenticatedCaller, @Param('handler') id: string, @Body() body: unknown) {
    const changes = EventHandlerChange.parse(body);
    return shown(await this.handlers.change(await this.reach.of(caller), id, changes));
  }

  @Delete(':handler')
  @PbxOperation({ scope: 'rest:eventhandlers:write', summary: 'Remove a handler' })
  async remove(@Caller() caller: AuthenticatedCaller, @Param('handler') id: string): Promise<void> { await this.handlers.remove(await this.reach.of(caller), id); }
}
