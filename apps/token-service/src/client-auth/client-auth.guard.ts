import { CanActivate, ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Authenticator } from 'passport';
import { withinDeadline } from '../request-deadline';
import { AuthenticatedClient } from './authenticated-client';
import { ClientAuthStrategy } from './client-auth.strategy';

/** Lets a request pass whose client is authenticated, and puts the client on it. */
@Injectable()
export class ClientAuthGuard implements CanActivate {
  private readonly passport = new Authenticator();

  constructor(strategy: ClientAuthStrategy) { this.passport.use('client', strategy); }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    request.client = await withinDeadline(request, this.authenticate(request));
    return true;
  }

  /** passport speaks Express: it is handed the little it looks at. */
  private authenticate(request: FastifyRequest): Promise<AuthenticatedClient> {
    return new Promise((resolve, reject) => {
      const answered = (error: Error | null, client: unknown): void => {
        if (error) reject(error); else resolve(client as AuthenticatedClient);
      };
      const handle = this.passport.authenticate('client', { session: false }, answered) as (request: object, response: object, next: (error: unknown) => void) => void;
      handle({ raw: request, headers: request.headers }, {}, reject);
    });
  }
}
