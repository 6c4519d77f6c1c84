import { CanActivate, ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { BearerGuard } from '@strowger/auth/bearer.guard';
import { RequestLimit } from '@strowger/auth/request-limit';
import { AuthenticatedCaller, TokenIntrospector } from '@strowger/auth/token-introspector';
import { StoredTokens } from '../introspection/stored-tokens';
import { withinDeadline } from '../request-deadline';

/** token-service asks nobody about the tokens of its own management API: it judges them itself. */
class OwnTokens extends TokenIntrospector {
  constructor(private readonly tokens: StoredTokens) { super(); }
  override async introspect(token: string): Promise<AuthenticatedCaller | undefined> { return this.tokens.active(token, { fresh: false }); }
}

/** The bearer guard of this service's own management API. */
@Injectable()
export class OwnBearerGuard implements CanActivate {
  private readonly guard: BearerGuard;

  constructor(tokens: StoredTokens, limit: RequestLimit, reflector: Reflector) { this.guard = new BearerGuard(new OwnTokens(tokens), limit, reflector); }

  /** @throws ApiError, OAuthError - as `BearerGuard`, and temporarily_unavailable where the database is late */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    return withinDeadline(context.switchToHttp().getRequest<FastifyRequest>(), this.guard.canActivate(context));
  }
}
