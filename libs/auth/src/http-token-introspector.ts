import { z } from 'zod';
import { accountKinds, accessLevels, AccessTokenClaims, Actor, roles } from '@strowger/oauth-core/facts';
import { unavailable } from './api-error';
import { AuthConfig } from './auth.config';
import { AuthenticatedCaller, TokenIntrospector } from './token-introspector';

const TIMEOUT_MS = 2000;
const version = z.int().nonnegative();

const ActorClaim: z.ZodType<Actor> = z.lazy(() => z.object({ sub: z.string(), act: ActorClaim.exactOptional() }));
const Claims: z.ZodType<AccessTokenClaims> = z.object({
  iss: z.string(), sub: z.string().min(1), aud: z.string(), client_id: z.string(), exp: z.int(), iat: z.int(), jti: z.string(), scope: z.string(),
  tenant_id: z.string().min(1), application_id: z.string(), grant_id: z.string().exactOptional(),
  account_kind: z.enum(accountKinds), role: z.enum(roles), access_level: z.enum(accessLevels), read_only: z.boolean(), impersonation: z.boolean(),
  switchboards: z.array(z.string()).exactOptional(),
  rights: z.object({ tenant: version, application: version, account: version, owner: version.exactOptional(), actors: z.array(version).exactOptional(), actor_owners: z.array(version).exactOptional() }),
  act: ActorClaim.exactOptional(),
});
const Active = z.object({ active: z.literal(true), token_type: z.literal('Bearer'), username: z.string() });
const Inactive = z.object({ active: z.literal(false) });

/** Asks token-service (RFC 7662) about every token anew, as a service of the deployment; nothing is remembered. */
export class HttpTokenIntrospector extends TokenIntrospector {
  private readonly authorization: string;
  private readonly url: string;

  /** `timeoutMs` bounds the whole question. */
  constructor(config: AuthConfig, private readonly timeoutMs = TIMEOUT_MS) {
    super();
    this.url = `${config.TOKEN_SERVICE_URL}/oauth/introspect`;
    // RFC 6749 §2.3.1: both are form-encoded before they are joined.
    const credentials = [config.STROWGER_SERVICE_ID, config.STROWGER_SERVICE_SECRET].map(formEncoded).join(':');
    this.authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
  }

  async introspect(token: string, requestId: string): Promise<AuthenticatedCaller | undefined> {
    const answer = await this.ask(token, requestId);
    if (Inactive.safeParse(answer).success) return undefined;
    const active = Active.safeParse(answer), claims = Claims.safeParse(answer);
    if (!active.success) throw unavailable('the token could not be judged; try again', active.error);
    if (!claims.success) throw unavailable('the token could not be judged; try again', claims.error);
    return { claims: claims.data, username: active.data.username };
  }

  private async ask(token: string, requestId: string): Promise<unknown> {
    try {
      const response = await fetch(this.url, {
        method: 'POST', redirect: 'error', signal: AbortSignal.timeout(this.timeoutMs),
        headers: { authorization: this.authorization, 'content-type': 'application/x-www-form-urlencoded', 'x-request-id': requestId },
        body: `token=${formEncoded(token)}`,
      });
      const answer: unknown = await response.json();
      if (response.status !== 200) throw new Error(`token-service answered ${String(response.status)} to an introspection`);
      return answer;
    } catch (error) {
      throw unavailable('the token could not be judged, because token-service does not answer; try again', error);
    }
  }
}

const formEncoded = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);
