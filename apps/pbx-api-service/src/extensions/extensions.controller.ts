import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { Caller } from '@strowger/auth/caller.decorator';
import type { AuthenticatedCaller } from '@strowger/auth/token-introspector';
import { CallersReach } from '../reach/callers-reach';
import { PbxOperation } from '../rest/operation.decorator';
import { shownPage } from '../shown';
import { Extension, ExtensionChange, ExtensionPage, ExtensionQuery, NewExtension } from './extension.shapes';
import { Extensions, extensionShown } from './extensions';

@Controller('api/rest/extensions')
export class ExtensionsController {
  constructor(private readonly extensions: Extensions, private readonly reach: CallersReach) {}

  @Get()
  @PbxOperation({ scope: 'rest:extensions:read', summary: 'Extensions, by number', query: ExtensionQuery, answer: ExtensionPage })
  async list(@Caller() caller: AuthenticatedCaller, @Query() query: unknown) {
    const wanted = ExtensionQuery.parse(query);
    return shownPage(await this.extensions.page(await this.reach.of(caller), wanted), extensionShown);
  }

  @Get(':extension')
  @PbxOperation({ scope: 'rest:extensions:read', summary: 'One extension', answer: Extension })
  async one(@Caller() caller: AuthenticatedCaller, @Param('extension') id: string) { return extensionShown(await this.extensions.one(await this.reach.of(caller), id)); }

  @Post()
  @PbxOperation({ scope: 'rest:extensions:write', summary: 'Add an extension', body: NewExtension, answer: Extension, status: 201, administrators: true })
  async add(@Caller() caller: AuthenticatedCaller, @Body() body: unknown) {
    const wanted = NewExtension.parse(body);
    return extensionShown(await this.extensions.add(await this.reach.of(caller), wanted));
  }

  @Patch(':extension')
  @PbxOperation({ scope: 'rest:extensions:write', summary: 'Change an extension', body: ExtensionChange, answer: Extension, administrators: true })
  async change(@Caller() caller: AuthenticatedCaller, @Param('extension') id: string, @Body() body: unknown) {
    const changes = ExtensionChange.parse(body);
    return extensionShown(await this.extensions.change(await this.reach.of(caller), id, changes));
  }

  @Delete(':extension')
  @PbxOperation({ scope: 'rest:extensions:write', summary: 'Remove an extension', administrators: true })
  async remove(@Caller() caller: AuthenticatedCaller, @Param('extension') id: string): Promise<void> { await this.extensions.remove(await this.reach.of(caller), id); }
}
