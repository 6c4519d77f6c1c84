import { createHash } from 'node:crypto';
import { Body, Controller, Get, HttpCode, Patch, Post, Put, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Caller } from '@strowger/auth/caller.decorator';
import { RequireScope } from '@strowger/auth/require-scope.decorator';
import type { AuthenticatedCaller } from '@strowger/auth/token-introspector';
import { Tenant } from '@strowger/models/tenants/tenants.reader';
import { RequestOrigin } from '../request-origin';
import { ChangeTenant } from './change-tenant';
import { logoOf } from './logo';
import { TenantRequests } from './tenant.request';

const READ = 'strowger:tenant:read', WRITE = 'strowger:tenant:write';

/** `/api/tenant`: the caller's own, for administrators. */
@Controller('api/tenant')
export class TenantController {
  constructor(private readonly tenants: ChangeTenant, private readonly requests: TenantRequests, private readonly origin: RequestOrigin) {}

  @Get() @RequireScope(READ)
  async get(@Caller() { claims }: AuthenticatedCaller) { return answer(await this.tenants.find(claims.tenant_id)); }

  @Patch() @RequireScope(WRITE)
  async change(@Caller() { claims }: AuthenticatedCaller, @Req() request: FastifyRequest, @Body() body: unknown) {
    return answer(await this.tenants.change(claims.tenant_id, this.requests.changeOf(body), this.origin.of(request, claims)));
  }

  @Put('logo') @RequireScope(WRITE)
  async setLogo(@Caller() { claims }: AuthenticatedCaller, @Req() request: FastifyRequest, @Body() body: unknown) {
    return answer(await this.tenants.setLogo(claims.tenant_id, logoOf(body), this.origin.of(request, claims)));
  }

  @Post('sign-out') @RequireScope(WRITE) @HttpCode(200)
  async signOut(@Caller() { claims }: AuthenticatedCaller, @Req() request: FastifyRequest) {
    return { ...answer(await this.tenants.signOut(claims.tenant_id, this.origin.of(request, claims))), signed_out: true };
  }
}

/** A tenant as its administrators see it; the end of a switch is null where there is none. */
function answer({ id, name, password_grant, implicit_grant, api_application, access_token_ttl_seconds, refresh_token_ttl_seconds, administrators, logo, ...rest }: Tenant) {
  return {
    id, name, password_grant, password_grant_until: rest.password_grant_until ?? null, implicit_grant, implicit_grant_until: rest.implicit_grant_until ?? null,
    api_application, access_token_ttl_seconds, refresh_token_ttl_seconds, administrators,
    logo: logo ? { sha256: createHash('sha256').update(logo).digest('hex'), bytes: logo.length } : null,
  };
}
