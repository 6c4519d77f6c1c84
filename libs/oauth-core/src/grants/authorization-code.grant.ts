import { CodeKeys, judgeCode, presentedCode } from '../authorization-code';
import { OAuthError } from '../oauth-error';
import { verifierMatches } from '../pkce';
import { Facts, GrantAt, Grants } from '../ports';
import { standingOf } from '../read-standing';
import { RefreshKeys } from '../refresh-token';
import { narrowedScope } from '../scope';
import { isActive, signOutVersionsOf } from '../standing';
import { Grant, TokenRequest } from './grant';
import { isSignedOut } from './refresh-token.grant';

const NOT_VALID = 'the code is unknown, expired or used, or was issued to another client, for another redirect_uri, or with another code_challenge';
const REPLAY = 'authorization_code_replay';

/** `lifetimeSeconds` of a code, and `replaySeconds` after which a second use is a replay. */
export interface CodeWindows { readonly lifetimeSeconds: number; readonly replaySeconds: number }

/**
 * Authorization code grant (RFC 6749 §4.1.3, RFC 7636). Everything that may refuse is checked before the code is used up
 * by one compare-and-set, so that nobody else's attempt burns it; only who passes all of it can replay it.
 * @throws OAuthError invalid_request - code is missing
 * @throws OAuthError invalid_grant - the code, its redirect URI or its verifier is wrong; it is over or used (a replay also revokes what it gave)
 * @throws OAuthError invalid_scope - the application has nothing of it any more
 */
export const authorizationCodeGrant = (facts: Facts, grants: Grants, keys: { readonly codes: CodeKeys; readonly refresh: RefreshKeys }, windows: CodeWindows): Grant => ({
  type: 'authorization_code',
  async decide(request) {
    const { client, params, origin } = request;
    const text = params.get('code');
    if (text === undefined) throw new OAuthError('invalid_request', 'code is missing');
    const presented = presentedCode(text), read = presented && await grants.read(presented.grantId);
    if (!presented || !read?.grant.code || !keys.codes.made(read.grant, presented) || !isForThis(read, request)) throw notValid();
    const { grant, now } = read;
    if (judgeCode(read.grant.code, now, windows) === 'replayed' && grant.status === 'active') {
      await grants.revoke(grant, REPLAY, { client_id: client.client_id }, origin);
      throw new OAuthError('invalid_grant', 'the code was used before; all tokens of this authorization are revoked now, so authorize again');
    }
    if (grant.status !== 'active' || judgeCode(read.grant.code, now, windows) !== 'good') throw notValid();
    const standing = await standingOf(facts, client, await facts.account(grant.account_id));
    if (!standing || !isActive(standing) || isSignedOut(grant.sign_out_versions, signOutVersionsOf(standing))) throw notValid();
    const scope = narrowedScope(grant.scope, client.scope);
    if (scope === '') throw new OAuthError('invalid_scope', 'nothing of the granted scope is registered for the application any more');
    if (!(await grants.consented(grant))) throw new OAuthError('invalid_grant', 'the application was just removed from the account; authorize again');
    if (!(await grants.useCode(grant))) throw notValid();
    return { standing, scope, grant_id: grant.id, refresh_token: keys.refresh.tokenOf(grant, grant.generation) };
  },
});

const notValid = (): OAuthError => new OAuthError('invalid_grant', NOT_VALID);

/** Whether client, redirect URI and verifier are those of the authorization request. */
function isForThis({ grant }: GrantAt, { client, params }: TokenRequest): boolean {
  const { code } = grant, uri = params.get('redirect_uri');
  if (!code || grant.application_id !== client.id) return false;
  if (uri === undefined ? code.redirect_uri_named : uri !== code.redirect_uri) return false;
  return verifierMatches(code.challenge, params.get('code_verifier'));
}
