import { AccessLevel, AccessTokenClaims } from '@strowger/oauth-core/facts';
import { OAuthError } from '@strowger/oauth-core/oauth-error';

export const isAdministrator = (caller: Pick<AccessTokenClaims, 'role'>): boolean => caller.role === 'administrator';

/** @throws OAuthError access_denied - the password grant and access level `all` are an administrator's to set (seed 001) */
export function assertMaySet(wanted: { readonly access_level?: AccessLevel; readonly password_grant?: boolean }, caller: AccessTokenClaims): void {
  if (isAdministrator(caller)) return;
  if (wanted.access_level === 'all') throw new OAuthError('access_denied', 'access_level all is set by an administrator; register with call_api and ask at /api/applications/{client_id}/access-level-request');
  if (wanted.password_grant === true) throw new OAuthError('access_denied', 'password_grant is set by an administrator');
}
