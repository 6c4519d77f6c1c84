import { OAuthError } from '../oauth-error';
import { Facts } from '../ports';
import { standingOf } from '../read-standing';
import { isActive } from '../standing';
import { Grant } from './grant';
import { grantedScope } from './granted-scope';

/**
 * Client credentials grant (RFC 6749 §4.4): a token for the application, acting as its owner (seed 001); `sub` is the
 * owner, whose block or read_only applies at once. Never carries a refresh token (§4.4.3).
 * @throws OAuthError invalid_scope - a scope is unknown or not given to the application
 * @throws OAuthError invalid_grant - the owner is blocked or gone
 */
export const clientCredentialsGrant = (facts: Facts): Grant => ({
  type: 'client_credentials',
  async decide(request) {
    const [standing, scope] = await Promise.all([
      facts.account(request.client.owner).then(owner => standingOf(facts, request.client, owner)),
      grantedScope(facts, request),
    ]);
    if (!standing || !isActive(standing)) throw new OAuthError('invalid_grant', 'the account that owns this application is blocked or deleted; an administrator can unblock it');
    return { standing, scope };
  },
});
