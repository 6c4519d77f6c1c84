import { AccessTokenClaims } from './facts';
import { isSignedOut } from './grants/refresh-token.grant';
import { Facts } from './ports';
import { GrantFacts } from './refresh-token';
import { standingOf } from './read-standing';
import { rightsHold } from './rights';
import { isActive, rightsOf, signOutVersionsOf, Standing } from './standing';

/** Where grants are read: what decides whether the tokens of one are alive. */
export interface GrantReads { read(id: string): Promise<{ readonly grant: Pick<GrantFacts, 'status' | 'sign_out_versions'> } | undefined> }

/**
 * What stands behind an access token that was neither revoked nor has ended, if it is active: application and accounts are, its rights hold, and so
 * does its grant. `fresh`: facts are read now; else a token that is newer than what is known is judged on a fresh read.
 */
export async function activeStanding(claims: AccessTokenClaims, { facts, grants }: { readonly facts: Facts; readonly grants: GrantReads }, how: { fresh: boolean }): Promise<Standing | undefined> {
  const standing = await rightfulStanding(claims, facts, how);
  if (!standing || claims.grant_id === undefined) return standing;
  const read = await grants.read(claims.grant_id);
  return read?.grant.status !== 'active' || isSignedOut(read.grant.sign_out_versions, signOutVersionsOf(standing)) ? undefined : standing;
}

async function rightfulStanding(claims: AccessTokenClaims, facts: Facts, how: { fresh: boolean }): Promise<Standing | undefined> {
  const [application, account] = await Promise.all([facts.application(claims.application_id, how), facts.account(claims.sub, how)]);
  const standing = application && await standingOf(facts, application, account, how, claims.act);
  if (!standing) return undefined;
  switch (rightsHold(claims.rights, rightsOf(standing))) {
    case 'holds': return isActive(standing) ? standing : undefined;
    case 'older': return undefined;
    case 'newer': return how.fresh ? undefined : rightfulStanding(claims, facts, { fresh: true });
  }
}
