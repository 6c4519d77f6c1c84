import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Authenticator } from 'passport';
import { AuthenticatedClient } from './authenticated-client';
import { ClientAuthStrategy } from './client-auth.strategy';

/** Authenticates the client of a request by passport's strategy, and puts it on the request. */
@Injectable()
export class ClientAuth {
  private readonly passport = new Authenticator();

  constructor(strategy: ClientAuthStrategy) { this.passport.use('client', strategy); }

  /**
   * passport speaks Express: it is handed the little it looks at.
   * @throws OAuthError invalid_request, invalid_client, rate_limit_exceeded
   */
  authenticate(request: FastifyRequest): Promise<AuthenticatedClient> {
    return new Promise((resolve, reject) => {
      const answered = (error: Error | null, client: unknown): void => {
        if (error) reject(error); else resolve(request.client = client as AuthenticatedClient);
      };
      const handle = this.passport.authenticate('client', { session: false }, answered) as (request: object, response: object, next: (error: unknown) => void) => void;
      handle({ raw: request, headers: request.headers }, {}, reject);
    });
  }
}
