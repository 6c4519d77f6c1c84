import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Caller } from '@strowger/auth/caller.decorator';
import { RequireScope } from '@strowger/auth/require-scope.decorator';
import type { AuthenticatedCaller } from '@strowger/auth/token-introspector';
import { ApplicationsReader } from '@strowger/models/applications/applications.reader';
import { PageRequest } from '../request-fields';
import { RequestOrigin } from '../request-origin';
import { ApplicationAnswers } from './application-answers';
import { applicationChangeOf, overlapOf, reasonOf, registrationOf } from './application.request';
import { ChangeApplication, Wish } from './change-application';
import { isAdministrator } from './may-set';
import { Registered, RegisterApplication } from './register-application';

const READ = 'strowger:applications:read', WRITE = 'strowger:applications:write';

/** `/api/applications`: the registered applications of the caller, of an administrator the tenant's. */
@Controller('api/applications')
export class ApplicationsController {
  constructor(
    private readonly registration: RegisterApplication, private readonly changes: ChangeApplication, private readonly applications: ApplicationsReader,
    private readonly origin: RequestOrigin, private readonly answers: ApplicationAnswers,
  ) {}

  @Post() @RequireScope(WRITE)
  async register(@Caller() { claims }: AuthenticatedCaller, @Req() request: FastifyRequest, @Body() body: unknown) {
    return this.shownOnce(await this.registration.run(registrationOf(body), claims, this.origin.of(request, claims)));
  }

  @Get() @RequireScope(READ)
  async list(@Caller() { claims }: AuthenticatedCaller, @Query() query: unknown) {
    const { limit, cursor } = PageRequest.parse(query);
    const { items, next } = await this.applications.page({
      tenantId: claims.tenant_id, limit, ...(!isAdministrator(claims) && { owner: claims.sub }), ...(cursor !== undefined && { after: cursor }),
    });
    return { items: items.map(application => this.answers.of(application)), next_cursor: next ?? null };
  }

  @Get(':client_id') @RequireScope(READ)
  async get(@Caller() { claims }: AuthenticatedCaller, @Param('client_id') clientId: string) {
    return this.answers.of(await this.changes.find(clientId, claims));
  }

  @Patch(':client_id') @RequireScope(WRITE)
  async change(@Caller() caller: AuthenticatedCaller, @Req() request: FastifyRequest, @Param('client_id') clientId: string, @Body() body: unknown) {
    return this.answers.of(await this.changes.change(this.wish(clientId, caller, request), applicationChangeOf(body)));
  }

  @Delete(':client_id') @RequireScope(WRITE) @HttpCode(204)
  async remove(@Caller() caller: AuthenticatedCaller, @Req() request: FastifyRequest, @Param('client_id') clientId: string): Promise<void> {
    await this.changes.setStatus(this.wish(clientId, caller, request), 'deleted');
  }

  @Post(':client_id/secrets') @RequireScope(WRITE)
  async rotate(@Caller() caller: AuthenticatedCaller, @Req() request: FastifyRequest, @Param('client_id') clientId: string, @Body() body: unknown) {
    return this.shownOnce(await this.changes.rotateSecret(this.wish(clientId, caller, request), overlapOf(body)));
  }

  @Delete(':client_id/secrets/:secret_id') @RequireScope(WRITE) @HttpCode(204)
  async burn(@Caller() caller: AuthenticatedCaller, @Req() request: FastifyRequest, @Param('client_id') clientId: string, @Param('secret_id') secretId: string): Promise<void> {
    await this.changes.burnSecret(this.wish(clientId, caller, request), secretId);
  }

  @Post(':client_id/regenerate-credentials') @RequireScope(WRITE) @HttpCode(200)
  async regenerate(@Caller() caller: AuthenticatedCaller, @Req() request: FastifyRequest, @Param('client_id') clientId: string) {
    return this.shownOnce(await this.changes.regenerateCredentials(this.wish(clientId, caller, request)));
  }

  @Post(':client_id/disable') @RequireScope(WRITE) @HttpCode(200)
  async disable(@Caller() caller: AuthenticatedCaller, @Req() request: FastifyRequest, @Param('client_id') clientId: string) {
    return this.answers.of(await this.changes.setStatus(this.wish(clientId, caller, request), 'disabled'));
  }

  @Post(':client_id/enable') @RequireScope(WRITE) @HttpCode(200)
  async enable(@Caller() caller: AuthenticatedCaller, @Req() request: FastifyRequest, @Param('client_id') clientId: string) {
    return this.answers.of(await this.changes.setStatus(this.wish(clientId, caller, request), 'active'));
  }

  @Post(':client_id/access-level-request') @RequireScope(WRITE) @HttpCode(200)
  async requestLevel(@Caller() caller: AuthenticatedCaller, @Req() request: FastifyRequest, @Param('client_id') clientId: string, @Body() body: unknown) {
    return this.answers.of(await this.changes.requestLevel(this.wish(clientId, caller, request), reasonOf(body)));
  }

  @Post(':client_id/sign-out') @RequireScope(WRITE) @HttpCode(200)
  async signOut(@Caller() caller: AuthenticatedCaller, @Req() request: FastifyRequest, @Param('client_id') clientId: string) {
    return this.answers.of(await this.changes.signOut(this.wish(clientId, caller, request)));
  }

  private wish(clientId: string, { claims }: AuthenticatedCaller, request: FastifyRequest): Wish {
    return { clientId, caller: claims, origin: this.origin.of(request, claims) };
  }

  private shownOnce({ application, clientSecret }: Registered) {
    return { ...this.answers.of(application), ...(clientSecret !== undefined && { client_secret: clientSecret }) };
  }
}
