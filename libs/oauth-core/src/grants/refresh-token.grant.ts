import { mayUseGrant } from '../application-rules';
import { RESERVED_APPLICATION, RightsVersions } from '../facts';
import { OAuthError } from '../oauth-error';
import { Facts, Grants, Origin } from '../ports';
import { GrantFacts, judgeRefresh, PresentedRefreshToken, presentedRefreshToken, RefreshJudgement, RefreshKeys } from '../refresh-token';
import { narrowedScope, narrowerScope } from '../scope';
import { standingOf } from '../read-standing';
import { isActive, signOutVersionsOf, Standing } from '../standing';
import { Grant } from './grant';

const NOT_VALID = 'the refresh token is unknown, expired, revoked, or was issued to another client';
/** A compare-and-set that matched nothing reads again; each loser then finds a rotation that is seconds young. */
const TRIES = 20;

/**
 * Refresh token grant (RFC 6749 §6) with rotation and reuse detection. Everything that may refuse is checked before the
 * rotation, which is one compare-and-set and durable before the access token is sent.
 * @throws OAuthError invalid_request - refresh_token is missing
 * @throws OAuthError invalid_grant - unknown, expired, revoked, reused (which revokes the grant), or another client's
 * @throws OAuthError unauthorized_client - tenant or application allow the grant's own type no longer
 * @throws OAuthError invalid_scope - wider than what was granted
 */
export const refreshTokenGrant = (facts: Facts, grants: Grants, keys: RefreshKeys, graceSeconds: number): Grant => ({
  type: 'refresh_token',
  async decide({ client, params, at, origin }) {
    const text = params.get('refresh_token');
    if (text === undefined) throw new OAuthError('invalid_request', 'refresh_token is missing');
    const presented = presentedRefreshToken(text);
    if (!presented) throw new OAuthError('invalid_grant', NOT_VALID);
    for (let outrun = 0; outrun < TRIES; outrun++) {
      const read = await grants.read(presented.grantId);
      if (!read || !isMadeFor(read.grant, presented, client.id, keys) || !isAlive(read.grant, read.now)) throw new OAuthError('invalid_grant', NOT_VALID);
      const { grant, now } = read;
      const account = await facts.account(grant.account_id);
      const standing = await standingOf(facts, client, account);
      assertStands(standing, grant);
      const allowed = mayUseGrant(client, standing.tenant, grant.grant_type, at);
      if (!allowed.allowed || (client.id === RESERVED_APPLICATION && !standing.tenant.api_application)) {
        throw new OAuthError('unauthorized_client', allowed.allowed ? 'the application api is switched off in this tenant; register an application of its own' : allowed.description);
      }
      const scope = narrowerScope(params.get('scope'), narrowedScope(grant.scope, client.scope));
      if (scope === '') throw new OAuthError('invalid_scope', 'nothing of the granted scope is registered for the application any more');
      const judged = judgeRefresh(grant, presented.generation, now, graceSeconds);
      const generation = await moved(grants, grant, outrun > 0 ? ofOneOutrun(grant, presented.generation, judged) : judged, graceSeconds, origin);
      if (generation === undefined) continue;
      return { standing, scope, grant_id: grant.id, refresh_token: keys.tokenOf(grant, generation), generation };
    }
    throw tooManyAtOnce();
  },
});

const tooManyAtOnce = (): OAuthError => new OAuthError('temporarily_unavailable', 'too many refreshes of one grant at once; try again', { retryAfterSeconds: 1 });

/** Who was outrun presented what was current then, however long ago (a process may sleep): never reuse. */
function ofOneOutrun(grant: GrantFacts, presented: number, judged: RefreshJudgement): RefreshJudgement {
  if ('answer' in judged || 'rotate' in judged) return judged;
  if (presented === grant.generation - 1) return { answer: grant.generation };
  throw tooManyAtOnce();
}

/** The generation to answer with; undefined where another refresh was faster and the grant must be read again. */
async function moved(grants: Grants, grant: GrantFacts, judged: RefreshJudgement, graceSeconds: number, origin: Origin): Promise<number | undefined> {
  if ('answer' in judged) return judged.answer;
  if ('rotate' in judged) return await grants.rotate(grant, graceSeconds) ? grant.generation + 1 : undefined;
  if ('unlessAnswered' in judged && !(await grants.answered(grant.id, judged.unlessAnswered))) return judged.unlessAnswered;
  await grants.revokeForReuse(grant, origin);
  throw new OAuthError('invalid_grant', 'the refresh token was used before; all tokens of this authorization are revoked now, so authorize again');
}

const isMadeFor = (grant: GrantFacts, presented: PresentedRefreshToken, applicationId: string, keys: RefreshKeys): boolean =>
  grant.application_id === applicationId && keys.made(grant, presented);
const isAlive = (grant: GrantFacts, now: Date): boolean => grant.status === 'active' && grant.expires_at > now;

function assertStands(standing: Standing | undefined, grant: GrantFacts): asserts standing is Standing {
  if (!standing || !isActive(standing) || isSignedOut(grant.sign_out_versions, signOutVersionsOf(standing))) throw new OAuthError('invalid_grant', NOT_VALID);
}

/** Whether anybody signed out, or was signed out, since the grant began. */
export const isSignedOut = (began: RightsVersions, now: RightsVersions): boolean =>
  began.tenant < now.tenant || began.application < now.application || began.account < now.account || (began.owner ?? 0) < (now.owner ?? 0);
