import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { Strategy } from 'passport';
import { secretMatches } from '@strowger/credentials/client-secret';
import { SecretUses } from '@strowger/models/secret-uses/secret-uses.store';
import { RateLimits } from '@strowger/models/rate-limits/rate-limits.store';
import { ApplicationFacts } from '@strowger/oauth-core/facts';
import { parseBasic } from '@strowger/oauth-core/form';
import { OAuthError } from '@strowger/oauth-core/oauth-error';
import { Facts } from '@strowger/oauth-core/ports';
import { limitedAddress } from '../password/limited-address';
import { AuthenticatedClient, formOf, originOf } from './authenticated-client';

interface Presented { readonly id: string; readonly secret: string | undefined }
/** What client authentication works with; `services`: id and SHA-256 of the secret of each service of the deployment. */
export interface ClientAuthParts {
  readonly facts: Facts;
  readonly services: ReadonlyMap<string, Buffer>;
  readonly limits: RateLimits;
  readonly wrongSecretsPerMinute: number;
  readonly uses: SecretUses;
  readonly now: () => Date;
}

const FAILED = 'client authentication failed: the client_id is unknown, the secret is wrong or ended, or this application type authenticates differently';

/**
 * Client authentication (RFC 6749 §2.3.1) as a passport strategy: HTTP Basic, or client_id and client_secret in the
 * form, or client_id alone for an application without a secret. One method only.
 * @throws (passport's `error`) OAuthError invalid_request, invalid_client, rate_limit_exceeded
 */
export class ClientAuthStrategy extends Strategy {
  override readonly name = 'client';

  constructor(private readonly parts: ClientAuthParts) { super(); }

  override authenticate(request: unknown): void {
    const { raw } = request as { raw: FastifyRequest };
    this.client(raw).then(client => { this.success(client); }, (error: unknown) => { this.error(error); });
  }

  private async client(request: FastifyRequest): Promise<AuthenticatedClient> {
    const at = this.parts.now();
    const presented = presentedBy(request);
    const service = this.parts.services.get(presented.id);
    if (service && presented.secret !== undefined && timingSafeEqual(createHash('sha256').update(presented.secret).digest(), service)) {
      return { kind: 'service', id: presented.id, at };
    }
    const first = await this.parts.facts.applicationByClientId(presented.id);
    let known = judge(first, presented.secret, at);
    if (!known) {
      const second = await this.parts.facts.applicationByClientIdAgain(presented.id);
      known = judge(second, presented.secret, at);
      const named = second ?? first;
      if (named) request.namedApplication = named;
    }
    if (!known) return this.fail401(request, at);
    if (known.secret_id !== undefined) this.parts.uses.note(known.secret_id, known.application, at);
    return { kind: 'application', ...known, at };
  }

  /** Failures are counted after the fact, so that a good request costs no write. */
  private async fail401(request: FastifyRequest, at: Date): Promise<never> {
    const counter = { what: 'client_secret', whom: limitedAddress(originOf(request).ip), windowSeconds: 60 };
    const failed = await this.parts.limits.hit(counter, at);
    if (failed.count > this.parts.wrongSecretsPerMinute) {
      throw new OAuthError('rate_limit_exceeded', 'too many failed client authentications from this address', { retryAfterSeconds: failed.secondsLeft, limit: this.parts.wrongSecretsPerMinute });
    }
    throw new OAuthError('invalid_client', FAILED);
  }
}

function presentedBy(request: FastifyRequest): Presented {
  if (request.url.includes('?')) throw new OAuthError('invalid_request', 'parameters go into the body, never into the URL, where logs would keep them');
  const form = formOf(request);
  const header = request.headers.authorization;
  const clientId = form.get('client_id'), secret = form.get('client_secret');
  if (header === undefined) {
    if (clientId === undefined) throw new OAuthError('invalid_client', 'no client authentication: send HTTP Basic, or client_id (and client_secret) in the body');
    return { id: clientId, secret };
  }
  if (!/^basic /i.test(header)) throw new OAuthError('invalid_client', 'the Authorization header of this endpoint must be HTTP Basic with client_id and client_secret');
  const basic = parseBasic(header);
  if (secret !== undefined) throw new OAuthError('invalid_request', 'the client authenticates twice, by HTTP Basic and in the body: use one');
  if (clientId !== undefined && clientId !== basic.id) throw new OAuthError('invalid_request', 'client_id in the body differs from the one in the Authorization header');
  return { id: basic.id, secret: basic.secret === '' ? undefined : basic.secret };
}

/** The application, if what was presented is right for it: one of its live secrets, or none where it has none. */
function judge(application: ApplicationFacts | undefined, secret: string | undefined, at: Date): { application: ApplicationFacts; secret_id?: string } | undefined {
  if (!application || application.status === 'deleted') return undefined;
  if (application.type !== 'web_server' && application.type !== 'machine_to_machine' && application.secrets.length === 0) {
    return secret === undefined ? { application } : undefined;
  }
  if (secret === undefined) return undefined;
  const used = application.secrets.find(one => (!one.expires_at || one.expires_at > at) && secretMatches(one.hash, secret));
  return used && { application, secret_id: used.id };
}
