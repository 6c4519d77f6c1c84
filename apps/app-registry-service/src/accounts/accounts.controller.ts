import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Caller } from '@strowger/auth/caller.decorator';
import { RequireScope } from '@strowger/auth/require-scope.decorator';
import type { AuthenticatedCaller } from '@strowger/auth/token-introspector';
import { AccountsReader } from '@strowger/models/accounts/accounts.reader';
import { isAdministrator } from '../applications/may-set';
import { PageRequest } from '../request-fields';
import { RequestOrigin } from '../request-origin';
import { accountAnswer } from './account-answer';
import { accountChangeOf, newAccountOf } from './account.request';
import { AccountWish, ChangeAccount, ChangedAccount } from './change-account';
import { CreateAccount } from './create-account';

const READ = 'strowger:accounts:read', WRITE = 'strowger:accounts:write';

/** `/api/accounts`: an administrator's tenant's users and API accesses, of others the own account and the API accesses it owns. */
@Controller('api/accounts')
export class AccountsController {
  constructor(
    private readonly creation: CreateAccount, private readonly changes: ChangeAccount, private readonly accounts: AccountsReader, private readonly origin: RequestOrigin,
  ) {}

  @Get() @RequireScope(READ)
  async list(@Caller() { claims }: AuthenticatedCaller, @Query() query: unknown) {
    const { limit, cursor } = PageRequest.parse(query);
    const { items, next } = await this.accounts.page({
      tenantId: claims.tenant_id, limit, ...(!isAdministrator(claims) && { self: claims.sub }), ...(cursor !== undefined && { after: cursor }),
    });
    return { items: items.map(accountAnswer), next_cursor: next ?? null };
  }

  @Post() @RequireScope(WRITE)
  async create(@Caller() { claims }: AuthenticatedCaller, @Req() request: FastifyRequest, @Body() body: unknown) {
    const { account, password } = await this.creation.run(newAccountOf(body), claims, this.origin.of(request, claims));
    return { ...accountAnswer(account), ...(password !== undefined && { password }) };
  }

  @Get(':id') @RequireScope(READ)
  async get(@Caller() { claims }: AuthenticatedCaller, @Param('id') id: string) { return accountAnswer(await this.changes.find(id, claims)); }

  @Patch(':id') @RequireScope(WRITE)
  async change(@Caller() caller: AuthenticatedCaller, @Req() request: FastifyRequest, @Param('id') id: string, @Body() body: unknown) {
    return answer(await this.changes.change(this.wish(id, caller, request), accountChangeOf(body)));
  }

  @Delete(':id') @RequireScope(WRITE) @HttpCode(204)
  async remove(@Caller() caller: AuthenticatedCaller, @Req() request: FastifyRequest, @Param('id') id: string): Promise<void> {
    await this.changes.delete(this.wish(id, caller, request));
  }

  @Post(':id/sign-out') @RequireScope(WRITE) @HttpCode(200)
  async signOut(@Caller() caller: AuthenticatedCaller, @Req() request: FastifyRequest, @Param('id') id: string) {
    return answer(await this.changes.signOut(this.wish(id, caller, request)));
  }

  private wish(id: string, { claims }: AuthenticatedCaller, request: FastifyRequest): AccountWish {
    return { id, caller: claims, origin: this.origin.of(request, claims) };
  }
}

const answer = ({ account, password, signedOut }: ChangedAccount) => ({
  ...accountAnswer(account), ...(password !== undefined && { password }), ...(signedOut && { signed_out: true }),
});
