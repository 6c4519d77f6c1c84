import { z } from 'zod';
import { Claims } from './access-token-claims';
import { unavailable } from './api-error';
import { AuthConfig } from './auth.config';
import { AuthenticatedCaller, TokenIntrospector } from './token-introspector';

const TIMEOUT_MS = 2000;
const Active = z.object({ active: z.literal(true), token_type: z.literal('Bearer'), username: z.string() });
const Inactive = z.object({ active: z.literal(false) });

/** Asks token-service (RFC 7662) about every token anew, as a service of the deployment; nothing is remembered. */
export class HttpTokenIntrospector extends TokenIntrospector {
  private readonly authorization: string;
  private readonly url: string;

  /** `timeoutMs` bounds the whole question. */
  constructor(config: Pick<AuthConfig, 'TOKEN_SERVICE_URL' | 'STROWGER_SERVICE_ID' | 'STROWGER_SERVICE_SECRET'>, private readonly timeoutMs = TIMEOUT_MS) {
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
