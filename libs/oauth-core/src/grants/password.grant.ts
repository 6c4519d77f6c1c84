import { RESERVED_APPLICATION } from '../facts';
import { OAuthError } from '../oauth-error';
import { Facts, Grants, PasswordCheck } from '../ports';
import { RefreshKeys } from '../refresh-token';
import { standingOf } from '../read-standing';
import { isActive } from '../standing';
import { Grant } from './grant';
import { grantedScope } from './granted-scope';

/** One answer for a wrong password, an unknown, blocked or foreign account, and a tenant that has the application `api` off. */
const WRONG = 'the username or the password is wrong';

/**
 * Resource owner password credentials grant (RFC 6749 §4.3, seeds 002 and 003), only where an administrator allowed it.
 * The tenant of the reserved application `api` is the account's; its switch being off is a wrong password, to the limits too.
 * @throws OAuthError invalid_request - username or password is missing
 * @throws OAuthError invalid_scope - as client credentials; judged before the password, so that it costs no attempt
 * @throws OAuthError invalid_grant - the password does not match
 * @throws OAuthError rate_limit_exceeded, temporarily_unavailable
 */
export const passwordGrant = (facts: Facts, passwords: PasswordCheck, grants: Grants, keys: RefreshKeys): Grant => ({
  type: 'password',
  async decide(request) {
    const { client, params, origin } = request;
    const username = params.get('username'), password = params.get('password');
    if (username === undefined || password === undefined) {
      throw new OAuthError('invalid_request', `${username === undefined ? 'username' : 'password'} is missing; this grant takes username and password`);
    }
    const scope = await grantedScope(facts, request);
    const standing = await passwords.check(username, password, origin, async account => {
      const found = await standingOf(facts, client, account);
      return found && isActive(found) && mayLogIn(found.tenant, client) ? found : undefined;
    });
    if (!standing) throw new OAuthError('invalid_grant', WRONG);
    const grant = await grants.begin(standing, 'password', scope, origin);
    return { standing, scope, grant_id: grant.id, refresh_token: keys.tokenOf(grant, grant.generation) };
  },
});

const mayLogIn = (tenant: { readonly id: string; readonly api_application: boolean }, client: { readonly id: string; readonly tenant_id: string }): boolean =>
  client.id === RESERVED_APPLICATION ? tenant.api_application : tenant.id === client.tenant_id;
