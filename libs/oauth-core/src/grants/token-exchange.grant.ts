import { TOKEN_EXCHANGE } from '../application-rules';
import { AccountFacts, Actor, RESERVED_APPLICATION } from '../facts';
import { OAuthError } from '../oauth-error';
import { Facts, NamedAccounts, PresentedTokens } from '../ports';
import { actorIds, standingOf } from '../read-standing';
import { narrowedScope, narrowerScope } from '../scope';
import { ceilingsOf, isActive, mayActForOthers, Standing } from '../standing';
import { Grant } from './grant';

/** RFC 8693 §3. */
export const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';
/** Of a `subject_token` that is a name: a username or an e-mail of the actor's tenant. */
export const USERNAME_TYPE = 'urn:strowger:params:oauth:token-type:username';
const MOST_ACTORS = 2;

/** What a token exchange is decided by; `audience`: of every token. */
export interface ExchangeParts { readonly facts: Facts; readonly tokens: PresentedTokens; readonly names: NamedAccounts; readonly audience: string }

/**
 * Token exchange (RFC 8693) as seed 003 has it: an API access with the impersonation flag gets a token of another account of its tenant. The
 * subject is named (`subject_token` of the type username), the actor proves itself by its own access token (`actor_token`), which bounds the
 * new one: its scope, its ceilings, its end. Never into an account that is more than a user. No refresh token, no grant.
 * @throws OAuthError invalid_request - a parameter is missing or of another kind; the actor's token is not active, another client's, or may not act
 * @throws OAuthError invalid_target - no such account, or none that the actor may act for: all alike; or another audience
 * @throws OAuthError invalid_scope - wider than the actor's own token
 * @throws OAuthError rate_limit_exceeded - too many names that came to nothing
 */
export const tokenExchangeGrant = ({ facts, tokens, names, audience }: ExchangeParts): Grant => ({
  type: TOKEN_EXCHANGE,
  async decide({ client, params }) {
    const { name, actorToken } = exchangeOf(params, audience);
    const actor = await tokens.active(actorToken, { fresh: true });
    if (actor?.claims.application_id !== client.id) throw new OAuthError('invalid_request', 'actor_token is no active access token of this client');
    const { claims, standing: { application, tenant } } = actor;
    assertMayAct(actor.standing);
    if (client.id === RESERVED_APPLICATION && !tenant.api_application) {
      throw new OAuthError('unauthorized_client', 'the application api is switched off in this tenant; register an application of its own');
    }
    const act: Actor = { sub: claims.sub, ...(claims.act && { act: claims.act }) }, actors = actorIds(act);
    if (actors.length > MOST_ACTORS) throw new OAuthError('invalid_request', 'at most two accounts act for a third, one for the other');
    const scope = narrowerScope(params.get('scope'), narrowedScope(claims.scope, application.scope));
    if (scope === '') throw new OAuthError('invalid_scope', 'nothing of the scope of actor_token is registered for the application any more');
    const standing = await names.find(name, actor.standing.account, async account => {
      if (account.tenant_id !== tenant.id || actors.includes(account.id)) return undefined;
      const found = await standingOf(facts, application, account, { fresh: true }, act);
      return found && isActive(found) && ceilingsOf(found).role === 'user' ? found : undefined;
    });
    if (!standing) throw new OAuthError('invalid_target', 'there is no other account of this name in the tenant that can be acted for: one that is active, with no role above user');
    return { standing, scope, acting: { act, bound: claims } };
  },
});

/** @throws OAuthError invalid_request - what stands behind a token may not act for others */
function assertMayAct(standing: Pick<Standing, 'account' | 'owner'>): void {
  if (!mayActForOthers(standing)) throw new OAuthError('invalid_request', whyNot(standing.account));
}

const whyNot = ({ kind }: AccountFacts): string => kind === 'api_access'
  ? 'this API access has no impersonation; an administrator can give it'
  : 'only an API access with impersonation can act for somebody else';

function exchangeOf(params: ReadonlyMap<string, string>, audience: string): { readonly name: string; readonly actorToken: string } {
  const needed = (parameter: string, what: string): string => {
    const value = params.get(parameter);
    if (value === undefined) throw new OAuthError('invalid_request', `${parameter} is missing; it is ${what}`);
    return value;
  };
  const exactly = (parameter: string, value: string): void => {
    if (needed(parameter, value) !== value) throw new OAuthError('invalid_request', `${parameter} must be ${value}`);
  };
  const name = needed('subject_token', 'the username or e-mail of the account to act for');
  exactly('subject_token_type', USERNAME_TYPE);
  const actorToken = needed('actor_token', 'the access token of the API access that acts');
  exactly('actor_token_type', ACCESS_TOKEN_TYPE);
  if (params.has('requested_token_type')) exactly('requested_token_type', ACCESS_TOKEN_TYPE);
  for (const parameter of ['audience', 'resource']) {
    if ((params.get(parameter) ?? audience) !== audience) throw new OAuthError('invalid_target', `${parameter} must be ${audience}, or be left out`);
  }
  return { name, actorToken };
}
